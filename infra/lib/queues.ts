import { Duration } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { KeysStack } from './keys';
import { Needs } from './needs';
import { Common, ZorgsluisStack } from './stack';

/** The queues, by the names that code and infrastructure share; true: order matters within a group (FIFO). */
export const QUEUES = {
  inbound: true,
  notes: true,
  notices: true,
  audit: false,
  'mail-events': false,
} as const;

export type QueueName = keyof typeof QUEUES;

/** A queue, and where goes what nobody could handle. */
export interface QueuePair {
  readonly queue: sqs.Queue;
  readonly deadLetters: sqs.Queue;
}

export interface QueuesProps extends Common {
  readonly keys: KeysStack;
  readonly needs: Needs;
}

/**
 * How often a message is tried. Poison is parked by the functions themselves and never gets this far: what
 * comes here is trouble that lasts (a store out of reach). A message that leaves a FIFO queue is overtaken by the
 * next ones of its patient, so there are many tries: functions have them brought again after half a second, then
 * later each time, up to four minutes; a hundred take over six hours. Without an order ten are enough, each a
 * visibility apart.
 */
const TRIES = { ordered: 100, unordered: 10 };

/** Between the functions: references only, no PHI; encrypted all the same. */
export class QueuesStack extends ZorgsluisStack {
  readonly queues: Record<QueueName, QueuePair>;

  constructor(scope: Construct, id: string, props: QueuesProps) {
    super(scope, id, props, 'queues between the functions');
    const pairs = Object.entries(QUEUES).map(([name, fifo]) => [name, this.pair(name, fifo, props)]);
    this.queues = Object.fromEntries(pairs) as Record<QueueName, QueuePair>;
  }

  private pair(name: string, fifo: boolean, { settings, keys, needs }: QueuesProps): QueuePair {
    const ending = fifo ? '.fifo' : '';
    const queueName = `${settings.prefix}-${name}${ending}`;
    const common: sqs.QueueProps = {
      encryption: sqs.QueueEncryption.KMS,
      encryptionMasterKey: keys.queues,
      // One call to KMS in five minutes, not one a message.
      dataKeyReuse: Duration.minutes(5),
      enforceSSL: true,
      // The longest that SQS keeps anything. A sweep finds what even that has lost.
      retentionPeriod: Duration.days(14),
      ...(fifo && {
        fifo: true,
        // Senders give the id: a message that is replayed must not be taken for the one before.
        contentBasedDeduplication: false,
        deduplicationScope: sqs.DeduplicationScope.MESSAGE_GROUP,
        fifoThroughputLimit: sqs.FifoThroughputLimit.PER_MESSAGE_GROUP_ID,
      }),
    };
    const deadLetters = new sqs.Queue(this, `${name}-dead-letters`, {
      ...common,
      queueName: `${settings.prefix}-${name}-dead-letters${ending}`,
    });
    // By name: the two queues would have to be made before each other.
    (deadLetters.node.defaultChild as sqs.CfnQueue).redriveAllowPolicy = {
      redrivePermission: 'byQueue',
      sourceQueueArns: [this.formatArn({ service: 'sqs', resource: queueName })],
    };
    const queue = new sqs.Queue(this, name, {
      ...common,
      queueName,
      visibilityTimeout: Duration.seconds(visibility(name, needs)),
      receiveMessageWaitTime: Duration.seconds(20),
      deadLetterQueue: { queue: deadLetters, maxReceiveCount: fifo ? TRIES.ordered : TRIES.unordered },
    });
    for (const one of [queue, deadLetters]) this.ownAccountOnly(one);
    return { queue, deadLetters };
  }

  /** Nobody of another account, whatever a later policy may allow. */
  private ownAccountOnly(queue: sqs.Queue): void {
    queue.addToResourcePolicy(
      new iam.PolicyStatement({
        sid: 'OwnAccountOnly',
        effect: iam.Effect.DENY,
        principals: [new iam.AnyPrincipal()],
        actions: ['sqs:SendMessage', 'sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:PurgeQueue'],
        resources: [queue.queueArn],
        conditions: {
          StringNotEqualsIfExists: { 'aws:PrincipalAccount': this.account },
          BoolIfExists: { 'aws:PrincipalIsAWSService': 'false' },
        },
      }),
    );
  }
}

/**
 * How long a message stays with the function that took it: six times its time-out, which AWS advises, and the
 * time that a batch was waited for.
 */
function visibility(queue: string, needs: Needs): number {
  const times = needs.functions.flatMap((one) =>
    one.sources
      .filter((source) => source.queue === queue)
      .map((source) => 6 * (one.timeout ?? 0) + (source.window ?? 0)),
  );
  if (times.length === 0) throw new Error(`no function in crates/aws/functions reads the queue ${queue}`);
  return Math.max(...times);
}
