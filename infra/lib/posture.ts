import { Duration } from 'aws-cdk-lib';
import * as config from 'aws-cdk-lib/aws-config';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { explain } from './explain';
import { guards } from './guards';
import { plainLogBucket } from './log-bucket';
import { Common, ZorgsluisStack } from './stack';
import { StorageStack } from './storage';

export interface PostureProps extends Common {
  readonly storage: StorageStack;
}

/** What must hold of everything in the account: rules of AWS Config, by the name that AWS gives them. */
export const RULES = [
  // Encryption.
  'S3_DEFAULT_ENCRYPTION_KMS',
  'DYNAMODB_TABLE_ENCRYPTED_KMS',
  'RDS_STORAGE_ENCRYPTED',
  'CLOUDWATCH_LOG_GROUP_ENCRYPTED',
  'KINESIS_STREAM_ENCRYPTED',
  'SNS_ENCRYPTED_KMS',
  'CLOUD_TRAIL_ENCRYPTION_ENABLED',
  'CMK_BACKING_KEY_ROTATION_ENABLED',
  'KMS_CMK_NOT_SCHEDULED_FOR_DELETION',
  'S3_BUCKET_SSL_REQUESTS_ONLY',
  // Nothing is open to the public.
  'S3_BUCKET_PUBLIC_READ_PROHIBITED',
  'S3_BUCKET_PUBLIC_WRITE_PROHIBITED',
  'S3_BUCKET_LEVEL_PUBLIC_ACCESS_PROHIBITED',
  'S3_ACCOUNT_LEVEL_PUBLIC_ACCESS_BLOCKS_PERIODIC',
  'LAMBDA_FUNCTION_PUBLIC_ACCESS_PROHIBITED',
  'RDS_INSTANCE_PUBLIC_ACCESS_CHECK',
  'INCOMING_SSH_DISABLED',
  'VPC_DEFAULT_SECURITY_GROUP_CLOSED',
  // What was written stays.
  'S3_BUCKET_VERSIONING_ENABLED',
  'DYNAMODB_PITR_ENABLED',
  'RDS_INSTANCE_DELETION_PROTECTION_ENABLED',
  // The watch itself.
  'MULTI_REGION_CLOUD_TRAIL_ENABLED',
  'CLOUD_TRAIL_LOG_FILE_VALIDATION_ENABLED',
  'CLOUDTRAIL_S3_DATAEVENTS_ENABLED',
  'GUARDDUTY_ENABLED_CENTRALIZED',
  'SECURITYHUB_ENABLED',
  'VPC_FLOW_LOGS_ENABLED',
  // People.
  'ROOT_ACCOUNT_MFA_ENABLED',
  'IAM_ROOT_ACCESS_KEY_CHECK',
  'MFA_ENABLED_FOR_IAM_CONSOLE_ACCESS',
  'IAM_POLICY_NO_STATEMENTS_WITH_ADMIN_ACCESS',
] as const;

/**
 * Rules of our own, in the language of CloudFormation Guard. None of regions: Config sees what stands in its own, so
 * such a rule could never fail. Regions are refused by the organisation (docs/operations/deploy.md) and told of by an alarm.
 */
function ownRules(prefix: string): Record<string, { says: string; types: string[]; guard: string }> {
  return {
    'locked-buckets': {
      says: 'The buckets of images, of raw messages, of the log and of the trail have Object Lock',
      types: ['AWS::S3::Bucket'],
      guard:
        `rule locked when resourceName == /^${prefix}-(imaging|raw|log|trail)-/ {\n` +
        '  supplementaryConfiguration.ObjectLockConfiguration.objectLockEnabled == "Enabled"\n}',
    },
  };
}

/** Whether everything still is as it was made: AWS Config. */
export class PostureStack extends ZorgsluisStack {
  constructor(scope: Construct, id: string, { settings, storage }: PostureProps) {
    super(scope, id, { settings }, 'whether everything still is as it was made');
    const bucket = plainLogBucket(this, 'Bucket', {
      bucketName: settings.bucketName('config'),
      expiration: Duration.days(1827),
      serverAccessLogsBucket: storage.accessLogs,
      serverAccessLogsPrefix: 'config/',
    });
    guards(settings, this.account).stay(bucket);
    const role = new iam.Role(this, 'Role', {
      roleName: settings.roleName('config'),
      assumedBy: new iam.ServicePrincipal('config.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': this.account } },
      }),
      managedPolicies: [iam.ManagedPolicy.fromAwsManagedPolicyName('service-role/AWS_ConfigRole')],
    });
    explain(
      role,
      "Config reads the configuration of every kind of resource: AWS's own policy for it grows with them, and reads no data.",
      'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWS_ConfigRole]',
    );
    const objects = bucket.arnForObjects(`AWSLogs/${this.account}/Config/*`);
    const writes = new iam.ManagedPolicy(this, 'Writes', {
      roles: [role],
      statements: [
        new iam.PolicyStatement({ actions: ['s3:GetBucketAcl', 's3:ListBucket'], resources: [bucket.bucketArn] }),
        new iam.PolicyStatement({ actions: ['s3:PutObject'], resources: [objects] }),
      ],
    });
    explain(
      writes,
      'Config names its files itself, under this prefix of its own bucket.',
      `AwsSolutions-IAM5[Resource::<Bucket83908E77.Arn>/AWSLogs/${this.account}/Config/*]`,
    );
    const recorder = new config.CfnConfigurationRecorder(this, 'Recorder', {
      name: settings.prefix,
      roleArn: role.roleArn,
      recordingGroup: { allSupported: true, includeGlobalResourceTypes: true },
    });
    const delivery = new config.CfnDeliveryChannel(this, 'Delivery', {
      name: settings.prefix,
      s3BucketName: bucket.bucketName,
      configSnapshotDeliveryProperties: { deliveryFrequency: 'TwentyFour_Hours' },
    });
    // Config tries at once whether it may write: the role alone, without its policy, would be refused.
    for (const one of [recorder, delivery]) one.node.addDependency(writes);
    for (const identifier of RULES) {
      const rule = new config.ManagedRule(this, identifier, {
        identifier,
        configRuleName: `${settings.prefix}-${identifier.toLowerCase().replaceAll('_', '-')}`,
      });
      rule.node.addDependency(recorder);
    }
    for (const [name, { says, types, guard }] of Object.entries(ownRules(settings.prefix))) {
      const rule = new config.CustomPolicy(this, name, {
        configRuleName: `${settings.prefix}-${name}`,
        description: says,
        policyText: guard,
        enableDebugLog: false,
        ruleScope: config.RuleScope.fromResources(types.map((type) => config.ResourceType.of(type))),
      });
      rule.node.addDependency(recorder);
    }
  }
}
