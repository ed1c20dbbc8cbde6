import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Needs } from '../lib/needs';
import { QUEUES, QueueName } from '../lib/queues';
import { app, build, one, Resource, resources } from './app';
import { text } from './text';
import { Template } from 'aws-cdk-lib/assertions';

const { functions } = app().stacks;
const needs = new Needs();

/** The functions of the template, by their name without the prefix. */
const made = new Map(
  Object.entries(resources(functions, 'AWS::Lambda::Function')).map(([id, resource]) => [
    resource.Properties.FunctionName.replace(/^zorgsluis-/, '') as string,
    { id, of: resource.Properties as Resource['Properties'] },
  ]),
);

function of(name: string) {
  const found = made.get(name);
  assert.ok(found, name);
  return found;
}

test('the functions are those of crates/aws/functions, with their memory and time', () => {
  assert.deepEqual([...made.keys()].sort(), needs.functions.map((one) => one.name).sort());
  for (const program of needs.functions) {
    assert.equal(of(program.name).of.MemorySize, program.memory);
    assert.equal(of(program.name).of.Timeout, program.timeout);
  }
});

test('a function runs its own bootstrap on provided.al2023, for x86_64, and for arm64 when asked', () => {
  for (const { of: one } of made.values()) {
    assert.equal(one.Runtime, 'provided.al2023');
    assert.equal(one.Handler, 'bootstrap');
    assert.deepEqual(one.Architectures, ['x86_64']);
  }
  const arm = Template.fromStack(build({ architecture: 'arm64' }).stacks.functions);
  for (const one of Object.values(arm.findResources('AWS::Lambda::Function'))) {
    assert.deepEqual(one['Properties'].Architectures, ['arm64']);
  }
});

test('a function stands in the private subnets of all three zones, in the security group of functions', () => {
  for (const [name, { of: one }] of made) {
    assert.equal(one.VpcConfig.SubnetIds.length, 3);
    assert.match(text(one.VpcConfig.SubnetIds), /privateSubnet/i);
    assert.match(text(one.VpcConfig.SecurityGroupIds[0]), /functions/i);
    // The way to the witnesses is open to the writer of the log alone.
    assert.deepEqual(one.VpcConfig.SecurityGroupIds.slice(1).map((id: unknown) => /witnesses/i.test(text(id))), name === 'audit-writer' ? [true] : []);
  }
});

test('each function has a role of its own that Lambda alone can take on', () => {
  const roles = [...made.values()].map(({ of: one }) => text(one.Role));
  assert.equal(new Set(roles).size, made.size);
  for (const name of made.keys()) {
    const role = one(functions, 'AWS::IAM::Role', ({ RoleName }) => RoleName === `zorgsluis-${name}`).Properties;
    assert.deepEqual(role.AssumeRolePolicyDocument.Statement.map((one: { Principal: object }) => one.Principal), [
      { Service: 'lambda.amazonaws.com' },
    ]);
    assert.equal(role.ManagedPolicyArns, undefined);
    assert.equal(role.Policies, undefined);
  }
});

test('a function is traced and writes JSON into a group that stands before it', () => {
  for (const [name, { of: one }] of made) {
    assert.deepEqual(one.TracingConfig, { Mode: 'Active' });
    assert.equal(one.LoggingConfig.LogFormat, 'JSON');
    const group = resources(functions, 'AWS::Logs::LogGroup')[one.LoggingConfig.LogGroup.Ref];
    assert.equal(group?.Properties.LogGroupName, `/aws/lambda/zorgsluis-${name}`);
  }
});

test('logs are encrypted with the key of logs and kept for a term that CloudWatch knows', () => {
  const groups = Object.values(resources(functions, 'AWS::Logs::LogGroup'));
  assert.equal(groups.length, made.size);
  for (const { Properties } of groups) {
    assert.match(text(Properties.KmsKeyId), /zorgsluis-keys.*logs/);
    assert.ok(RetentionDays[Properties.RetentionInDays], String(Properties.RetentionInDays));
  }
  assert.throws(() => build({ logDays: 366 }), /CloudWatch does not know 366 days/);
});

test('a function has the variables that its file names, and no others', () => {
  for (const program of needs.functions) {
    assert.deepEqual(Object.keys(of(program.name).of.Environment.Variables).sort(), [...program.environment].sort());
  }
});

test('no variable is a secret', () => {
  for (const { of: one } of made.values()) {
    for (const [name, value] of Object.entries(one.Environment.Variables)) {
      assert.doesNotMatch(text(value), /resolve:(secretsmanager|ssm)|BEGIN |AKIA/, name);
      // Names of keys in KMS, never the keys.
      if (name.endsWith('_KEY')) assert.match(text(value), /zorgsluis-keys.*Arn/, name);
    }
  }
});

test('ingest has reserved concurrency; functions behind a queue are held back by their mapping', () => {
  for (const program of needs.functions) {
    const reserved = of(program.name).of.ReservedConcurrentExecutions;
    assert.equal(reserved, program.sources.length === 0 ? program.concurrency : undefined, program.name);
  }
  assert.equal(of('ingest').of.ReservedConcurrentExecutions, needs.program('ingest').concurrency);
});

/** The mapping from a queue to its function. */
function mapping(queue: string, name: string): Resource['Properties'] {
  const id = of(name).id;
  return one(
    functions,
    'AWS::Lambda::EventSourceMapping',
    ({ FunctionName, EventSourceArn }) =>
      FunctionName.Ref === id && text(EventSourceArn).includes(`GetAtt${queue.replaceAll('-', '')}`),
  ).Properties;
}

test('every queue calls one function, which says of each message whether it failed', () => {
  const sources = needs.functions.flatMap((program) => program.sources.map((source) => ({ program, source })));
  assert.deepEqual(sources.map(({ source }) => source.queue).sort(), Object.keys(QUEUES).sort());
  assert.equal(Object.keys(resources(functions, 'AWS::Lambda::EventSourceMapping')).length, sources.length);
  for (const { program, source } of sources) {
    const made = mapping(source.queue, program.name);
    assert.deepEqual(made.FunctionResponseTypes, ['ReportBatchItemFailures']);
    assert.equal(made.BatchSize, source.batch);
    assert.equal(made.ScalingConfig.MaximumConcurrency, program.concurrency);
    assert.ok(made.ScalingConfig.MaximumConcurrency >= 2);
  }
});

test('a batch of a FIFO queue is 10 at most and is not waited for; one of the audit queue is big and is', () => {
  for (const program of needs.functions) {
    for (const { queue } of program.sources.filter((source) => QUEUES[source.queue as QueueName])) {
      assert.ok(mapping(queue, program.name).BatchSize <= 10, queue);
      assert.equal(mapping(queue, program.name).MaximumBatchingWindowInSeconds, undefined, queue);
    }
  }
  const audit = mapping('audit', 'audit-writer');
  assert.ok(audit.BatchSize > 10);
  assert.ok(audit.MaximumBatchingWindowInSeconds >= 1);
});

test('ingest sweeps and the audit writer checkpoints every minute, each called by a role for it alone', () => {
  for (const name of ['ingest', 'audit-writer']) {
    const schedule = one(functions, 'AWS::Scheduler::Schedule', ({ Name }) => Name === name).Properties;
    assert.equal(schedule.ScheduleExpression, 'rate(1 minute)');
    assert.deepEqual(schedule.FlexibleTimeWindow, { Mode: 'OFF' });
    assert.equal(schedule.State ?? 'ENABLED', 'ENABLED');
    assert.equal(JSON.parse(schedule.Target.Input)['detail-type'], 'Scheduled Event');
    assert.deepEqual(schedule.Target.Arn, { 'Fn::GetAtt': [of(name).id, 'Arn'] });
    const role = schedule.Target.RoleArn['Fn::GetAtt'][0];
    const policy = one(functions, 'AWS::IAM::ManagedPolicy', ({ Roles }) => text(Roles).includes(`"${role}"`)).Properties;
    assert.deepEqual(policy.PolicyDocument.Statement, [
      { Effect: 'Allow', Action: 'lambda:InvokeFunction', Resource: { 'Fn::GetAtt': [of(name).id, 'Arn'] } },
    ]);
  }
});

test('a schedule’s call that failed is not repeated: the next one comes within the minute', () => {
  for (const { id } of made.values()) {
    const config = one(functions, 'AWS::Lambda::EventInvokeConfig', ({ FunctionName }) => FunctionName.Ref === id).Properties;
    assert.equal(config.MaximumRetryAttempts, 0);
    assert.equal(config.MaximumEventAgeInSeconds, 60);
  }
});

test('a deployment refuses what was not built', () => {
  assert.throws(() => build({ refusePlaceholders: true }), /run make build first|push the image first/);
});
