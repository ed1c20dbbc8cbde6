import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as actions from 'aws-cdk-lib/aws-cloudwatch-actions';
import * as events from 'aws-cdk-lib/aws-events';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import * as sns from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { Settings } from './settings';

/** The topic of the stack alarms, by its name: copies and backups are deployed before it. */
const security = (scope: Construct, { prefix, region, mainAccount }: Settings): sns.ITopic =>
  sns.Topic.fromTopicArn(scope, 'Security', `arn:aws:sns:${region}:${mainAccount}:${prefix}-security`);

/** What replication is told apart by. */
export interface CopyRule {
  readonly kind: string;
  readonly from: string;
  readonly to: string;
  readonly rules: string[];
}

/** Rings when an object is not copied, or is not after 15 minutes: a copy that stands still is none. */
export function replicationAlarms(scope: Construct, settings: Settings, copies: CopyRule[]): void {
  const topic = security(scope, settings);
  for (const { kind, from, to, rules } of copies) {
    for (const [nth, rule] of rules.entries()) {
      const metric = (metricName: string, statistic: string) =>
        new cloudwatch.Metric({
          namespace: 'AWS/S3',
          metricName,
          statistic,
          period: Duration.minutes(5),
          dimensionsMap: { SourceBucket: from, DestinationBucket: to, RuleId: rule },
        });
      const ring = (name: string, says: string, threshold: number, of: cloudwatch.Metric) =>
        new cloudwatch.Alarm(scope, `${name}-${kind}-${nth}`, {
          alarmName: `${settings.prefix}-${name}-${kind}-${nth}`,
          alarmDescription: says,
          metric: of,
          threshold,
          comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
          evaluationPeriods: 1,
          // Nothing is measured while nothing is written.
          treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
        }).addAlarmAction(new actions.SnsAction(topic));
      ring('copy-failed', `An object of ${kind} was not copied to ${to}`, 0, metric('OperationsFailedReplication', 'Sum'));
      ring('copy-late', `Copies of ${kind} to ${to} are more than 15 minutes behind`, 900, metric('ReplicationLatency', 'Maximum'));
    }
  }
}

/** Tells of every backup and every copy of one that did not end well. */
export function backupAlarms(scope: Construct, settings: Settings): void {
  const topic = security(scope, settings);
  for (const [name, detailType] of [
    ['backup-failed', 'Backup Job State Change'],
    ['backup-copy-failed', 'Copy Job State Change'],
  ] as const) {
    new events.Rule(scope, name, {
      ruleName: `${settings.prefix}-${name}`,
      description: `${detailType} that is no success`,
      eventPattern: {
        source: ['aws.backup'],
        detailType: [detailType],
        detail: { state: ['ABORTED', 'EXPIRED', 'FAILED', 'PARTIAL'] },
      },
      targets: [new targets.SnsTopic(topic)],
    });
  }
}
