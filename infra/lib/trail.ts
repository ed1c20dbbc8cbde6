import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as cloudtrail from 'aws-cdk-lib/aws-cloudtrail';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { both, explain } from './explain';
import { guards } from './guards';
import { KeysStack } from './keys';
import { ABORTED, SAFE } from './log-bucket';
import { Options } from './options';
import { Settings } from './settings';
import { Common, ZorgsluisStack } from './stack';
import { StorageStack } from './storage';

export interface TrailProps extends Common {
  readonly options: Options;
  readonly keys: KeysStack;
  readonly storage: StorageStack;
}

/** Buckets of which every read and write of an object is in the trail. */
export const WATCHED_BUCKETS = ['imaging', 'raw', 'log', 'settings'] as const;

/** What no function does and a person at a console may: reading through a table, or by a query language. */
const BY_HAND = ['BatchExecuteStatement', 'ExecuteStatement', 'ExecuteTransaction', 'Scan'];

/** What sends a mail. */
const SENDING = ['SendBulkEmail', 'SendBulkTemplatedEmail', 'SendEmail', 'SendRawEmail', 'SendTemplatedEmail'];

/** How long nobody may take the trail away. */
const LOCKED = Duration.days(365);

/** Who did what in the account: CloudTrail, in a bucket of its own. */
export class TrailStack extends ZorgsluisStack {
  readonly bucket: s3.Bucket;
  readonly logGroup: logs.LogGroup;
  readonly trailArn: string;

  constructor(scope: Construct, id: string, props: TrailProps) {
    super(scope, id, props, 'who did what in the account');
    const { settings, options, keys } = props;
    const trailName = `${settings.prefix}-trail`;
    this.trailArn = this.formatArn({ service: 'cloudtrail', resource: 'trail', resourceName: trailName });
    this.bucket = this.keep(props);
    this.logGroup = new logs.LogGroup(this, 'Logs', {
      logGroupName: `/zorgsluis/${settings.prefix}/trail`,
      encryptionKey: keys.logs,
      retention: options.logDays,
      removalPolicy: settings.production ? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE : RemovalPolicy.DESTROY,
    });
    const role = this.writer(settings);
    const trail = new cloudtrail.CfnTrail(this, 'Trail', {
      trailName,
      isLogging: true,
      // Also what happens where nothing of ours runs: there, anything is news.
      isMultiRegionTrail: true,
      includeGlobalServiceEvents: true,
      enableLogFileValidation: true,
      kmsKeyId: keys.logs.keyArn,
      s3BucketName: this.bucket.bucketName,
      cloudWatchLogsLogGroupArn: `${this.logGroup.logGroupArn}`,
      cloudWatchLogsRoleArn: role.roleArn,
      advancedEventSelectors: selectors(settings, this.region, this.account),
      insightSelectors: [{ insightType: 'ApiCallRateInsight' }, { insightType: 'ApiErrorRateInsight' }],
    });
    trail.node.addDependency(this.bucket.policy!, role, role.node.scope!.node.findChild('WriterPolicy'));
  }

  private keep({ settings, keys, storage }: TrailProps): s3.Bucket {
    const bucket = new s3.Bucket(this, 'Bucket', {
      ...SAFE,
      bucketName: settings.bucketName('trail'),
      encryption: s3.BucketEncryption.KMS,
      encryptionKey: keys.logs,
      bucketKeyEnabled: true,
      // Governance: with compliance a mistake in the trail would be paid for and could not be mended.
      objectLockDefaultRetention: s3.ObjectLockRetention.governance(LOCKED),
      serverAccessLogsBucket: storage.accessLogs,
      serverAccessLogsPrefix: 'trail/',
      lifecycleRules: [
        ABORTED,
        {
          id: 'five years, as the log',
          transitions: [{ storageClass: s3.StorageClass.INTELLIGENT_TIERING, transitionAfter: Duration.days(90) }],
          expiration: Duration.days(1827),
          noncurrentVersionExpiration: Duration.days(366),
        },
      ],
    });
    const service = new iam.ServicePrincipal('cloudtrail.amazonaws.com');
    const fromTrail = { 'aws:SourceArn': this.trailArn };
    bucket.addToResourcePolicy(
      new iam.PolicyStatement({
        sid: 'TrailLooks',
        principals: [service],
        actions: ['s3:GetBucketAcl'],
        resources: [bucket.bucketArn],
        conditions: { StringEquals: fromTrail },
      }),
    );
    bucket.addToResourcePolicy(
      new iam.PolicyStatement({
        sid: 'TrailWrites',
        principals: [service],
        actions: ['s3:PutObject'],
        resources: [bucket.arnForObjects(`AWSLogs/${this.account}/*`)],
        conditions: { StringEquals: { ...fromTrail, 's3:x-amz-acl': 'bucket-owner-full-control' } },
      }),
    );
    bucket.addToResourcePolicy(
      new iam.PolicyStatement({
        sid: 'NobodyDeletes',
        effect: iam.Effect.DENY,
        principals: [new iam.StarPrincipal()],
        actions: ['s3:DeleteObject', 's3:DeleteObjectVersion', 's3:BypassGovernanceRetention'],
        resources: [bucket.arnForObjects('*')],
        conditions: { ArnNotEquals: { 'aws:PrincipalArn': settings.breakGlassRole } },
      }),
    );
    guards(settings, this.account).stay(bucket);
    explain(
      bucket,
      'Locked for a year and validated by digests; the log of accesses to patients is the one that is replicated.',
      ...both('S3BucketReplicationEnabled'),
    );
    return bucket;
  }

  /** The role by which CloudTrail writes into the log group, where the alarms read. */
  private writer(settings: Settings): iam.Role {
    const role = new iam.Role(this, 'Writer', {
      roleName: settings.roleName('trail'),
      assumedBy: new iam.ServicePrincipal('cloudtrail.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceArn': this.trailArn } },
      }),
    });
    const stream = `${this.account}_CloudTrail_${this.region}*`;
    const resource = this.formatArn({
      service: 'logs',
      resource: `log-group:/zorgsluis/${settings.prefix}/trail:log-stream:${stream}`,
    });
    const policy = new iam.ManagedPolicy(this, 'WriterPolicy', {
      roles: [role],
      statements: [new iam.PolicyStatement({ actions: ['logs:CreateLogStream', 'logs:PutLogEvents'], resources: [resource] })],
    });
    explain(policy, 'CloudTrail numbers its streams in this one group itself.', `AwsSolutions-IAM5[Resource::${resource}]`);
    return role;
  }
}

function selectors(settings: Settings, region: string, account: string): cloudtrail.CfnTrail.AdvancedEventSelectorProperty[] {
  const data = (type: string, name: string, ...more: cloudtrail.CfnTrail.AdvancedFieldSelectorProperty[]) => ({
    name,
    fieldSelectors: [
      { field: 'eventCategory', equalTo: ['Data'] },
      { field: 'resources.type', equalTo: [type] },
      ...more,
    ],
  });
  return [
    { name: 'What is changed in the account', fieldSelectors: [{ field: 'eventCategory', equalTo: ['Management'] }] },
    data('AWS::S3::Object', 'Objects of patients, of the log and of settings', {
      field: 'resources.ARN',
      startsWith: WATCHED_BUCKETS.map((kind) => `arn:aws:s3:::${settings.bucketName(kind)}/`),
    }),
    // HealthLake has no data events of its own: its calls are management events, and so in the trail already.
    data('AWS::SES::EmailIdentity', 'Mails that were sent', { field: 'eventName', equalTo: SENDING }),
    data(
      'AWS::DynamoDB::Table',
      'Tables, when read by hand',
      { field: 'resources.ARN', startsWith: [`arn:aws:dynamodb:${region}:${account}:table/${settings.prefix}-`] },
      { field: 'eventName', equalTo: BY_HAND },
    ),
  ];
}
