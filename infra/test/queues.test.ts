import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allStacks, app, one, resources } from './app';
import { text } from './text';
import { QUEUES } from '../lib/queues';

const { queues, functions, mail } = app().stacks;

/** The properties of a queue, by its name without the prefix and ending. */
function queue(name: string) {
  return one(queues, 'AWS::SQS::Queue', ({ QueueName }) => QueueName.replace(/\.fifo$/, '') === `zorgsluis-${name}`).Properties;
}

const names = Object.keys(QUEUES);
const both = names.flatMap((name) => [name, `${name}-dead-letters`]);

test('there are no queues but those that code and infrastructure share, and their dead letters', () => {
  const made = [...allStacks().values()].flatMap((stack) => Object.values(resources(stack, 'AWS::SQS::Queue')));
  assert.equal(made.length, both.length);
});

test('each queue has a dead-letter queue of its own type, after ten tries or, where order matters, a hundred', () => {
  for (const [name, fifo] of Object.entries(QUEUES)) {
    const { RedrivePolicy, FifoQueue } = queue(name);
    const dead = queue(`${name}-dead-letters`);
    assert.equal(RedrivePolicy.maxReceiveCount, fifo ? 100 : 10);
    assert.match(text(RedrivePolicy.deadLetterTargetArn), new RegExp(`${name.replaceAll('-', '')}deadletters`));
    assert.equal(FifoQueue ?? false, fifo);
    assert.equal(dead.FifoQueue ?? false, fifo);
  }
});

test('only its own queue may put anything into a dead-letter queue by redrive', () => {
  for (const name of names) {
    const { RedriveAllowPolicy } = queue(`${name}-dead-letters`);
    assert.deepEqual(RedriveAllowPolicy, {
      redrivePermission: 'byQueue',
      sourceQueueArns: [`arn:aws:sqs:eu-west-1:111111111111:${queue(name).QueueName}`],
    });
  }
});

test('a message stays with the function that took it for six times its time-out, and the wait for its batch', () => {
  let compared = 0;
  for (const mapping of Object.values(resources(functions, 'AWS::Lambda::EventSourceMapping'))) {
    const of = resources(functions, 'AWS::Lambda::Function')[mapping.Properties.FunctionName.Ref];
    const source = names.find((name) => text(mapping.Properties.EventSourceArn).includes(`GetAtt${name.replaceAll('-', '')}`));
    assert.ok(of && source, text(mapping.Properties));
    const least = 6 * of.Properties.Timeout + (mapping.Properties.MaximumBatchingWindowInSeconds ?? 0);
    assert.ok(queue(source).VisibilityTimeout >= least, `${source}: ${queue(source).VisibilityTimeout} < ${least}`);
    compared += 1;
  }
  assert.equal(compared, names.length);
});

test('queues are encrypted with the key of queues and keep what they have for 14 days', () => {
  for (const name of both) {
    assert.match(text(queue(name).KmsMasterKeyId), /zorgsluis-keys.*queues/);
    assert.equal(queue(name).MessageRetentionPeriod, 14 * 24 * 3600);
  }
});

test('FIFO queues are of high throughput, and senders give the id of a message', () => {
  for (const name of names.filter((name) => QUEUES[name as keyof typeof QUEUES])) {
    for (const of of [queue(name), queue(`${name}-dead-letters`)]) {
      assert.equal(of.DeduplicationScope, 'messageGroup');
      assert.equal(of.FifoThroughputLimit, 'perMessageGroupId');
      assert.equal(of.ContentBasedDeduplication, false);
      assert.ok(of.QueueName.endsWith('.fifo'));
    }
  }
});

test('queues answer over TLS only, and to their own account only', () => {
  const policies = Object.values(resources(queues, 'AWS::SQS::QueuePolicy'));
  assert.equal(policies.length, both.length);
  for (const policy of policies) {
    const denials = policy.Properties.PolicyDocument.Statement.filter((one: { Effect: string }) => one.Effect === 'Deny');
    assert.ok(denials.some((one: object) => text(one).includes('"aws:SecureTransport":"false"')));
    assert.ok(denials.some((one: object) => text(one).includes('"StringNotEqualsIfExists":{"aws:PrincipalAccount":"111111111111"}')));
  }
});

test('only the rule of events of mails may send into a queue from outside the account’s roles', () => {
  const rule = one(mail, 'AWS::Events::Rule').Properties.Name;
  const allowed = Object.values(resources(queues, 'AWS::SQS::QueuePolicy')).flatMap((policy) =>
    policy.Properties.PolicyDocument.Statement.filter((one: { Effect: string }) => one.Effect === 'Allow'),
  );
  assert.equal(allowed.length, 2);
  for (const statement of allowed) {
    assert.deepEqual(statement.Principal, { Service: 'events.amazonaws.com' });
    assert.deepEqual(statement.Condition, {
      ArnEquals: { 'aws:SourceArn': `arn:aws:events:eu-west-1:111111111111:rule/${rule}` },
    });
  }
});
