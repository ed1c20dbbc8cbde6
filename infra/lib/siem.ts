import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as events from 'aws-cdk-lib/aws-events';
import * as firehose from 'aws-cdk-lib/aws-kinesisfirehose';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as secrets from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { both, explain } from './explain';
import { KeysStack } from './keys';
import { plainLogBucket } from './log-bucket';
import { Options } from './options';
import { Settings } from './settings';
import { Common, ZorgsluisStack } from './stack';
import { StorageStack } from './storage';
import { TrailStack } from './trail';

export interface SiemProps extends Common {
  readonly options: Options;
  readonly keys: KeysStack;
  readonly storage: StorageStack;
  readonly trail: TrailStack;
}

/** Sources whose events go out: findings and alarms, which hold no data of patients. */
const SOURCES = ['aws.guardduty', 'aws.securityhub', 'aws.macie', 'aws.inspector2', 'aws.cloudwatch', 'aws.config', 'aws.health'];

/** Findings, alarms and the trail to the organisation's SIEM, over HTTPS. */
export class SiemStack extends ZorgsluisStack {
  private readonly of: Settings;

  constructor(scope: Construct, id: string, props: SiemProps) {
    super(scope, id, props, 'events to a SIEM');
    const { settings, options, keys, storage, trail } = props;
    this.of = settings;
    if (settings.production && !(options.siemEndpoint && options.siemSecret)) {
      throw new Error('context "siem" needs "siemEndpoint" and "siemSecret" in production');
    }
    const url = options.siemEndpoint ?? `https://siem.${settings.mailDomain}/firehose`;
    if (!url.startsWith('https://')) throw new Error('context "siemEndpoint" must be https://');
    const secretArn = options.siemSecret ?? this.emptySecret(props).secretArn;
    const logGroup = new logs.LogGroup(this, 'Logs', {
      logGroupName: `/zorgsluis/${settings.prefix}/siem`,
      encryptionKey: keys.logs,
      retention: options.logDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const stream = new logs.LogStream(this, 'Delivery', { logGroup, logStreamName: 'delivery', removalPolicy: RemovalPolicy.DESTROY });
    const refused = plainLogBucket(this, 'Refused', {
      bucketName: settings.bucketName('siem-refused'),
      expiration: Duration.days(90),
      serverAccessLogsBucket: storage.accessLogs,
      serverAccessLogsPrefix: 'siem-refused/',
    });
    const role = this.role('Role', 'siem', 'firehose.amazonaws.com');
    const policy = this.policy('Policy', role, [
      new iam.PolicyStatement({ actions: ['secretsmanager:GetSecretValue'], resources: [secretArn] }),
      new iam.PolicyStatement({
        actions: ['s3:AbortMultipartUpload', 's3:GetBucketLocation', 's3:ListBucket', 's3:ListBucketMultipartUploads'],
        resources: [`arn:aws:s3:::${settings.bucketName('siem-refused')}`],
      }),
      new iam.PolicyStatement({
        actions: ['s3:PutObject'],
        resources: [`arn:aws:s3:::${settings.bucketName('siem-refused')}/*`],
      }),
      new iam.PolicyStatement({ actions: ['logs:PutLogEvents'], resources: [logGroup.logGroupArn] }),
      new iam.PolicyStatement({
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        resources: [keys.logs.keyArn],
        conditions: {
          StringEquals: {
            'kms:ViaService': ['secretsmanager', 'firehose'].map((service) => `${service}.${this.region}.amazonaws.com`),
          },
        },
      }),
    ]);
    explain(
      policy,
      'Firehose names the files of what was refused itself, in this one bucket.',
      `AwsSolutions-IAM5[Resource::arn:aws:s3:::${settings.bucketName('siem-refused')}/*]`,
    );
    const delivery = new firehose.CfnDeliveryStream(this, 'ToSiem', {
      deliveryStreamName: `${settings.prefix}-siem`,
      deliveryStreamType: 'DirectPut',
      deliveryStreamEncryptionConfigurationInput: { keyType: 'CUSTOMER_MANAGED_CMK', keyArn: keys.logs.keyArn },
      httpEndpointDestinationConfiguration: {
        endpointConfiguration: { name: 'siem', url },
        roleArn: role.roleArn,
        secretsManagerConfiguration: { enabled: true, secretArn, roleArn: role.roleArn },
        bufferingHints: { intervalInSeconds: 60, sizeInMBs: 1 },
        retryOptions: { durationInSeconds: 7200 },
        requestConfiguration: { contentEncoding: 'GZIP' },
        cloudWatchLoggingOptions: { enabled: true, logGroupName: logGroup.logGroupName, logStreamName: stream.logStreamName },
        s3BackupMode: 'FailedDataOnly',
        s3Configuration: {
          bucketArn: refused.bucketArn,
          roleArn: role.roleArn,
          compressionFormat: 'GZIP',
          bufferingHints: { intervalInSeconds: 300, sizeInMBs: 5 },
        },
      },
    });
    delivery.node.addDependency(policy);
    this.feed(delivery, props, trail);
  }

  /** Findings come by EventBridge, the trail from its log group; each by a role that may put records, no more. */
  private feed(delivery: firehose.CfnDeliveryStream, { settings }: SiemProps, trail: TrailStack): void {
    const put = new iam.PolicyStatement({
      actions: ['firehose:PutRecord', 'firehose:PutRecordBatch'],
      resources: [delivery.attrArn],
    });
    const bridge = this.role('BridgeRole', 'siem-events', 'events.amazonaws.com');
    this.policy('BridgePolicy', bridge, [put]);
    new events.CfnRule(this, 'Findings', {
      name: `${settings.prefix}-siem`,
      description: 'Findings and alarms to the SIEM',
      eventPattern: { source: SOURCES },
      targets: [{ id: 'siem', arn: delivery.attrArn, roleArn: bridge.roleArn }],
    });
    const subscriber = this.role('TrailRole', 'siem-trail', 'logs.amazonaws.com');
    const may = this.policy('TrailPolicy', subscriber, [put]);
    const filter = new logs.CfnSubscriptionFilter(this, 'Trail', {
      filterName: `${settings.prefix}-siem`,
      logGroupName: trail.logGroup.logGroupName,
      filterPattern: '',
      destinationArn: delivery.attrArn,
      roleArn: subscriber.roleArn,
    });
    filter.node.addDependency(may);
  }

  private emptySecret({ settings, keys }: SiemProps): secrets.Secret {
    const secret = new secrets.Secret(this, 'Key', {
      secretName: `${settings.prefix}/siem`,
      description: 'JSON {"api_key": "…"} for the SIEM. Put in by a person (docs/operations)',
      encryptionKey: keys.logs,
    });
    explain(
      secret,
      'A key that the SIEM gives out and takes back: nothing here could make a new one.',
      'AwsSolutions-SMG4',
      ...both('SecretsManagerRotationEnabled'),
    );
    return secret;
  }

  private role(id: string, name: string, service: string): iam.Role {
    return new iam.Role(this, id, {
      roleName: this.of.roleName(name),
      assumedBy: new iam.ServicePrincipal(service, { conditions: { StringEquals: { 'aws:SourceAccount': this.account } } }),
    });
  }

  private policy(id: string, role: iam.Role, statements: iam.PolicyStatement[]): iam.ManagedPolicy {
    return new iam.ManagedPolicy(this, id, { roles: [role], statements });
  }
}
