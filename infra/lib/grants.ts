import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Stack } from 'aws-cdk-lib';
import { FhirStoreStack } from './fhir-store';
import { KeysStack } from './keys';
import { MailStack } from './mail';
import { Need, Needs, Program } from './needs';
import { QueueName, QueuesStack } from './queues';
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
    private readonly needs: Needs,
    private readonly resources: Resources,
  ) {}

  /** One statement for each resource: its actions, on nothing but it. */
  statements(stack: Stack, program: Program): iam.PolicyStatement[] {
    return this.needs.of(program).map(
      (need) =>
        new iam.PolicyStatement({
          actions: [...need.actions],
          resources: this.arns(need),
          ...(need.via && {
            conditions: { StringEquals: { 'kms:ViaService': `${need.via}.${stack.region}.amazonaws.com` } },
          }),
        }),
    );
  }

  private arns(need: Need): string[] {
    const [kind, name = '', ...rest] = need.on.split('/');
    const part = rest.join('/');
    switch (kind) {
      case 'table': {
        const table = this.resources.tables.tables[name];
        if (!table) throw new Error(`there is no table ${name} in crates/aws/tables`);
        if (part === '') return [table.tableArn];
        if (part === 'index') return [`${table.tableArn}/index/*`];
        break;
      }
      case 'bucket': {
        const bucket = this.bucket(name);
        return [part === '' ? bucket.bucketArn : bucket.arnForObjects(part)];
      }
      case 'queue': {
        const pair = this.resources.queues.queues[name as QueueName];
        if (pair && part === '') return [pair.queue.queueArn];
        break;
      }
      case 'key':
        if (part === '') return [this.key(name).keyArn];
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

  private bucket(name: string): s3.IBucket {
    const { raw, log, settings } = this.resources.storage;
    const found = { raw, log, settings }[name];
    if (!found) throw new Error(`crates/aws/actions names bucket/${name}, which no function may use`);
    return found;
  }

  private key(name: string): kms.IKey {
    const { phi, audit, queues, pseudonyms, logSigning } = this.resources.keys;
    const found = { phi, audit, queues, pseudonyms, 'log-signing': logSigning }[name];
    if (!found) throw new Error(`crates/aws/actions names key/${name}, which no function may use`);
    return found;
  }
}
