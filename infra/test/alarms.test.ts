import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { OLDEST } from '../lib/alarms';
import { calledActions } from '../lib/called';
import { QUEUES } from '../lib/queues';
import { trailAlarms } from '../lib/trail-alarms';
import { app, flat, one, Resource, resources, statements } from './app';
import { text } from './text';

const { alarms, functions, settings, needs } = app().stacks;
const made = new Map(
  Object.values(resources(alarms, 'AWS::CloudWatch::Alarm')).map(({ Properties }) => [
    Properties.AlarmName.replace(/^zorgsluis-/, '') as string,
    Properties as Resource['Properties'],
  ]),
);

function alarm(name: string) {
  const found = made.get(name);
  assert.ok(found, `there is no alarm ${name}`);
  return found;
}

/** Whom an alarm tells. */
const told = (name: string) => alarm(name).AlarmActions.map((one: { Ref: string }) => one.Ref.replace(/[0-9A-F]{8}$/, '')).sort();

test('the topics of security and privacy are encrypted with our key, take nothing in clear, and have an address', () => {
  for (const audience of ['security', 'privacy'] as const) {
    const [id, topic] = Object.entries(resources(alarms, 'AWS::SNS::Topic')).find(([, one]) => one.Properties.TopicName === `zorgsluis-${audience}`) ?? [];
    assert.ok(id && topic, audience);
    assert.match(flat(topic.Properties.KmsMasterKeyId), /zorgsluis-keys:\w*logs/);
    const policy = one(alarms, 'AWS::SNS::TopicPolicy', ({ Topics }) => Topics[0].Ref === id).Properties.PolicyDocument;
    const all = statements(policy);
    assert.ok(all.some((one) => one.effect === 'Deny' && one.condition['Bool']?.['aws:SecureTransport'] === 'false'));
    const services = all.filter((one) => one.effect === 'Allow').map((one) => {
      assert.deepEqual(one.condition, { StringEquals: { 'aws:SourceAccount': '111111111111' } });
      return (one.principal as { Service: string }).Service;
    });
    assert.deepEqual(services, ['cloudwatch.amazonaws.com', 'events.amazonaws.com']);
    const subscription = one(alarms, 'AWS::SNS::Subscription', ({ TopicArn }) => TopicArn.Ref === id).Properties;
    assert.equal(subscription.Endpoint, settings.alarms[audience]);
  }
});

test('one dead letter rings, in each queue', () => {
  for (const name of Object.keys(QUEUES)) {
    const one = alarm(`dead-letters-${name}`);
    assert.equal(one.MetricName, 'ApproximateNumberOfMessagesVisible');
    assert.match(text(one.Dimensions), new RegExp(`${name.replaceAll('-', '')}deadletters`));
    assert.equal(one.ComparisonOperator, 'GreaterThanThreshold');
    assert.equal(one.Threshold, 0);
    assert.equal(one.EvaluationPeriods, 1);
  }
});

test('a message that waits too long rings, in each queue', () => {
  for (const [name, age] of Object.entries(OLDEST)) {
    const one = alarm(`oldest-${name}`);
    assert.equal(one.MetricName, 'ApproximateAgeOfOldestMessage');
    assert.equal(one.Threshold, age.toSeconds());
  }
  assert.deepEqual(Object.keys(OLDEST).sort(), Object.keys(QUEUES).sort());
});

test('errors and throttles of each function ring', () => {
  for (const program of needs.functions) {
    for (const [name, metric] of [['errors', 'Errors'], ['throttles', 'Throttles']] as const) {
      const one = alarm(`${name}-${program.name}`);
      assert.equal(one.MetricName, metric);
      assert.equal(one.Namespace, 'AWS/Lambda');
      assert.equal(one.Threshold, 0);
      assert.match(text(one.Dimensions), /zorgsluis-functions/);
    }
  }
  assert.equal(needs.functions.length, Object.keys(resources(functions, 'AWS::Lambda::Function')).length);
});

test('failures of the API ring at once, refusals when there are many', () => {
  assert.equal(alarm('api-5xx').MetricName, '5XXError');
  assert.equal(alarm('api-5xx').Threshold, 0);
  assert.equal(alarm('api-4xx').MetricName, '4XXError');
  assert.ok(alarm('api-4xx').Threshold > 0);
});

test('fewer than two listeners that take connections ring, and so does silence', () => {
  const all = [...made.values()].filter((one) => one.MetricName === 'HealthyHostCount');
  assert.equal(all.length, 3);
  for (const one of all) {
    assert.equal(one.ComparisonOperator, 'LessThanThreshold');
    assert.equal(one.Threshold, 2);
    assert.equal(one.TreatMissingData, 'breaching');
  }
});

test('a log that is not sealed rings for security and privacy, and so does a writer that says nothing', () => {
  for (const [name, metric] of [['checkpoint-age', 'CheckpointAge'], ['unsealed', 'Unsealed']] as const) {
    const one = alarm(name);
    assert.equal(one.Namespace, 'Zorgsluis');
    assert.equal(one.MetricName, metric);
    assert.equal(one.TreatMissingData, 'breaching');
    assert.deepEqual(told(name), ['privacy', 'security']);
  }
});

test('an emergency access, a bounce and a complaint ring for privacy', () => {
  for (const name of ['emergency-access', 'mail-bounced', 'mail-complained', 'denied-access']) {
    assert.deepEqual(told(name), ['privacy'], name);
  }
  assert.equal(alarm('emergency-access').Threshold, 0);
});

test('metrics of programs are those that programs write, with their dimensions', () => {
  const source = readFileSync(join(__dirname, '../../crates/aws/src/function/metrics.rs'), 'utf8');
  const written = [...source.matchAll(/=> "([A-Z]\w+)",/g)].map((match) => match[1]);
  assert.ok(source.includes('const NAMESPACE: &str = "Zorgsluis";'));
  assert.ok(source.includes('"Dimensions": [["Organisation", "Function"]]'));
  const own = [...made.values()].filter((one) => one.Namespace === 'Zorgsluis');
  assert.ok(own.length >= 7);
  for (const one of own) {
    assert.ok(written.includes(one.MetricName), `no program writes ${one.MetricName}`);
    const dimensions = Object.fromEntries(one.Dimensions.map(({ Name, Value }: { Name: string; Value: string }) => [Name, Value]));
    assert.equal(dimensions['Organisation'], 'example');
    assert.ok(needs.programs.has(dimensions['Function']), dimensions['Function']);
  }
});

test('each of these in the trail rings: root, failed log-ins, break-glass, keys that end, the EU left, a guard taken off', () => {
  const filters = new Map(
    Object.values(resources(alarms, 'AWS::Logs::MetricFilter')).map(({ Properties }) => [
      Properties.MetricTransformations[0].MetricName as string,
      Properties.FilterPattern as string,
    ]),
  );
  for (const { name, to } of trailAlarms(settings)) {
    const one = alarm(name);
    assert.equal(one.Namespace, 'Zorgsluis/Trail');
    assert.ok(filters.has(one.MetricName), name);
    assert.deepEqual(told(name), [...to].sort(), name);
  }
  // CloudWatch takes no longer ones.
  for (const [name, pattern] of filters) assert.ok(pattern.length <= 1024, `${name}: ${pattern.length}`);
  const has = (name: string, ...words: string[]) => words.forEach((word) => assert.ok(filters.get(name)?.includes(word), `${name}: ${word}`));
  has('root-use', '"Root"');
  has('failed-console-log-in', 'ConsoleLogin', 'Failed authentication');
  has('break-glass-role', settings.breakGlassRole);
  has('key-ends', 'ScheduleKeyDeletion', 'DisableKey');
  // Each region by its name: London and Zürich are called eu and are not in the EU.
  has('outside-the-eu', '($.awsRegion != "eu-west-1")', '($.awsRegion != "eu-central-1")');
  assert.doesNotMatch(filters.get('outside-the-eu') ?? '', /eu-\*|eu-west-2|eu-central-2/);
  has('trail-changed', 'StopLogging', 'DeleteTrail');
  has('bucket-guard-changed', 'PutBucketPolicy', 'PutBucketObjectLockConfiguration');
  has('bucket-guard-changed', 'DeleteBucketReplication', 'DeleteBucketLifecycle', 'PutBucketEncryption', 'DeleteBucketEncryption');
  has('bucket-guard-changed', 'PutBucketLogging', 'PutBucketOwnershipControls', 'DeleteBucket"');
  has('key-guard-changed', '"PutKeyPolicy"', '"UpdatePrimaryRegion"', '"ReplicateKey"');
  assert.match(filters.get('key-guard-changed') ?? '', /\(\$\.eventName = "CreateGrant"\) && \(\$\.userIdentity\.invokedBy NOT EXISTS\)/);
  assert.deepEqual(told('key-guard-changed'), ['privacy', 'security']);
});

/** Whether a filter of CloudWatch's language takes an event, for what our filters use of it. */
function takes(pattern: string, event: object): boolean {
  const at = (path: string) => path.split('.').reduce<unknown>((found, name) => (found as Record<string, unknown> | undefined)?.[name], event);
  const like = (value: unknown, glob: string) =>
    new RegExp(`^${glob.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('.*')}$`).test(String(value));
  const judged = pattern
    .replace(/^\{(.*)\}$/, '$1')
    .replace(/\(\$\.([\w.-]+) (?:(NOT EXISTS)|(!?=) "([^"]*)")\)/g, (_, path: string, absent?: string, how?: string, value = '') => {
      const found = at(path);
      if (absent) return String(found === undefined);
      // What does not exist is neither equal nor unequal.
      return String(found !== undefined && like(found, value) === (how === '='));
    });
  assert.match(judged, /^[\s()&|truefals]+$/, 'a filter that this test cannot read');
  return new Function(`return ${judged}`)() as boolean;
}

test('whoever reads or copies an object past the application rings: as a role, as an IAM user, as root; programs do not', () => {
  const filters = trailAlarms(settings);
  const ringing = (event: object) => filters.filter(({ name }) => /^(raw-|image-|object)/.test(name)).filter(({ pattern }) => takes(pattern, event)).map(({ name }) => name);
  const read = (kind: string, userIdentity: object, eventName = 'GetObject', more: object = {}) => ({
    eventSource: 's3.amazonaws.com',
    eventName,
    userIdentity,
    requestParameters: { bucketName: settings.bucketName(kind), key: 'messages/x', ...more },
  });
  const as = (userName: string) => ({ type: 'AssumedRole', sessionContext: { sessionIssuer: { userName } } });
  const user = { type: 'IAMUser', userName: 'somebody' };
  assert.deepEqual(ringing(read('raw', as('AWSReservedSSO_Administrator'))), ['raw-message-read-by-hand']);
  assert.deepEqual(ringing(read('imaging', as('AWSReservedSSO_Administrator'))), ['image-read-by-hand']);
  assert.deepEqual(ringing(read('imaging', as('zorgsluis-converter'))), ['image-read-by-hand'], 'no program reads images');
  for (const kind of ['raw', 'imaging', 'log', 'settings']) {
    assert.deepEqual(ringing(read(kind, user)), ['object-read-without-a-role'], kind);
    assert.deepEqual(ringing(read(kind, { type: 'Root' }, 'SelectObjectContent')), ['object-read-without-a-role'], kind);
    const whence = { bucketName: 'elsewhere', 'x-amz-copy-source': `${settings.bucketName(kind)}/messages/x` };
    for (const name of ['CopyObject', 'UploadPartCopy']) {
      assert.deepEqual(ringing(read(kind, as('zorgsluis-converter'), name, whence)), ['objects-copied-out'], `${kind} ${name}`);
    }
    const slash = { bucketName: 'elsewhere', 'x-amz-copy-source': `/${settings.bucketName(kind)}/messages/x` };
    assert.deepEqual(ringing(read(kind, user, 'CopyObject', slash)), ['objects-copied-out']);
  }
  for (const name of ['ingest', 'converter', 'enricher', 'notifier', 'audit-writer', 'listener']) {
    assert.deepEqual(ringing(read('raw', as(settings.roleName(name)))), [], name);
  }
  assert.deepEqual(ringing(read('imaging', as(settings.roleName('malware-scan')))), []);
  assert.deepEqual(ringing(read('raw', { ...user, invokedBy: 'macie.amazonaws.com' })), []);
  assert.deepEqual(ringing(read('raw', as('AWSReservedSSO_Administrator'), 'HeadObject')), []);
  const own = calledActions('s3');
  assert.ok(own.includes('s3:GetObject') && !own.some((action) => action.includes('Copy')), 'no program copies');
});

test('a grant rings when a person makes it and not when a service asks for it', () => {
  const pattern = trailAlarms(settings).find(({ name }) => name === 'key-guard-changed')?.pattern ?? '';
  const grant = (userIdentity: object) => ({ eventSource: 'kms.amazonaws.com', eventName: 'CreateGrant', userIdentity });
  assert.ok(takes(pattern, grant({ type: 'AssumedRole' })));
  assert.ok(!takes(pattern, grant({ type: 'AssumedRole', invokedBy: 'dynamodb.amazonaws.com' })));
  assert.ok(takes(pattern, { eventSource: 'kms.amazonaws.com', eventName: 'PutKeyPolicy', userIdentity: { invokedBy: 'cloudformation.amazonaws.com' } }));
  assert.ok(!takes(pattern, { eventSource: 'kms.amazonaws.com', eventName: 'Decrypt', userIdentity: {} }));
});

test('a key that is to be deleted is told of as it happens, not only when the trail has been read', () => {
  const rule = one(alarms, 'AWS::Events::Rule', ({ Name }) => Name === 'zorgsluis-keysending').Properties;
  assert.deepEqual(rule.EventPattern.source, ['aws.kms']);
  assert.ok(rule.EventPattern.detail.eventName.includes('ScheduleKeyDeletion'));
  assert.equal(rule.Targets.length, 2);
});

test('findings of GuardDuty, Security Hub, Macie and Inspector are told of', () => {
  const sources = Object.values(resources(alarms, 'AWS::Events::Rule')).flatMap((one) => one.Properties.EventPattern.source);
  for (const source of ['aws.guardduty', 'aws.securityhub', 'aws.macie', 'aws.inspector2']) assert.ok(sources.includes(source), source);
});

test('every alarm tells somebody, says what it means, and measures something that stands', () => {
  const namespaces = ['AWS/SQS', 'AWS/Lambda', 'AWS/ApiGateway', 'AWS/NetworkELB', 'Zorgsluis', 'Zorgsluis/Trail'];
  assert.ok(made.size > 30);
  for (const [name, one] of made) {
    assert.ok(one.AlarmActions.length > 0, name);
    assert.ok(one.AlarmDescription.length > 15, name);
    assert.ok(namespaces.includes(one.Namespace), `${name}: ${one.Namespace}`);
    for (const { Name, Value } of one.Dimensions ?? []) assert.ok(Name && Value, name);
  }
});

test('a dashboard shows every alarm, the queues, the functions and the log', () => {
  const body = flat(one(alarms, 'AWS::CloudWatch::Dashboard').Properties.DashboardBody);
  for (const word of ['CheckpointAge', 'Unsealed', 'EmergencyAccess', 'ApproximateAgeOfOldestMessage', 'Processed', 'HealthyHostCount']) {
    assert.ok(body.includes(word), word);
  }
  assert.equal(body.match(/<[^>]*Arn>/g)?.length, made.size);
});
