import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { zorgsluis } from '../lib/app';
import { temporary } from './temporary';

/** The context of `cdk.json`, as the command line gives it. */
export const CONTEXT = JSON.parse(readFileSync(join(__dirname, '../cdk.json'), 'utf8')).context as Record<string, unknown>;

/** Everything switched on, so that nothing escapes the checks. */
export const EVERYTHING = {
  database: true,
  siem: true,
  snomed: true,
  comprehendMedical: true,
  senders: ['192.0.2.0/24'],
  logSigningKeys: 2,
  witnesses: [{ url: 'https://toezicht.example:8443', key: 'toezicht.example/w1+5d0a1b2c+BAAA', network: '10.99.1.0/24' }],
  vpn: { customerGatewayIp: '203.0.113.10', asn: 65010, cidrs: ['10.99.0.0/16'] },
};

/** An app with this on top of the example context; nothing is written where a person would look for it. */
export function build(context: Record<string, unknown> = {}) {
  const app = new App({ context: { ...CONTEXT, ...context }, outdir: temporary('cdk') });
  return { app, stacks: zorgsluis(app) };
}

let whole: ReturnType<typeof build> | undefined;

/** The whole app with everything switched on, made once in a process. */
export function app() {
  return (whole ??= build(EVERYTHING));
}

const templates = new Map<Stack, Template>();

/** The template of a stack of `app()`. */
export function template(stack: Stack): Template {
  const known = templates.get(stack) ?? Template.fromStack(stack);
  templates.set(stack, known);
  return known;
}

/** All stacks of `app()` by their id. */
export function allStacks(): Map<string, Stack> {
  const found = app().app.node.findAll().filter((node) => Stack.isStack(node));
  return new Map(found.map((stack) => [stack.node.id, stack]));
}

/** A resource of a template. */
export interface Resource {
  Type: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- templates have the shape that CloudFormation gives them
  Properties: any;
  DeletionPolicy?: string;
}

/** The resources of a type, by logical id. */
export function resources(stack: Stack, type: string): Record<string, Resource> {
  return template(stack).findResources(type) as Record<string, Resource>;
}

/** The one resource of a type that fits; fails when there are none or many. */
export function one(stack: Stack, type: string, fits: (properties: Resource['Properties']) => boolean = () => true): Resource {
  const found = Object.values(resources(stack, type)).filter((resource) => fits(resource.Properties ?? {}));
  if (found.length !== 1 || !found[0]) throw new Error(`${stack.node.id}: ${found.length} resources ${type} fit, not 1`);
  return found[0];
}

/**
 * A value of a template as plain text: `Fn::Join` put together, a reference as `<LogicalId>` or
 * `<LogicalId.Attribute>`, a value of another stack as `<stack:output>`.
 */
export function flat(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return value.map(flat).join(',');
  const [[name, argument] = ['', undefined], ...rest] = Object.entries(value as Record<string, unknown>);
  if (rest.length > 0) return JSON.stringify(value);
  if (name === 'Ref') return `<${String(argument)}>`;
  if (name === 'Fn::GetAtt') return `<${(argument as string[]).join('.')}>`;
  if (name === 'Fn::Join') return ((argument as [string, unknown[]])[1] ?? []).map(flat).join((argument as [string])[0]);
  if (name === 'Fn::ImportValue') return `<${flat(argument)}>`;
  if (name === 'Fn::GetStackOutput') {
    const { StackName, OutputName } = argument as Record<string, string>;
    return `<${StackName}:${OutputName}>`;
  }
  return JSON.stringify(value);
}

/** A statement of a policy, with actions and resources as lists of plain text. */
export interface Statement {
  sid: string;
  effect: 'Allow' | 'Deny';
  principal: unknown;
  actions: string[];
  resources: string[];
  condition: Record<string, Record<string, unknown>>;
}

const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : value === undefined ? [] : [value]);

/** The statements of a policy document. */
export function statements(document: { Statement: Record<string, unknown>[] }): Statement[] {
  return document.Statement.map((statement) => ({
    sid: String(statement['Sid'] ?? ''),
    effect: statement['Effect'] as 'Allow' | 'Deny',
    principal: statement['Principal'],
    actions: list(statement['Action']).map(String),
    resources: list(statement['Resource']).map(flat),
    condition: (statement['Condition'] ?? {}) as Statement['condition'],
  }));
}

/** The statements of a bucket's policy, by the name of the bucket. */
export function bucketPolicy(stack: Stack, bucketName: string): Statement[] {
  const id = Object.entries(resources(stack, 'AWS::S3::Bucket')).find(([, bucket]) => bucket.Properties.BucketName === bucketName)?.[0];
  if (!id) throw new Error(`${stack.node.id} has no bucket ${bucketName}`);
  return statements(one(stack, 'AWS::S3::BucketPolicy', (policy) => policy.Bucket.Ref === id).Properties.PolicyDocument);
}

/** The statement of this name. */
export function named(all: Statement[], sid: string): Statement {
  const found = all.find((statement) => statement.sid === sid);
  if (!found) throw new Error(`no statement ${sid} among ${all.map((statement) => statement.sid).join(', ')}`);
  return found;
}
