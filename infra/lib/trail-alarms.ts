import { EU_REGIONS, Settings } from './settings';

/** Whom an alarm is told to. */
export type Audience = 'security' | 'privacy';

/** Something in the trail that somebody should know of at once. */
export interface TrailAlarm {
  readonly name: string;
  readonly says: string;
  readonly to: readonly Audience[];
  /** In the language of CloudWatch's metric filters. */
  readonly pattern: string;
}

/** Programs that read raw messages as their work. */
const READERS = ['ingest', 'converter', 'enricher', 'notifier', 'audit-writer', 'listener'];

/** What the trail is searched for. Each becomes a metric that counts, and an alarm above zero. */
export function trailAlarms(settings: Settings): TrailAlarm[] {
  const breakGlass = settings.breakGlassRole;
  const none = (field: string, values: string[]) => values.map((value) => `($.${field} != "${value}")`).join(' && ');
  const any = (field: string, values: string[]) => `(${values.map((value) => `($.${field} = "${value}")`).join(' || ')})`;
  return [
    {
      name: 'root-use',
      says: 'The root user did something',
      to: ['security'],
      pattern: '{ ($.userIdentity.type = "Root") && ($.userIdentity.invokedBy NOT EXISTS) && ($.eventType != "AwsServiceEvent") }',
    },
    {
      name: 'failed-console-log-in',
      says: 'Somebody could not log in to the console of AWS',
      to: ['security'],
      pattern: '{ ($.eventName = "ConsoleLogin") && ($.errorMessage = "Failed authentication") }',
    },
    {
      name: 'console-log-in-without-mfa',
      says: 'Somebody logged in to the console of AWS with a password alone',
      to: ['security'],
      pattern:
        '{ ($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed != "Yes") && ($.userIdentity.type = "IAMUser") && ($.responseElements.ConsoleLogin = "Success") }',
    },
    {
      name: 'break-glass-role',
      says: 'The role that may change what keeps the log safe was taken on',
      to: ['security', 'privacy'],
      pattern: `{ ($.eventName = "AssumeRole*") && ($.requestParameters.roleArn = "${breakGlass}") }`,
    },
    {
      name: 'key-ends',
      says: 'A key is to be deleted, or was switched off: what it encrypts cannot be read any more',
      to: ['security', 'privacy'],
      pattern: `{ ($.eventSource = "kms.amazonaws.com") && ${any('eventName', ['ScheduleKeyDeletion', 'DisableKey', 'DeleteImportedKeyMaterial'])} }`,
    },
    {
      name: 'trail-changed',
      says: 'Somebody changed what is written of what people do',
      to: ['security'],
      pattern: `{ ${any('eventName', [
        ...['StopLogging', 'DeleteTrail', 'UpdateTrail', 'PutEventSelectors'],
        ...['StopConfigurationRecorder', 'DeleteConfigurationRecorder', 'DeleteDetector', 'DisableSecurityHub', 'DisableMacie'],
      ])} }`,
    },
    {
      name: 'bucket-guard-changed',
      says: 'Somebody changed what keeps a bucket safe (a deployment may, too)',
      to: ['security', 'privacy'],
      pattern: `{ ($.eventSource = "s3.amazonaws.com") && ($.requestParameters.bucketName = "${settings.prefix}-*") && ${any('eventName', [
        ...['PutBucketPolicy', 'DeleteBucketPolicy', 'PutBucketPublicAccessBlock', 'DeleteBucketPublicAccessBlock'],
        ...['PutBucketVersioning', 'PutBucketObjectLockConfiguration', 'PutBucketLifecycle', 'PutBucketReplication'],
      ])} }`,
    },
    {
      name: 'outside-the-eu',
      says: 'Something was made or changed in a region outside the EU',
      to: ['security', 'privacy'],
      // us-east-1 answers for the services of the whole world, such as IAM and CloudFront.
      pattern: `{ ($.readOnly IS FALSE) && ($.errorCode NOT EXISTS) && ${none('awsRegion', [...EU_REGIONS, 'us-east-1'])} }`,
    },
    {
      name: 'tables-read-by-hand',
      says: 'Somebody read through a table past the application (NEN 7513: direct access)',
      to: ['privacy'],
      pattern: `{ ($.eventSource = "dynamodb.amazonaws.com") && ${any('eventName', ['Scan', 'ExecuteStatement', 'BatchExecuteStatement', 'ExecuteTransaction'])} }`,
    },
    {
      name: 'raw-message-read-by-hand',
      says: 'Somebody read a raw message past the application (NEN 7513: direct access)',
      to: ['privacy'],
      pattern:
        `{ ($.eventSource = "s3.amazonaws.com") && ($.eventName = "GetObject") && ($.requestParameters.bucketName = "${settings.bucketName('raw')}") && ` +
        `($.userIdentity.invokedBy NOT EXISTS) && ${none('userIdentity.sessionContext.sessionIssuer.userName', READERS.map((name) => settings.roleName(name)))} }`,
    },
    {
      name: 'denied-calls',
      says: 'A function or a person was refused by AWS: a role that lacks something, or somebody who tries',
      to: ['security'],
      pattern: '{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") }',
    },
  ];
}
