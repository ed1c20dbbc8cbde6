import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import { Stack } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import { explain } from './explain';
import { FhirStoreStack } from './fhir-store';
import { KeysStack } from './keys';
import { MailStack } from './mail';
import { Need, Needs, Program } from './needs';
import { QueueName, QueuesStack } from './queues';
import { Settings } from './settings';
import { StorageStack } from './storage';
import { TablesStack } from './tables';

/** The stacks whose resources programs use. */
export interface Resources {
  readonly keys: KeysStack;
  readonly storage: StorageStack;
  readonly tables: TablesStack;
  readonly queues: QueuesStack;
  readonly fhirStore: FhirStoreStack;
  readonly mail: MailStack;
}

/** Turns what a program's ports need into the statements of its role. */
export class Grants {
  constructor(
    private readonly settings: Settings,
    private readonly needs: Needs,
    private readonly resources: Resources,
  ) {}

  /** The policy of a program's ports. */
  policy(scope: Construct, id: string, program: Program, role: iam.IRole): iam.ManagedPolicy {
    const statements = this.statements(Stack.of(scope), program);
    const policy = new iam.ManagedPolicy(scope, id, {
      description: `What the ports of ${program.name} call`,
      statements,
      roles: [role],
    });
    for (const arn of statements.flatMap((statement) => statement.resources).filter((one) => one.endsWith('*'))) {
      const reason =
        arn === '*'
          ? 'Comprehend Medical has no resources to name (wildcards.ts).'
          : arn.endsWith('/index/*')
            ? 'The indexes of this one table, as its file in crates/aws/tables has them.'
            : 'The objects under this prefix of the bucket: their keys are made at run time.';
      explain(policy, reason, `AwsSolutions-IAM5[Resource::${arn}]`);
    }
    return policy;
  }

  /** One statement for each resource: its actions, on nothing but it. */
  statements(stack: Stack, program: Program): iam.PolicyStatement[] {
    return this.needs.of(program).map(
      (need) =>
        new iam.PolicyStatement({
          actions: [...need.actions],
          resources: this.arns(stack, need),
          ...(need.via && {
            conditions: { StringEquals: { 'kms:ViaService': `${need.via}.${stack.region}.amazonaws.com` } },
          }),
        }),
    );
  }

  private arns(stack: Stack, need: Need): string[] {
    const [kind, name = '', ...rest] = need.on.split('/');
    const part = rest.join('/');
    switch (kind) {
      case 'table': {
        if (!this.resources.tables.tables[name]) throw new Error(`there is no table ${name} in crates/aws/tables`);
        const table = `table/${this.settings.prefix}-${name}`;
        if (part === '') return [stack.formatArn({ service: 'dynamodb', resource: table })];
        if (part === 'index') return [stack.formatArn({ service: 'dynamodb', resource: `${table}/index/*` })];
        break;
      }
      case 'bucket': {
        const bucket = `arn:aws:s3:::${this.bucket(name)}`;
        return [part === '' ? bucket : `${bucket}/${part}`];
      }
      case 'queue': {
        const pair = this.resources.queues.queues[name as QueueName];
        if (pair && part === '') return [pair.queue.queueArn];
        break;
      }
      case 'key':
        if (part === '') return this.keys(name).map((key) => key.keyArn);
        break;
      case 'healthlake':
        if (name === '') return [this.resources.fhirStore.arn];
        break;
      case 'ses':
        if (name === '') return [this.resources.mail.identityArn, this.resources.mail.configurationSetArn];
        break;
      case 'comprehend-medical':
        // It has no resources to name; see wildcards.ts.
        if (name === '') return ['*'];
        break;
    }
    throw new Error(`crates/aws/actions names ${need.on}, which is no resource`);
  }

  /** Buckets and tables by their names, which are known: policies read well, and name nothing of other stacks. */
  private bucket(name: string): string {
    if (!['raw', 'log', 'settings'].includes(name)) {
      throw new Error(`crates/aws/actions names bucket/${name}, which no function may use`);
    }
    return this.settings.bucketName(name);
  }

  private keys(name: string): kms.IKey[] {
    const { phi, audit, queues, pseudonyms, logSigning, nextLogSigning } = this.resources.keys;
    const signing = nextLogSigning ? [logSigning, nextLogSigning] : [logSigning];
    const found = { phi: [phi], audit: [audit], queues: [queues], pseudonyms: [pseudonyms], 'log-signing': signing }[name];
    if (!found) throw new Error(`crates/aws/actions names key/${name}, which no function may use`);
    return found;
  }
}
