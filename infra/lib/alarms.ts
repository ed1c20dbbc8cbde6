import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as actions from 'aws-cdk-lib/aws-cloudwatch-actions';
import * as events from 'aws-cdk-lib/aws-events';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as sns from 'aws-cdk-lib/aws-sns';
import * as subscriptions from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';
import { dashboard } from './dashboard';
import { KeysStack } from './keys';
import { pipeline } from './pipeline';
import { QueueName } from './queues';
import { Common, ZorgsluisStack } from './stack';
import { Audience, trailAlarms } from './trail-alarms';
import { TrailStack } from './trail';

export interface AlarmsProps extends Common {
  readonly keys: KeysStack;
  readonly way: ReturnType<typeof pipeline>;
  readonly trail: TrailStack;
}

/** Where programs write their own metrics, with the dimensions Organisation and Function. */
export const NAMESPACE = 'Zorgsluis';

/** How old the oldest message of a queue may be before somebody looks. */
export const OLDEST: Record<QueueName, Duration> = {
  inbound: Duration.minutes(5),
  notes: Duration.minutes(15),
  notices: Duration.minutes(15),
  // Until they are written, nothing that they tell of is in the log.
  audit: Duration.minutes(5),
  'mail-events': Duration.hours(1),
};

interface Alarm {
  readonly name: string;
  readonly says: string;
  readonly to: readonly Audience[];
  readonly metric: cloudwatch.IMetric;
  /** It rings above this. Default: zero. */
  readonly above?: number;
  /** It rings below this instead. */
  readonly below?: number;
  /** Of how many periods, how many must be bad. Default: one of one. */
  readonly periods?: readonly [bad: number, of: number];
  /** That nothing is measured is bad itself. */
  readonly silenceIsBad?: boolean;
}

/** What somebody must know of, and who: two topics, and a page to look at. */
export class AlarmsStack extends ZorgsluisStack {
  readonly topics: Record<Audience, sns.Topic>;
  private readonly made: cloudwatch.Alarm[] = [];

  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id, props, 'alarms');
    const { settings, keys } = props;
    const topic = (audience: Audience) => this.topic(audience, settings.prefix, settings.alarms[audience], keys);
    this.topics = { security: topic('security'), privacy: topic('privacy') };
    for (const alarm of [
      ...this.ofQueues(props),
      ...this.ofFunctions(props),
      ...this.ofApi(props),
      ...this.ofListener(props),
      ...this.ofPrograms(props),
      ...this.ofTrail(props),
    ]) {
      this.add(alarm, settings.prefix);
    }
    this.ofFindings(settings.prefix);
    dashboard(this, { ...props, alarms: this.made });
  }

  private topic(audience: Audience, prefix: string, address: string, keys: KeysStack): sns.Topic {
    const topic = new sns.Topic(this, audience, {
      topicName: `${prefix}-${audience}`,
      displayName: `Zorgsluis ${audience}`,
      masterKey: keys.logs,
      enforceSSL: true,
    });
    for (const service of ['cloudwatch', 'events']) {
      topic.addToResourcePolicy(
        new iam.PolicyStatement({
          sid: `From-${service}`.replace('-', ''),
          principals: [new iam.ServicePrincipal(`${service}.amazonaws.com`)],
          actions: ['sns:Publish'],
          resources: [topic.topicArn],
          conditions: { StringEquals: { 'aws:SourceAccount': this.account } },
        }),
      );
    }
    topic.addSubscription(new subscriptions.EmailSubscription(address));
    return topic;
  }

  private add(alarm: Alarm, prefix: string): void {
    const [bad, of] = alarm.periods ?? [1, 1];
    const made = new cloudwatch.Alarm(this, alarm.name, {
      alarmName: `${prefix}-${alarm.name}`,
      alarmDescription: alarm.says,
      metric: alarm.metric,
      threshold: alarm.below ?? alarm.above ?? 0,
      comparisonOperator:
        alarm.below === undefined
          ? cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD
          : cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
      evaluationPeriods: of,
      datapointsToAlarm: bad,
      treatMissingData: alarm.silenceIsBad ? cloudwatch.TreatMissingData.BREACHING : cloudwatch.TreatMissingData.NOT_BREACHING,
    });
    for (const audience of alarm.to) made.addAlarmAction(new actions.SnsAction(this.topics[audience]));
    this.made.push(made);
  }

  private ofQueues({ way }: AlarmsProps): Alarm[] {
    return Object.entries(way.queues.queues).flatMap(([name, { queue, deadLetters }]): Alarm[] => [
      {
        name: `dead-letters-${name}`,
        says: `Messages of the queue ${name} that nobody could handle; docs/operations says how they are sent again`,
        to: ['security'],
        metric: deadLetters.metricApproximateNumberOfMessagesVisible({ statistic: 'Maximum', period: Duration.minutes(1) }),
      },
      {
        name: `oldest-${name}`,
        says: `A message of the queue ${name} has waited too long`,
        to: ['security'],
        metric: queue.metricApproximateAgeOfOldestMessage({ statistic: 'Maximum', period: Duration.minutes(1) }),
        above: OLDEST[name as QueueName].toSeconds(),
        periods: [3, 3],
      },
    ]);
  }

  private ofFunctions({ way }: AlarmsProps): Alarm[] {
    return Object.entries(way.functions.functions).flatMap(([name, of]): Alarm[] => [
      {
        name: `errors-${name}`,
        says: `Calls of the function ${name} failed as a whole`,
        to: ['security'],
        metric: of.metricErrors({ statistic: 'Sum', period: Duration.minutes(5) }),
      },
      {
        name: `throttles-${name}`,
        says: `Calls of the function ${name} were held back by AWS`,
        to: ['security'],
        metric: of.metricThrottles({ statistic: 'Sum', period: Duration.minutes(5) }),
      },
    ]);
  }

  private ofApi({ way: { api } }: AlarmsProps): Alarm[] {
    const stage = api.api.deploymentStage;
    return [
      {
        name: 'api-5xx',
        says: 'The API failed: senders keep their messages and try again',
        to: ['security'],
        metric: stage.metricServerError({ statistic: 'Sum', period: Duration.minutes(5) }),
      },
      {
        name: 'api-4xx',
        says: 'Many calls of the API were refused: a sender that is set up wrongly, or somebody who tries',
        to: ['security'],
        metric: stage.metricClientError({ statistic: 'Sum', period: Duration.minutes(5) }),
        above: 50,
      },
    ];
  }

  private ofListener({ way: { listener } }: AlarmsProps): Alarm[] {
    return listener.targetGroups.map((group) => ({
      name: `listener-${group.node.id.toLowerCase()}`,
      says: 'Fewer than two listeners take connections: they do not start, or a zone is lost',
      to: ['security'] as const,
      metric: group.metrics.healthyHostCount({ statistic: 'Minimum', period: Duration.minutes(1) }),
      below: 2,
      periods: [3, 3] as const,
      silenceIsBad: true,
    }));
  }

  /** What programs count themselves. */
  private ofPrograms({ settings }: AlarmsProps): Alarm[] {
    const metric = (metricName: string, program: string, statistic: string, minutes: number) =>
      new cloudwatch.Metric({
        namespace: NAMESPACE,
        metricName,
        dimensionsMap: { Organisation: settings.organisation, Function: program },
        statistic,
        period: Duration.minutes(minutes),
      });
    return [
      {
        name: 'checkpoint-age',
        says: 'The log has had no new checkpoint, or nobody says so: what was written since is not sealed',
        to: ['security', 'privacy'],
        metric: metric('CheckpointAge', 'audit-writer', 'Maximum', 5),
        above: 300,
        periods: [2, 2],
        silenceIsBad: true,
      },
      {
        name: 'unsealed',
        says: 'Entries of the log stand behind the last checkpoint for too long',
        to: ['security', 'privacy'],
        metric: metric('Unsealed', 'audit-writer', 'Minimum', 5),
        periods: [3, 3],
        silenceIsBad: true,
      },
      ...(settings.witnesses.length > 0
        ? [
            {
              name: 'witness-missed',
              says: 'A witness has not cosigned the log for half an hour, or nobody says so: it is down, or cannot be reached',
              to: ['security'] as const,
              metric: metric('WitnessMissed', 'audit-writer', 'Minimum', 5),
              periods: [6, 6] as const,
              silenceIsBad: true,
            },
            {
              name: 'witness-refused',
              says: 'A witness refuses the log: it was taken back, shows two histories, or the witness does not know its key',
              to: ['security', 'privacy'] as const,
              metric: metric('WitnessRefused', 'audit-writer', 'Maximum', 5),
            },
          ]
        : []),
      {
        name: 'emergency-access',
        says: 'Somebody looked at a dossier by the emergency procedure: to be reviewed by another',
        to: ['privacy'],
        metric: metric('EmergencyAccess', 'audit-writer', 'Sum', 1),
      },
      {
        name: 'denied-access',
        says: 'Many accesses to dossiers were denied',
        to: ['privacy'],
        metric: metric('Denied', 'audit-writer', 'Sum', 5),
        above: 20,
      },
      {
        name: 'failed-log-ins',
        says: 'Many log-ins failed',
        to: ['security'],
        metric: metric('FailedLogins', 'audit-writer', 'Sum', 5),
        above: 10,
      },
      {
        name: 'mail-bounced',
        says: 'A notice came back: the address in the directory is wrong, or the receiver takes no TLS',
        to: ['privacy'],
        metric: metric('MailBounced', 'notifier', 'Sum', 5),
      },
      {
        name: 'mail-complained',
        says: 'A receiver complained of a notice',
        to: ['privacy'],
        metric: metric('MailComplained', 'notifier', 'Sum', 5),
      },
      ...['converter', 'enricher', 'notifier', 'audit-writer'].map((program) => ({
        name: `parked-${program}`,
        says: `The function ${program} set messages aside that can never succeed: an operator looks at their reasons`,
        to: ['security'] as const,
        metric: metric('Parked', program, 'Sum', 5),
      })),
    ];
  }

  private ofTrail({ settings, trail }: AlarmsProps): Alarm[] {
    return trailAlarms(settings).map(({ name, says, to, pattern }) => {
      const metricName = name;
      const metricNamespace = `${NAMESPACE}/Trail`;
      new logs.MetricFilter(this, `Seen-${name}`, {
        filterName: `${settings.prefix}-${name}`,
        logGroup: trail.logGroup,
        filterPattern: logs.FilterPattern.literal(pattern),
        metricNamespace,
        metricName,
        metricValue: '1',
        defaultValue: 0,
      });
      return {
        name,
        says,
        to,
        metric: new cloudwatch.Metric({ namespace: metricNamespace, metricName, statistic: 'Sum', period: Duration.minutes(5) }),
        ...(name === 'denied-calls' && { above: 10 }),
        ...(name === 'failed-console-log-in' && { above: 2 }),
      };
    });
  }

  /** Findings of the detectors, and keys that end, as they happen. */
  private ofFindings(prefix: string): void {
    const rule = (id: string, description: string, eventPattern: events.EventPattern, to: readonly Audience[]) => {
      const topics = to.map((audience) => this.topics[audience]);
      new events.CfnRule(this, id, {
        name: `${prefix}-${id.toLowerCase()}`,
        description,
        eventPattern: toPattern(eventPattern),
        targets: topics.map((topic, index) => ({ id: to[index] ?? 'topic', arn: topic.topicArn })),
      });
    };
    rule('GuardDutyFindings', 'Medium and above', { source: ['aws.guardduty'], detail: { severity: [{ numeric: ['>=', 4] }] } }, ['security']);
    rule(
      'SecurityHubFindings',
      'New, high and critical',
      {
        source: ['aws.securityhub'],
        detailType: ['Security Hub Findings - Imported'],
        detail: { findings: { Severity: { Label: ['HIGH', 'CRITICAL'] }, Workflow: { Status: ['NEW'] }, RecordState: ['ACTIVE'] } },
      },
      ['security'],
    );
    rule('MacieFindings', 'Data where none should be', { source: ['aws.macie'] }, ['security', 'privacy']);
    rule(
      'InspectorFindings',
      'Weaknesses, high and critical',
      { source: ['aws.inspector2'], detail: { severity: ['HIGH', 'CRITICAL'], status: ['ACTIVE'] } },
      ['security'],
    );
    rule(
      'KeysEnding',
      'A key is to be deleted, or is switched off',
      {
        source: ['aws.kms'],
        detailType: ['AWS API Call via CloudTrail'],
        detail: { eventName: ['ScheduleKeyDeletion', 'DisableKey', 'DeleteImportedKeyMaterial'] },
      },
      ['security', 'privacy'],
    );
    rule(
      'MalwareInImages',
      'GuardDuty found malware in an image',
      {
        source: ['aws.guardduty'],
        detailType: ['GuardDuty Malware Protection Object Scan Result'],
        detail: { scanResultDetails: { scanResultStatus: ['THREATS_FOUND', 'FAILED', 'ACCESS_DENIED'] } },
      },
      ['security'],
    );
  }
}

/** A pattern as CloudFormation writes it. */
function toPattern({ detailType, ...rest }: events.EventPattern) {
  return { ...rest, ...(detailType && { 'detail-type': detailType }) };
}
