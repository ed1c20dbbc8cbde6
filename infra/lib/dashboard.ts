import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { NAMESPACE } from './alarms';
import { pipeline } from './pipeline';
import { Settings } from './settings';

interface Shown {
  readonly settings: Settings;
  readonly way: ReturnType<typeof pipeline>;
  readonly alarms: readonly cloudwatch.IAlarm[];
}

/** One page: what rings, the way of a message from door to store, and the log. */
export function dashboard(scope: Construct, { settings, way, alarms }: Shown): cloudwatch.Dashboard {
  const counted = (metricName: string, program: string, statistic = 'Sum') =>
    new cloudwatch.Metric({
      namespace: NAMESPACE,
      metricName,
      dimensionsMap: { Organisation: settings.organisation, Function: program },
      statistic,
      label: `${metricName} (${program})`,
      period: Duration.minutes(1),
    });
  const graph = (title: string, left: cloudwatch.IMetric[], right: cloudwatch.IMetric[] = []) =>
    new cloudwatch.GraphWidget({ title, left, right, width: 12, height: 6 });
  const queues = Object.entries(way.queues.queues);
  const functions = Object.entries(way.functions.functions);
  const stage = way.api.api.deploymentStage;
  return new cloudwatch.Dashboard(scope, 'Dashboard', {
    dashboardName: settings.prefix,
    defaultInterval: Duration.hours(3),
    widgets: [
      [new cloudwatch.AlarmStatusWidget({ title: 'Alarms', alarms: [...alarms], width: 24, height: 6 })],
      [
        graph('Messages at the doors', [
          counted('Accepted', 'ingest'),
          counted('Refused', 'ingest'),
          counted('Accepted', 'listener'),
          counted('Refused', 'listener'),
        ]),
        graph(
          'The API',
          [stage.metricCount({ statistic: 'Sum' }), stage.metricClientError({ statistic: 'Sum' }), stage.metricServerError({ statistic: 'Sum' })],
          [stage.metricLatency({ statistic: 'p95' })],
        ),
      ],
      [
        graph(
          'Waiting in the queues',
          queues.map(([name, { queue }]) => queue.metricApproximateNumberOfMessagesVisible({ label: name })),
          queues.map(([name, { queue }]) => queue.metricApproximateAgeOfOldestMessage({ label: `${name}: seconds` })),
        ),
        graph(
          'Dead letters',
          queues.map(([name, { deadLetters }]) => deadLetters.metricApproximateNumberOfMessagesVisible({ label: name })),
        ),
      ],
      [
        graph(
          'Done by the functions',
          functions.map(([name]) => counted('Processed', name)),
          functions.flatMap(([name]) => [counted('Parked', name), counted('Retried', name)]),
        ),
        graph(
          'Functions: errors and time',
          functions.flatMap(([name, of]) => [of.metricErrors({ label: `${name}: errors` }), of.metricThrottles({ label: `${name}: held back` })]),
          functions.map(([name, of]) => of.metricDuration({ statistic: 'p95', label: `${name}: ms` })),
        ),
      ],
      [
        graph('The log', [counted('Unsealed', 'audit-writer', 'Maximum')], [counted('CheckpointAge', 'audit-writer', 'Maximum')]),
        graph('Listeners that accept', way.listener.targetGroups.map((group) => group.metrics.healthyHostCount())),
      ],
      [
        graph('Access', [
          counted('EmergencyAccess', 'audit-writer'),
          counted('Denied', 'audit-writer'),
          counted('FailedLogins', 'audit-writer'),
        ]),
        graph('Notices', [counted('Processed', 'notifier'), counted('MailBounced', 'notifier'), counted('MailComplained', 'notifier')]),
      ],
    ],
  });
}
