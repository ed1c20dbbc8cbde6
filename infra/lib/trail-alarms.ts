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

/** What reads raw messages as its work. */
const RAW_READERS = ['ingest', 'converter', 'enricher', 'notifier', 'audit-writer', 'listener'];

/** What reads images as its work: GuardDuty, for malware. */
const IMAGE_READERS = ['malware-scan'];

/** The service-linked role by which Macie samples objects; that its reads bear this name was not tried. */
const MACIE = 'AWSServiceRoleForAmazonMacie';

/** Buckets with data of patients, the log or keys. */
const GUARDED = ['imaging', 'raw', 'log', 'settings'];

/** What gives the content of an object to its caller. */
const READS = ['GetObject', 'GetObjectTorrent', 'SelectObjectContent'];

/** What the trail is searched for. Each becomes a metric that counts, and an alarm above zero. */
export function trailAlarms(settings: Settings): TrailAlarm[] {
  const breakGlass = settings.breakGlassRole;
  const none = (field: string, values: string[]) => values.map((value) => `($.${field} != "${value}")`).join(' && ');
  const any = (field: string, values: string[]) => `(${values.map((value) => `($.${field} = "${value}")`).join(' || ')})`;
  // Without a session of a role (IAM users, root) the name does not exist, and a comparison with it is never true:
  // those are told of by an alarm of their own.
  const readPast = (bucket: string, readers: string[]) =>
    `{ ($.eventSource = "s3.amazonaws.com") && ${any('eventName', READS)} && ($.requestParameters.bucketName = "${settings.bucketName(bucket)}") && ` +
    `($.userIdentity.invokedBy NOT EXISTS) && ${none('userIdentity.sessionContext.sessionIssuer.userName', readers)} }`;
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
      name: 'key-guard-changed',
      says: 'Somebody changed who may use a key: its policy, its region, its rotation, or a grant that no service asked for',
      to: ['security', 'privacy'],
      // Services ask for grants on behalf of their callers; a person or a program of its own has no reason to.
      pattern:
        `{ ($.eventSource = "kms.amazonaws.com") && (${any('eventName', ['PutKeyPolicy', 'UpdatePrimaryRegion', 'ReplicateKey', 'DisableKeyRotation'])} || ` +
        '(($.eventName = "CreateGrant") && ($.userIdentity.invokedBy NOT EXISTS))) }',
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
        ...['PutBucketVersioning', 'PutBucketObjectLockConfiguration', 'PutBucketLifecycle', 'DeleteBucketLifecycle'],
        ...['PutBucketReplication', 'DeleteBucketReplication', 'PutBucketEncryption', 'DeleteBucketEncryption'],
        ...['PutBucketLogging', 'PutBucketOwnershipControls', 'DeleteBucketOwnershipControls', 'PutBucketAcl', 'DeleteBucket'],
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
      pattern: readPast('raw', [...RAW_READERS.map((name) => settings.roleName(name)), MACIE]),
    },
    {
      name: 'image-read-by-hand',
      says: 'Somebody read an image past the application (NEN 7513: direct access)',
      to: ['privacy'],
      pattern: readPast('imaging', [...IMAGE_READERS.map((name) => settings.roleName(name)), MACIE]),
    },
    {
      name: 'object-read-without-a-role',
      says: 'An IAM user or root read an object of patients, of the log or of settings: there should be no such user',
      to: ['security', 'privacy'],
      pattern:
        `{ ($.eventSource = "s3.amazonaws.com") && ${any('eventName', READS)} && ${any('requestParameters.bucketName', GUARDED.map((kind) => settings.bucketName(kind)))} && ` +
        '($.userIdentity.invokedBy NOT EXISTS) && ($.userIdentity.sessionContext.sessionIssuer.userName NOT EXISTS) }',
    },
    {
      name: 'objects-copied-out',
      says: 'Somebody copied an object of patients, of the log or of settings to another place; no program of ours does',
      to: ['security', 'privacy'],
      // A copy names where it goes as its bucket, and in a header whence: "bucket/key", or "/bucket/key".
      pattern:
        `{ ($.eventSource = "s3.amazonaws.com") && ${any('eventName', ['CopyObject', 'UploadPartCopy'])} && ` +
        `${any('requestParameters.x-amz-copy-source', GUARDED.map((kind) => `*${settings.bucketName(kind)}/*`))} }`,
    },
    {
      name: 'denied-calls',
      says: 'A function or a person was refused by AWS: a role that lacks something, or somebody who tries',
      to: ['security'],
      pattern: '{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") }',
    },
  ];
}
