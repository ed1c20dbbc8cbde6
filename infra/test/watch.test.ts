import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Template } from 'aws-cdk-lib/assertions';
import { RULES } from '../lib/posture';
import { WATCHED_BUCKETS } from '../lib/trail';
import { app, bucketPolicy, build, flat, named, one, resources } from './app';
import { text } from './text';

const { trail, posture, detection, siem, settings } = app().stacks;
assert.ok(posture && siem);
const recorded = one(trail, 'AWS::CloudTrail::Trail').Properties;

test('the trail is written in every region, validated, and encrypted with the key of logs', () => {
  assert.equal(recorded.IsLogging, true);
  assert.equal(recorded.IsMultiRegionTrail, true);
  assert.equal(recorded.IncludeGlobalServiceEvents, true);
  assert.equal(recorded.EnableLogFileValidation, true);
  assert.match(flat(recorded.KMSKeyId), /zorgsluis-keys:\w*logs/);
  assert.match(flat(recorded.CloudWatchLogsLogGroupArn), /Logs/);
});

/** What the trail records, as field → what it may be. */
const selectors = recorded.AdvancedEventSelectors.map((one: { FieldSelectors: Record<string, unknown>[] }) =>
  Object.fromEntries(one.FieldSelectors.map(({ Field, Equals, StartsWith }) => [Field, Equals ?? StartsWith])),
);

test('every object of patients, of the log and of settings that is read or written is in the trail', () => {
  const objects = selectors.find((one: Record<string, string[]>) => one['resources.type']?.[0] === 'AWS::S3::Object');
  assert.deepEqual(
    objects['resources.ARN'],
    ['imaging', 'raw', 'log', 'settings'].map((kind) => `arn:aws:s3:::${settings.bucketName(kind)}/`),
  );
  assert.equal(objects['eventName'], undefined);
  assert.equal(objects['readOnly'], undefined);
});

test('whatever is changed in the account is in the trail, and so is a table that is read by hand', () => {
  assert.ok(selectors.some((one: Record<string, string[]>) => one['eventCategory']?.[0] === 'Management' && Object.keys(one).length === 1));
  const tables = selectors.find((one: Record<string, string[]>) => one['resources.type']?.[0] === 'AWS::DynamoDB::Table');
  assert.deepEqual(tables['eventName'], ['BatchExecuteStatement', 'ExecuteStatement', 'ExecuteTransaction', 'Scan']);
});

test('each mail that is sent is in the trail, whoever sends it and from whichever address', () => {
  const mails = selectors.find((one: Record<string, string[]>) => one['resources.type']?.[0] === 'AWS::SES::EmailIdentity');
  assert.ok(mails['eventName'].includes('SendEmail') && mails['eventName'].includes('SendRawEmail'));
  assert.equal(mails['resources.ARN'], undefined);
});

test('the trail has a bucket of its own: locked for a year, our key, nobody deletes', () => {
  const name = settings.bucketName('trail');
  const bucket = one(trail, 'AWS::S3::Bucket').Properties;
  assert.equal(bucket.BucketName, name);
  assert.equal(bucket.ObjectLockConfiguration.Rule.DefaultRetention.Days, 365);
  assert.match(text(bucket.BucketEncryption), /aws:kms.*zorgsluis-keys|zorgsluis-keys.*aws:kms/);
  const policy = bucketPolicy(trail, name);
  const denied = policy.find((one) => one.sid === 'NobodyDeletes');
  assert.deepEqual(denied?.condition, { ArnNotEquals: { 'aws:PrincipalArn': settings.breakGlassRole } });
  for (const allowed of policy.filter((one) => one.effect === 'Allow')) {
    assert.deepEqual(allowed.principal, { Service: 'cloudtrail.amazonaws.com' });
    assert.equal(allowed.condition['StringEquals']?.['aws:SourceArn'], trail.trailArn);
  }
});

test('what guards the buckets of the trail, of Config and of access logs is changed by the break-glass role alone', () => {
  const { storage, copies, logCopies } = app().stacks;
  const [main, log] = [settings.breakGlassRole, settings.breakGlassRole.replace(settings.mainAccount, settings.logAccount)];
  for (const [stack, name, role] of [
    [trail, settings.bucketName('trail'), main],
    [posture, settings.bucketName('config'), main],
    [storage, settings.bucketName('access-logs'), main],
    [copies, settings.bucketName('access-logs', settings.mainAccount, settings.copyRegion), main],
    [logCopies, settings.bucketName('access-logs', settings.logAccount, settings.copyRegion), log],
  ] as const) {
    const stays = named(bucketPolicy(stack, name), 'GuardsStay');
    assert.equal(stays.effect, 'Deny', name);
    assert.deepEqual(stays.condition, { ArnNotEquals: { 'aws:PrincipalArn': role } }, name);
    for (const action of ['s3:PutBucketPolicy', 's3:DeleteBucketPolicy', 's3:PutLifecycleConfiguration', 's3:PutBucketObjectLockConfiguration']) {
      assert.ok(stays.actions.includes(action), `${name}: ${action}`);
    }
  }
});

test('the buckets that are watched are those that hold data of patients, the log or keys', () => {
  assert.deepEqual([...WATCHED_BUCKETS], ['imaging', 'raw', 'log', 'settings']);
});

test('Config records everything, and looks at encryption, public access and locks; not at regions, of which it sees its own alone', () => {
  const recorder = one(posture, 'AWS::Config::ConfigurationRecorder').Properties;
  assert.deepEqual(recorder.RecordingGroup, { AllSupported: true, IncludeGlobalResourceTypes: true });
  const rules = Object.values(resources(posture, 'AWS::Config::ConfigRule')).map((one) => one.Properties);
  const managed = rules.filter((one) => one.Source.Owner === 'AWS').map((one) => one.Source.SourceIdentifier);
  assert.deepEqual(managed.sort(), [...RULES].sort());
  for (const rule of [
    ...['S3_DEFAULT_ENCRYPTION_KMS', 'DYNAMODB_TABLE_ENCRYPTED_KMS', 'RDS_STORAGE_ENCRYPTED'],
    ...['S3_BUCKET_PUBLIC_READ_PROHIBITED', 'S3_BUCKET_LEVEL_PUBLIC_ACCESS_PROHIBITED', 'LAMBDA_FUNCTION_PUBLIC_ACCESS_PROHIBITED'],
    ...['KMS_CMK_NOT_SCHEDULED_FOR_DELETION', 'CLOUD_TRAIL_LOG_FILE_VALIDATION_ENABLED'],
  ]) {
    assert.ok(managed.includes(rule), rule);
  }
  const own = rules.filter((one) => one.Source.Owner === 'CUSTOM_POLICY');
  assert.deepEqual(own.map((one) => one.ConfigRuleName).sort(), ['zorgsluis-locked-buckets']);
});

test('Config begins to record and deliver when its role may write, not before', () => {
  const [writes] = Object.entries(resources(posture, 'AWS::IAM::ManagedPolicy')).map(([id]) => id);
  for (const type of ['AWS::Config::ConfigurationRecorder', 'AWS::Config::DeliveryChannel']) {
    const { DependsOn } = one(posture, type) as { DependsOn?: string[] };
    assert.ok(writes && DependsOn?.includes(writes), `${type} waits for ${String(DependsOn)}`);
  }
});

test('GuardDuty looks at objects, at what functions speak to, and scans images for malware', () => {
  const detector = one(detection, 'AWS::GuardDuty::Detector').Properties;
  assert.equal(detector.Enable, true);
  const on = detector.Features.filter((one: { Status: string }) => one.Status === 'ENABLED').map((one: { Name: string }) => one.Name);
  for (const feature of ['S3_DATA_EVENTS', 'LAMBDA_NETWORK_LOGS', 'EBS_MALWARE_PROTECTION']) assert.ok(on.includes(feature), feature);
  const plan = one(detection, 'AWS::GuardDuty::MalwareProtectionPlan').Properties;
  assert.equal(plan.ProtectedResource.S3Bucket.BucketName, settings.bucketName('imaging'));
  assert.equal(plan.Actions.Tagging.Status, 'ENABLED');
});

test('Security Hub checks by the standards of AWS and of NIST', () => {
  const standards = Object.values(resources(detection, 'AWS::SecurityHub::Standard')).map((one) => flat(one.Properties.StandardsArn));
  assert.equal(Object.keys(resources(detection, 'AWS::SecurityHub::Hub')).length, 1);
  assert.deepEqual(standards.map((arn) => arn.split('standards/')[1]).sort(), [
    'aws-foundational-security-best-practices/v/1.0.0',
    'nist-800-53/v/5.0.0',
  ]);
});

test('Macie searches the buckets of patients every week, for citizen service numbers too', () => {
  assert.equal(one(detection, 'AWS::Macie::Session').Properties.Status, 'ENABLED');
  const job = flat(one(detection, 'Custom::MacieJob').Properties.Create);
  for (const kind of ['imaging', 'raw', 'log', 'settings']) assert.ok(job.includes(settings.bucketName(kind)), kind);
  assert.match(job, /weeklySchedule/);
  const bsn = one(detection, 'AWS::Macie::CustomDataIdentifier').Properties;
  assert.match('BSN 999911120.', new RegExp(bsn.Regex));
  assert.doesNotMatch('9999111201', new RegExp(bsn.Regex));
  assert.ok(bsn.Keywords.includes('bsn'));
});

test('Inspector looks at images and at functions', () => {
  const call = flat(one(detection, 'Custom::Inspector').Properties.Create ?? one(detection, 'Custom::Inspector').Properties.Update);
  assert.match(call, /inspector2/);
  assert.match(call, /"ECR","LAMBDA"/);
});

test('what an organisation has switched on already is left alone', () => {
  const elsewhere = ['config', 'guardduty', 'security-hub', 'macie', 'inspector'];
  const { stacks } = build({ elsewhere });
  assert.equal(stacks.posture, undefined);
  const template = Template.fromStack(stacks.detection);
  for (const type of ['AWS::GuardDuty::Detector', 'AWS::SecurityHub::Hub', 'AWS::Macie::Session', 'Custom::Inspector']) {
    template.resourceCountIs(type, 0);
  }
  template.resourceCountIs('Custom::MacieJob', 1);
  assert.throws(() => build({ elsewhere: ['shield'] }), /shield is none of/);
});

test('a SIEM is sent findings, alarms and the trail over HTTPS, encrypted with our key; without one nothing is', () => {
  const stream = one(siem, 'AWS::KinesisFirehose::DeliveryStream').Properties;
  const { EndpointConfiguration, SecretsManagerConfiguration, S3BackupMode } = stream.HttpEndpointDestinationConfiguration;
  assert.match(EndpointConfiguration.Url, /^https:\/\//);
  assert.equal(EndpointConfiguration.AccessKey, undefined);
  assert.equal(SecretsManagerConfiguration.Enabled, true);
  assert.equal(S3BackupMode, 'FailedDataOnly');
  assert.equal(stream.DeliveryStreamEncryptionConfigurationInput.KeyType, 'CUSTOMER_MANAGED_CMK');
  assert.ok(one(siem, 'AWS::Events::Rule').Properties.EventPattern.source.includes('aws.guardduty'));
  assert.match(flat(one(siem, 'AWS::Logs::SubscriptionFilter').Properties.LogGroupName), /zorgsluis-trail/);
  assert.equal(build({}).stacks.siem, undefined);
});
