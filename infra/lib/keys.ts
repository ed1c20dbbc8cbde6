import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as kms from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { DELETION_DAYS, forService, GuardedKey, keyPolicy, KeyUse } from './key-policy';
import { Common, ZorgsluisStack } from './stack';

/**
 * One key for each class of data, and the key that signs the log.
 *
 * Those that wrap other keys (phi, audit, pseudonyms) are multi-Region: their copies in the other region
 * unwrap there what was wrapped here. Without them a lost region would take every data key with it.
 */
export class KeysStack extends ZorgsluisStack {
  readonly phi: kms.Key;
  readonly audit: kms.Key;
  readonly queues: kms.Key;
  readonly logs: kms.Key;
  readonly pseudonyms: kms.Key;
  /** All that ever signed the log, and the one that is to take over. */
  readonly logSigningKeys: kms.Key[];
  /** The one that signs. */
  readonly logSigning: kms.Key;
  /** The one that takes over, once its hand-over stands in the log. */
  readonly nextLogSigning?: kms.Key;

  constructor(scope: Construct, id: string, props: Common) {
    super(scope, id, props, 'keys, one for each class of data');
    const { settings } = props;
    const place = { account: this.account, region: this.region, deploymentRole: settings.deploymentRole };
    const copiedBy = settings.deploymentRole.replace(settings.region, settings.copyRegion);
    const key = (name: string, description: string, use: KeyUse, more: kms.KeyProps = {}) =>
      new GuardedKey(this, name, {
        alias: `alias/${settings.prefix}-${name}`,
        description: `${settings.prefix}: ${description}`,
        policy: keyPolicy(settings, more.multiRegion ? { ...place, copiedBy } : place, use),
        pendingWindow: Duration.days(DELETION_DAYS),
        // Also when its first creation is rolled back: only the administrator may end it, and only its alias has a fixed name.
        removalPolicy: RemovalPolicy.RETAIN,
        ...more,
      });
    const rotated = { enableKeyRotation: true, rotationPeriod: Duration.days(365) };
    const wraps = { ...rotated, multiRegion: true };
    const arn = (service: string, rest: string) => `arn:aws:${service}:${this.region}:${this.account}:${rest}`;

    this.phi = key('phi', 'data of patients at rest, and their data keys', { ...uses.phi, searched: true }, wraps);
    this.audit = key('audit', 'the log and its index, and the data keys of its entries', { ...uses.audit, searched: true }, wraps);
    this.pseudonyms = key('pseudonyms', 'wraps the pseudonym keys and the key that signs mail', uses.pseudonyms, wraps);
    this.queues = key(
      'queues',
      'queues',
      {
        services: ['sqs'],
        more: [
          forService('EventsToQueues', 'events.amazonaws.com', {
            ArnLike: { 'kms:EncryptionContext:aws:sqs:arn': arn('sqs', `${settings.prefix}-*`) },
          }),
        ],
      },
      rotated,
    );
    const topics = { ArnLike: { 'kms:EncryptionContext:aws:sns:topicArn': arn('sns', `${settings.prefix}-*`) } };
    this.logs = key(
      'logs',
      'logs of the system, its trail, and the topics of its alarms',
      {
        services: ['ecr', 'firehose', 'kinesis', 's3', 'secretsmanager', 'sns', 'sqs'],
        more: [
          forService('LogGroups', `logs.${this.region}.amazonaws.com`, {
            ArnLike: { 'kms:EncryptionContext:aws:logs:arn': arn('logs', 'log-group:*') },
          }),
          forService('Trail', 'cloudtrail.amazonaws.com', {
            ArnLike: { 'aws:SourceArn': arn('cloudtrail', `trail/${settings.prefix}-*`) },
          }),
          forService('Alarms', 'cloudwatch.amazonaws.com', topics),
          forService('Events', 'events.amazonaws.com', topics),
        ],
      },
      rotated,
    );
    // KMS rotates no asymmetric key: a new one takes over by a checkpoint that both sign (docs/operations/key-rotation.md).
    // By hand the break-glass role signs: for such a hand-over, and to seal a log.
    const signers = [settings.roleArn('audit-writer'), settings.breakGlassRole];
    this.logSigningKeys = Array.from({ length: settings.logSigningKeys }, (_, index) =>
      key(
        index === 0 ? 'log-signing' : `log-signing-${index + 1}`,
        'signs the checkpoints of the log',
        { signers, log: true },
        { keySpec: kms.KeySpec.ECC_NIST_EDWARDS25519, keyUsage: kms.KeyUsage.SIGN_VERIFY },
      ),
    );
    const [present, next] = this.logSigningKeys.slice(settings.logSigningKey - 1);
    if (!present) throw new Error('there is no key that signs the log');
    this.logSigning = present;
    if (next) this.nextLogSigning = next;
  }
}

/** What the keys that have copies in the other region are used for, here and there. */
export const uses: Record<'phi' | 'audit' | 'pseudonyms', KeyUse> = {
  phi: {
    services: ['backup', 'dynamodb', 'healthlake', 'kinesis', 'rds', 's3', 'secretsmanager'],
    dataKeys: true,
    replicates: true,
  },
  audit: { services: ['dynamodb', 's3'], dataKeys: true, log: true },
  pseudonyms: { secrets: ['pseudonym', 'mail-signing'] },
};
