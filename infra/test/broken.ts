import { Json } from './templates';

/** What a broken template differs in from the real one. */
export interface Break {
  /** The stack whose template it is; `manifest` for the list of stacks. */
  readonly of: string;
  readonly how: (template: Json) => void;
}

/** All resources of a type. */
const all = (template: Json, type: string): Json[] => Object.values(template.Resources).filter((one: Json) => one.Type === type);

/** The first resource of a type that fits: the real one must be there, or the test fails. */
function first(template: Json, type: string, fits: (properties: Json) => boolean = () => true): Json {
  const found = all(template, type).find((one) => fits(one.Properties));
  if (!found) throw new Error(`no ${type} that fits`);
  return found;
}

const break_ = (of: string, type: string, how: (properties: Json, resource: Json) => void, fits?: (properties: Json) => boolean): Break => ({
  of,
  how: (template) => {
    const resource = first(template, type, fits);
    how(resource.Properties, resource);
  },
});

const bucket = (kind: string, how: (properties: Json, resource: Json) => void, of = 'storage') =>
  break_(of, 'AWS::S3::Bucket', how, ({ BucketName }) => BucketName.startsWith(`zorgsluis-${kind}-`));
const queue = (name: string, how: (properties: Json) => void) =>
  break_('queues', 'AWS::SQS::Queue', how, ({ QueueName }) => QueueName === `zorgsluis-${name}`);
const table = (name: string, how: (properties: Json, resource: Json) => void) =>
  break_('tables', 'AWS::DynamoDB::GlobalTable', how, ({ TableName }) => TableName === `zorgsluis-${name}`);
const mapping = (queueName: string, how: (properties: Json) => void) =>
  break_('functions', 'AWS::Lambda::EventSourceMapping', how, ({ EventSourceArn }) =>
    EventSourceArn['Fn::GetStackOutput'].OutputName.includes(`GetAtt${queueName}`),
  );
const key = (how: (properties: Json, resource: Json) => void) => break_('keys', 'AWS::KMS::Key', how, ({ KeySpec }) => !KeySpec);
const allowed = (document: Json): Json => document.Statement.find(({ Effect }: Json) => Effect === 'Allow');
const withoutTls = (document: Json) => {
  document.Statement = document.Statement.filter(({ Condition }: Json) => !Condition?.Bool?.['aws:SecureTransport']);
};
const added = (of: string, type: string, properties: Json): Break => ({
  of,
  how: (template) => (template.Resources.Added = { Type: type, Properties: properties }),
});
const AWS_KEY = 'alias/aws/something';

/** For each rule of `rules/*.guard` what it must notice, one slip at a time. */
export const BROKEN: Record<string, readonly Break[]> = {
  stacks_in_the_eu: [
    { of: 'manifest', how: (manifest) => (manifest.artifacts['keys'].environment = 'aws://111111111111/eu-west-2') },
    { of: 'manifest', how: (manifest) => (manifest.artifacts['api'].environment = 'aws://111111111111/us-east-1') },
  ],
  replicas_in_the_eu: [table('keys', ({ Replicas }) => (Replicas[1].Region = 'us-east-1'))],
  buckets_copied_inside_the_eu: [
    bucket('raw', ({ ReplicationConfiguration }) => (ReplicationConfiguration.Rules[0].Destination.Bucket = 'arn:aws:s3:::copy-us-east-1')),
  ],
  queues_encrypted: [queue('audit', (it) => (it.KmsMasterKeyId = AWS_KEY)), queue('notes.fifo', (it) => delete it.KmsMasterKeyId)],
  topics_encrypted: [break_('alarms', 'AWS::SNS::Topic', (it) => (it.KmsMasterKeyId = AWS_KEY))],
  buckets_encrypted: [
    bucket('raw', (it) => (it.BucketEncryption.ServerSideEncryptionConfiguration[0].ServerSideEncryptionByDefault = { SSEAlgorithm: 'AES256' })),
    bucket('settings', (it) => delete it.BucketEncryption),
    bucket('trail', (it) => delete it.BucketEncryption.ServerSideEncryptionConfiguration[0].ServerSideEncryptionByDefault.KMSMasterKeyID, 'trail'),
  ],
  every_bucket_encrypted: [bucket('access-logs', (it) => delete it.BucketEncryption)],
  tables_encrypted: [
    table('messages', (it) => delete it.Replicas[0].SSESpecification),
    table('keys', (it) => (it.Replicas[1].SSESpecification.KMSMasterKeyId = AWS_KEY)),
    added('tables', 'AWS::DynamoDB::Table', {}),
  ],
  log_groups_encrypted: [
    break_('functions', 'AWS::Logs::LogGroup', (it) => delete it.KmsKeyId),
    break_('trail', 'AWS::Logs::LogGroup', (it) => delete it.RetentionInDays),
  ],
  streams_encrypted: [break_('devices', 'AWS::Kinesis::Stream', (it) => (it.StreamEncryption.KeyId = AWS_KEY))],
  deliveries_encrypted: [
    break_('siem', 'AWS::KinesisFirehose::DeliveryStream', (it) => (it.DeliveryStreamEncryptionConfigurationInput = { KeyType: 'AWS_OWNED_CMK' })),
  ],
  fhir_stores_encrypted: [
    break_('fhir-store', 'AWS::HealthLake::FHIRDatastore', (it) => (it.SseConfiguration.KmsEncryptionConfig.CmkType = 'AWS_OWNED_KMS_KEY')),
  ],
  databases_encrypted: [
    break_('database', 'AWS::RDS::DBInstance', (it) => (it.StorageEncrypted = false)),
    break_('database', 'AWS::RDS::DBInstance', (it) => delete it.PerformanceInsightsKMSKeyId),
  ],
  volumes_encrypted: [added('network', 'AWS::EC2::Volume', { Encrypted: true, Size: 1 })],
  secrets_encrypted: [break_('images', 'AWS::SecretsManager::Secret', (it) => delete it.KmsKeyId)],
  vaults_encrypted: [break_('backup', 'AWS::Backup::BackupVault', (it) => delete it.EncryptionKeyArn)],
  images_encrypted: [break_('images', 'AWS::ECR::Repository', (it) => (it.EncryptionConfiguration.EncryptionType = 'AES256'))],
  trails_encrypted: [
    break_('trail', 'AWS::CloudTrail::Trail', (it) => delete it.KMSKeyId),
    break_('trail', 'AWS::CloudTrail::Trail', (it) => (it.EnableLogFileValidation = false)),
  ],
  keys_rotate: [key((it) => (it.EnableKeyRotation = false))],
  keys_end_slowly: [key((it) => (it.PendingWindowInDays = 7)), key((_, resource) => (resource.DeletionPolicy = 'Delete'))],
  buckets_closed: [
    bucket('flow-logs', (it) => (it.PublicAccessBlockConfiguration.BlockPublicPolicy = false)),
    bucket('raw', (it) => (it.VersioningConfiguration.Status = 'Suspended')),
    bucket('log', (it) => (it.OwnershipControls.Rules[0].ObjectOwnership = 'ObjectWriter')),
  ],
  images_locked_for_the_term_of_a_dossier: [
    bucket('imaging', (it) => (it.ObjectLockConfiguration.Rule.DefaultRetention.Days = 5479)),
    bucket('imaging', (it) => (it.ObjectLockConfiguration.Rule.DefaultRetention.Mode = 'COMPLIANCE')),
  ],
  raw_messages_locked_for_a_year: [bucket('raw', (it) => delete it.ObjectLockConfiguration)],
  log_locked_by_its_writer: [
    bucket('log', (it) => (it.ObjectLockEnabled = false)),
    bucket('log', (it) => (it.ObjectLockConfiguration = { ObjectLockEnabled: 'Enabled', Rule: { DefaultRetention: { Mode: 'COMPLIANCE', Days: 1827 } } })),
    bucket('log', (it) => it.LifecycleConfiguration.Rules.push({ Id: 'tidy', Status: 'Enabled', Prefix: 'log/', NoncurrentVersionExpiration: { NoncurrentDays: 1 } })),
  ],
  copies_take_locks_along: [bucket('log-copy', (it) => (it.ObjectLockEnabled = false), 'log-copies')],
  originals_are_copied: [
    bucket('raw', (it) => delete it.ReplicationConfiguration),
    bucket('log', (it) => (it.ReplicationConfiguration.Rules[0].DeleteMarkerReplication.Status = 'Enabled')),
  ],
  nothing_expires: [
    bucket('raw', (it) => it.LifecycleConfiguration.Rules.push({ Id: 'old', Status: 'Enabled', ExpirationInDays: 5475 })),
    bucket('log-copy', (_, resource) => (resource.DeletionPolicy = 'Delete'), 'log-copies'),
  ],
  buckets_speak_tls_only: [
    break_('storage', 'AWS::S3::BucketPolicy', (it) => withoutTls(it.PolicyDocument)),
    break_('copies', 'AWS::S3::BucketPolicy', ({ PolicyDocument: document }) => {
      document.Statement = document.Statement.filter(({ Condition }: Json) => !Condition?.NumericLessThan?.['s3:TlsVersion']);
    }),
  ],
  tables_recoverable: [
    table('messages', (it) => (it.Replicas[0].PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled = false)),
    table('keys', (it) => (it.Replicas[1].DeletionProtectionEnabled = false)),
    table('log-index', (_, resource) => (resource.DeletionPolicy = 'Delete')),
  ],
  tables_without_ttl: [table('log-index', (it) => (it.TimeToLiveSpecification = { AttributeName: 'end', Enabled: true }))],
  erasure_is_final_in_35_days: [
    table('keys', (it) => (it.Replicas[0].PointInTimeRecoverySpecification.RecoveryPeriodInDays = 36)),
    table('keys', (it) => it.Replicas.pop()),
  ],
  data_keys_in_no_backup: [
    break_('backup', 'AWS::Backup::BackupSelection', (it) => {
      const [one] = it.BackupSelection.Resources;
      const output = structuredClone(one);
      output['Fn::GetStackOutput'].OutputName = 'PublishOutputFnGetAttkeysE6B3D8D9Arn0A77B61C';
      it.BackupSelection.Resources.push(output);
    }),
    break_('backup', 'AWS::Backup::BackupSelection', (it) => it.BackupSelection.Resources.push('arn:aws:dynamodb:*:*:table/*')),
    break_('backup', 'AWS::Backup::BackupSelection', (it) => (it.BackupSelection.ListOfTags = [])),
  ],
  backups_locked_and_bounded: [
    break_('backup', 'AWS::Backup::BackupVault', (it) => delete it.LockConfiguration),
    break_('copies', 'AWS::Backup::BackupVault', (it) => (it.LockConfiguration.MaxRetentionDays = 3650)),
  ],
  backups_end_with_recovery: [
    break_('backup', 'AWS::Backup::BackupPlan', (it) => (it.BackupPlan.BackupPlanRule[0].Lifecycle.DeleteAfterDays = 365)),
    break_('backup', 'AWS::Backup::BackupPlan', (it) => {
      it.BackupPlan.BackupPlanRule[0].CopyActions[0].DestinationBackupVaultArn = 'arn:aws:backup:eu-west-2:111111111111:backup-vault:v';
    }),
  ],
  databases_recoverable: [
    break_('database', 'AWS::RDS::DBInstance', (it) => (it.MultiAZ = false)),
    break_('database', 'AWS::RDS::DBInstance', (it) => (it.DeletionProtection = false)),
  ],
  queues_have_dead_letters: [queue('notices.fifo', (it) => delete it.RedrivePolicy), queue('audit', (it) => (it.RedrivePolicy.maxReceiveCount = 1))],
  queues_keep_as_long_as_they_can: [queue('inbound-dead-letters.fifo', (it) => (it.MessageRetentionPeriod = 345600))],
  senders_give_the_id: [
    queue('inbound.fifo', (it) => (it.ContentBasedDeduplication = true)),
    queue('inbound.fifo', (it) => (it.DeduplicationScope = 'queue')),
    queue('inbound.fifo', (it) => delete it.FifoQueue),
  ],
  notes_stay_six_times_120_seconds: [queue('notes.fifo', (it) => (it.VisibilityTimeout = 719))],
  messages_stay_six_times_60_seconds: [queue('audit', (it) => (it.VisibilityTimeout = 30))],
  functions_end_in_time: [
    break_('functions', 'AWS::Lambda::Function', (it) => (it.Timeout = 61), (it) => it.FunctionName === 'zorgsluis-converter'),
    break_('functions', 'AWS::Lambda::Function', (it) => (it.Timeout = 300), (it) => it.FunctionName === 'zorgsluis-enricher'),
  ],
  batches_fail_in_parts: [
    mapping('inbound', (it) => delete it.FunctionResponseTypes),
    mapping('audit', (it) => delete it.ScalingConfig),
  ],
  fifo_batches_of_ten_at_most: [
    mapping('inbound', (it) => (it.BatchSize = 11)),
    mapping('notes', (it) => (it.MaximumBatchingWindowInSeconds = 2)),
  ],
  queues_and_topics_speak_tls_only: [
    break_('queues', 'AWS::SQS::QueuePolicy', (it) => withoutTls(it.PolicyDocument)),
    break_('alarms', 'AWS::SNS::TopicPolicy', (it) => withoutTls(it.PolicyDocument)),
  ],
  policies_name_their_actions: [
    break_('functions', 'AWS::IAM::ManagedPolicy', (it) => (allowed(it.PolicyDocument).Action = 's3:*')),
    break_('listener', 'AWS::IAM::ManagedPolicy', (it) => (allowed(it.PolicyDocument).Action = ['sqs:SendMessage', 'kms:Dec*'])),
    break_('functions', 'AWS::IAM::ManagedPolicy', (it) => (allowed(it.PolicyDocument).NotAction = 'iam:PassRole')),
  ],
  roles_hold_no_policy_of_their_own: [
    break_('functions', 'AWS::IAM::Role', (it) => (it.Policies = [{ PolicyDocument: { Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] } }])),
  ],
  roles_are_for_one_service: [
    break_('functions', 'AWS::IAM::Role', (it) => (it.AssumeRolePolicyDocument.Statement[0].Principal = { AWS: '*' })),
    break_('functions', 'AWS::IAM::Role', (it) => (it.AssumeRolePolicyDocument.Statement[0].Principal = '*')),
  ],
  resources_let_nobody_in_unnamed: [
    break_('storage', 'AWS::S3::BucketPolicy', (it) => (allowed(it.PolicyDocument).Principal = '*')),
    break_('storage', 'AWS::S3::BucketPolicy', (it) => (allowed(it.PolicyDocument).Principal = { AWS: '*' })),
    break_('alarms', 'AWS::SNS::TopicPolicy', (it) => (allowed(it.PolicyDocument).Action = 'sns:*')),
  ],
  keys_name_their_actions: [
    key((it) => (allowed(it.KeyPolicy).Action = 'kms:*')),
    key((it) => it.KeyPolicy.Statement.push({ Effect: 'Allow', Principal: '*', Action: 'kms:Decrypt', Resource: '*' })),
  ],
  peers_are_named: [break_('network', 'AWS::EC2::SecurityGroupIngress', (it) => (it.CidrIp = '0.0.0.0/0'))],
  groups_are_closed: [
    break_('network', 'AWS::EC2::SecurityGroup', (it) => (it.SecurityGroupIngress = [{ CidrIp: '0.0.0.0/0', IpProtocol: 'tcp' }])),
    break_('network', 'AWS::EC2::SecurityGroup', (it) => (it.SecurityGroupEgress = [{ CidrIp: '0.0.0.0/0', IpProtocol: '-1' }])),
  ],
  no_address_of_the_internet_by_default: [break_('network', 'AWS::EC2::Subnet', (it) => (it.MapPublicIpOnLaunch = true))],
  databases_are_private: [break_('database', 'AWS::RDS::DBInstance', (it) => (it.PubliclyAccessible = true))],
  functions_in_the_network: [
    break_('functions', 'AWS::Lambda::Function', (it) => delete it.VpcConfig),
    break_('functions', 'AWS::Lambda::Function', (it) => (it.TracingConfig.Mode = 'PassThrough')),
  ],
  functions_without_an_address: [added('functions', 'AWS::Lambda::Url', { AuthType: 'NONE' })],
  containers_are_private: [
    break_('listener', 'AWS::ECS::Service', (it) => (it.NetworkConfiguration.AwsvpcConfiguration.AssignPublicIp = 'ENABLED')),
    break_('listener', 'AWS::ECS::Service', (it) => (it.EnableExecuteCommand = true)),
  ],
  containers_have_no_rights: [
    break_('listener', 'AWS::ECS::TaskDefinition', (it) => (it.ContainerDefinitions[0].ReadonlyRootFilesystem = false)),
    break_('listener', 'AWS::ECS::TaskDefinition', (it) => (it.ContainerDefinitions[1].User = '0')),
  ],
  calls_are_authorised: [
    break_('api', 'AWS::ApiGateway::Method', (it) => (it.AuthorizationType = 'NONE')),
    break_('api', 'AWS::ApiGateway::Method', (it) => (it.ApiKeyRequired = false)),
  ],
  names_speak_new_tls_with_certificates: [
    added('api', 'AWS::ApiGateway::DomainName', { SecurityPolicy: 'TLS_1_0', MutualTlsAuthentication: { TruststoreUri: 's3://trust/clients.pem' } }),
    added('api', 'AWS::ApiGateway::DomainName', { SecurityPolicy: 'TLS_1_2' }),
  ],
  databases_speak_tls_only: [
    break_('database', 'AWS::RDS::DBParameterGroup', (it) => (it.Parameters['rds.force_ssl'] = '0')),
    break_('database', 'AWS::RDS::DBParameterGroup', (it) => (it.Parameters.log_statement = 'all')),
  ],
  mail_goes_over_tls: [break_('mail', 'AWS::SES::ConfigurationSet', (it) => (it.DeliveryOptions.TlsPolicy = 'OPTIONAL'))],
};
