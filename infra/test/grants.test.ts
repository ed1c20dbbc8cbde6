import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Stack } from 'aws-cdk-lib';
import { PLATFORM_ACTIONS } from '../lib/functions';
import { Need, Needs, Program } from '../lib/needs';
import { POLICIES_OF_AWS, WILDCARDS } from '../lib/wildcards';
import { allStacks, app, flat, resources, Statement, statements } from './app';

const { functions, keys, listener, storage, tables, network, settings } = app().stacks;
const needs = new Needs();

/** The statements of all policies of a role, by the role's name. */
function granted(stack: Stack, roleName: string): Statement[] {
  const [id, role] = Object.entries(resources(stack, 'AWS::IAM::Role')).find(([, one]) => one.Properties.RoleName === roleName) ?? [];
  assert.ok(id && role, roleName);
  assert.deepEqual(role.Properties.Policies ?? [], [], `${roleName} has inline policies`);
  assert.deepEqual(role.Properties.ManagedPolicyArns ?? [], [], `${roleName} has policies of AWS`);
  assert.deepEqual(Object.values(resources(stack, 'AWS::IAM::Policy')).filter((one) => flat(one.Properties.Roles).includes(`<${id}>`)), []);
  return Object.values(resources(stack, 'AWS::IAM::ManagedPolicy'))
    .filter((one) => flat(one.Properties.Roles).includes(`<${id}>`))
    .flatMap((one) => statements(one.Properties.PolicyDocument));
}

/** What a resource of a template is called in `crates/aws/actions`. */
function called(arn: string): string {
  if (arn === '*') return 'comprehend-medical';
  const table = /:table\/zorgsluis-([a-z-]+)(\/index\/\*)?$/.exec(arn);
  if (table) return `table/${table[1]}${table[2] ? '/index' : ''}`;
  const bucket = /^arn:aws:s3:::zorgsluis-([a-z]+)-111111111111-eu-west-1(\/.*)?$/.exec(arn);
  if (bucket) return `bucket/${bucket[1]}${bucket[2] ?? ''}`;
  const key = /^<zorgsluis-keys:\w*GetAtt(phi|audit|queues|logsigning|pseudonyms)2?[0-9A-F]{8}Arn/.exec(arn);
  if (key) return `key/${key[1]?.replace('logsigning', 'log-signing')}`;
  const queue = /^<zorgsluis-queues:\w*GetAtt(inbound|notes|notices|audit|mailevents)[0-9A-F]{8}Arn/.exec(arn);
  if (queue) return `queue/${queue[1]?.replace('mailevents', 'mail-events')}`;
  if (/^<zorgsluis-fhir-store:/.test(arn)) return 'healthlake';
  if (/^arn:aws:ses:eu-west-1:111111111111:(identity\/zorgsluis\.example|configuration-set\/zorgsluis-notices)$/.test(arn)) return 'ses';
  return assert.fail(`an ARN that crates/aws/actions has no word for: ${arn}`);
}

const line = (action: string, on: string, via?: unknown) => `${action} on ${on}${via ? ` via ${String(via)}` : ''}`;

/** What the ports of a program need, a line for each action. */
function wanted(program: Program): Set<string> {
  return new Set(needs.of(program).flatMap((need: Need) => need.actions.map((action) => line(action, need.on, need.via))));
}

/** What a role may do, in the same words. */
function allowed(all: Statement[]): Set<string> {
  return new Set(
    all
      .filter((one) => one.effect === 'Allow' && !one.actions.every((action) => PLATFORM_ACTIONS.includes(action)))
      .flatMap((one) => {
        const via = one.condition['StringEquals']?.['kms:ViaService'] as string | undefined;
        const service = via?.replace('.eu-west-1.amazonaws.com', '');
        return one.actions.flatMap((action) => one.resources.map((arn) => line(action, called(arn), service)));
      }),
  );
}

for (const program of needs.functions) {
  test(`the role of ${program.name} holds the actions that its ports call, and no others`, () => {
    const all = granted(functions, `zorgsluis-${program.name}`);
    assert.deepEqual([...allowed(all)].sort(), [...wanted(program)].sort());
  });

  test(`what Lambda does with the role of ${program.name}, its code may not do`, () => {
    const all = granted(functions, `zorgsluis-${program.name}`);
    const platform = all.filter((one) => one.effect === 'Allow' && one.actions.every((action) => PLATFORM_ACTIONS.includes(action)));
    assert.deepEqual(platform.flatMap((one) => one.actions).sort(), [...PLATFORM_ACTIONS].sort());
    const network = PLATFORM_ACTIONS.filter((action) => action.startsWith('ec2:')).sort();
    const denied = all.filter((one) => one.effect === 'Deny');
    assert.equal(denied.length, 1);
    assert.deepEqual(denied[0]?.actions.toSorted(), network);
    assert.deepEqual(denied[0]?.condition, {
      ArnEquals: { 'lambda:SourceFunctionArn': `arn:aws:lambda:eu-west-1:111111111111:function:zorgsluis-${program.name}` },
    });
  });
}

test('the role of the listener holds the actions that its ports call, and no others', () => {
  assert.deepEqual([...allowed(granted(listener, 'zorgsluis-listener'))].sort(), [...wanted(needs.container)].sort());
});

test('whoever calls HealthLake may use the key of the store through it, and every key by a service that its policy knows', () => {
  const callers = needs.functions.filter(({ ports }) => ports.some(({ port }) => port === 'fhir-store'));
  assert.ok(callers.length > 0);
  for (const program of callers) {
    const through = granted(functions, `zorgsluis-${program.name}`).filter(
      (one) => one.condition['StringEquals']?.['kms:ViaService'] === 'healthlake.eu-west-1.amazonaws.com',
    );
    assert.deepEqual(through.map((one) => [one.actions.toSorted(), one.resources.map(called)]), [
      [['kms:Decrypt', 'kms:DescribeKey', 'kms:GenerateDataKey'], ['key/phi']],
    ]);
  }
  for (const program of needs.programs.values()) {
    for (const { on, via, actions } of needs.of(program).filter((need) => need.via)) {
      const key = resources(keys, 'AWS::KMS::Key');
      const [, found] = Object.entries(key).find(([id]) => id.replace(/[0-9A-F]{8}$/, '') === on.replace('key/', '')) ?? [];
      const allow = statements(found?.Properties.KeyPolicy).find((one) => one.sid === 'ThroughServices');
      const services = [allow?.condition['StringEquals']?.['kms:ViaService']].flat();
      assert.ok(services.includes(`${via}.eu-west-1.amazonaws.com`), `${on} via ${via}`);
      for (const action of actions) assert.ok(allow?.actions.includes(action), `${on}: ${action}`);
    }
  }
});

test('the buckets and tables that policies name by their name are those that stand', () => {
  const buckets = Object.values(resources(storage, 'AWS::S3::Bucket')).map((one) => one.Properties.BucketName);
  const named = Object.values(resources(tables, 'AWS::DynamoDB::GlobalTable')).map((one) => one.Properties.TableName);
  for (const program of needs.programs.values()) {
    for (const { on } of needs.of(program)) {
      const [kind, name = ''] = on.split('/');
      if (kind === 'bucket') assert.ok(buckets.includes(settings.bucketName(name)), on);
      if (kind === 'table') assert.ok(named.includes(`zorgsluis-${name}`), on);
    }
  }
});

test('every port that crates/aws has is used by a program, or is for the command line', () => {
  const used = new Set([...needs.programs.values()].flatMap((program) => program.ports.map((use) => use.port)));
  const byHand = ['audit-sink', 'erasure', 'keys-destroy', 'log-verify'];
  assert.deepEqual([...needs.names].filter((port) => !used.has(port) && !byHand.includes(port)), []);
});

test('the endpoints of S3 and DynamoDB let through what programs call', () => {
  const endpoints = Object.values(resources(network, 'AWS::EC2::VPCEndpoint')).filter((one) => one.Properties.VpcEndpointType === 'Gateway');
  const through = new Set(endpoints.flatMap((one) => statements(one.Properties.PolicyDocument).flatMap((statement) => statement.actions)));
  for (const program of needs.programs.values()) {
    for (const need of needs.of(program)) {
      for (const action of need.actions.filter((action) => /^(s3|dynamodb):/.test(action))) {
        assert.ok(through.has(action), `${program.name} calls ${action}, which no endpoint lets through`);
      }
    }
  }
});

/** Every statement of every role's policy in the app, with its place. */
function everything(): { at: string; statement: Statement }[] {
  return [...allStacks().values()].flatMap((stack) => {
    const policies = [
      ...Object.entries(resources(stack, 'AWS::IAM::ManagedPolicy')),
      ...Object.entries(resources(stack, 'AWS::IAM::Policy')),
    ].map(([id, one]) => ({ id, documents: [one.Properties.PolicyDocument] }));
    const roles = Object.entries(resources(stack, 'AWS::IAM::Role')).map(([id, one]) => ({
      id,
      documents: (one.Properties.Policies ?? []).map((policy: { PolicyDocument: object }) => policy.PolicyDocument),
    }));
    return [...policies, ...roles].flatMap(({ id, documents }) =>
      documents.flatMap((document: Parameters<typeof statements>[0]) =>
        statements(document).map((statement) => ({ at: `${stack.node.id}/${id}`, statement })),
      ),
    );
  });
}

test('no role may do an action with a wildcard', () => {
  const wild = everything().filter(({ statement }) => statement.effect === 'Allow' && statement.actions.some((action) => action.includes('*')));
  assert.deepEqual(wild.map(({ at, statement }) => `${at}: ${statement.actions.join(' ')}`), []);
});

test('the wildcard resources of all roles are those of the list, each with its reason, and the list has no others', () => {
  const found = everything()
    .filter(({ statement }) => statement.effect === 'Allow' && statement.resources.includes('*'))
    .flatMap(({ at, statement }) => statement.actions.map((action) => ({ at, action })));
  const unlisted = found.filter(({ at, action }) => !WILDCARDS.some((one) => one.who.test(at) && one.actions.includes(action)));
  assert.deepEqual(unlisted.map(({ at, action }) => `${at}: ${action}`), []);
  for (const { who, actions, reason } of WILDCARDS) {
    assert.ok(reason.length > 20, String(who));
    for (const action of actions) {
      assert.ok(found.some((one) => who.test(one.at) && one.action === action), `nobody of ${String(who)} needs ${action} any more`);
    }
  }
});

test('policies that AWS wrote are attached only where the list says why', () => {
  const attached = [...allStacks().values()].flatMap((stack) =>
    Object.entries(resources(stack, 'AWS::IAM::Role')).flatMap(([id, role]) =>
      (role.Properties.ManagedPolicyArns ?? []).map((arn: unknown) => `${stack.node.id}/${id} ${flat(arn).split(':policy/').pop()?.replace(/"\}$/, '')}`),
    ),
  );
  const fits = (line: string) => (one: (typeof POLICIES_OF_AWS)[number]) => one.who.test(line) && line.endsWith(` ${one.policy}`);
  assert.deepEqual(attached.filter((line) => !POLICIES_OF_AWS.some(fits(line))), []);
  for (const one of POLICIES_OF_AWS) {
    assert.ok(attached.some((line) => fits(line)(one)), `nobody needs ${one.policy} any more`);
  }
});
