import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RemovalPolicy } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import { Construct } from 'constructs';
import { KeysStack } from './keys';
import { Common, ZorgsluisStack } from './stack';

/** A table as `crates/aws/tables/NAME.json` describes it; the adapters and their tests read the same file. */
export interface TableFile {
  readonly name: string;
  readonly partition: string;
  readonly sort?: string;
  readonly attributes: Record<string, 'S' | 'N' | 'B'>;
  readonly indexes?: { name: string; partition: string; sort?: string; projection: 'all' | 'keys' }[];
  /** Whose key encrypts it. */
  readonly class: 'phi' | 'audit';
  /** Days of point-in-time recovery, 35 at most. */
  readonly recoveryDays: number;
}

/** The table that destroying a patient's keys is final in: in no backup, and never longer back than this. */
export const KEY_TABLE = 'keys';

export interface TablesProps extends Common {
  readonly keys: KeysStack;
}

/** All files of `crates/aws/tables`, by name. */
export function tableFiles(): TableFile[] {
  const folder = join(__dirname, '../../crates/aws/tables');
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .sort()
    .map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as TableFile);
}

/** The tables that `crates/aws/tables` describes. */
export class TablesStack extends ZorgsluisStack {
  /** By the name in their file, without the prefix. */
  readonly tables: Record<string, dynamodb.TableV2> = {};

  constructor(scope: Construct, id: string, props: TablesProps) {
    super(scope, id, props, 'tables');
    for (const file of tableFiles()) this.tables[file.name] = this.table(file, props);
  }

  private table(file: TableFile, { settings, keys }: TablesProps): dynamodb.TableV2 {
    const attribute = (name: string): dynamodb.Attribute => {
      const type = file.attributes[name];
      if (!type) throw new Error(`table ${file.name}: attribute "${name}" has no type`);
      return { name, type: { S: dynamodb.AttributeType.STRING, N: dynamodb.AttributeType.NUMBER, B: dynamodb.AttributeType.BINARY }[type] };
    };
    const key = { phi: keys.phi, audit: keys.audit }[file.class];
    if (!key) throw new Error(`table ${file.name}: class "${file.class}" is neither phi nor audit`);
    if (!(file.recoveryDays >= 1 && file.recoveryDays <= 35)) throw new Error(`table ${file.name}: recoveryDays is 1 to 35`);

    // The data keys also stand in the other region, seconds behind: without them every copy there is noise.
    // A key destroyed here is destroyed there too; a backup would bring it back.
    const replicated = file.name === KEY_TABLE;
    const copyOfKey = `arn:aws:kms:${settings.copyRegion}:${this.account}:key/${key.keyId}`;
    return new dynamodb.TableV2(this, file.name, {
      tableName: `${settings.prefix}-${file.name}`,
      partitionKey: attribute(file.partition),
      sortKey: file.sort ? attribute(file.sort) : undefined,
      globalSecondaryIndexes: (file.indexes ?? []).map((index) => ({
        indexName: index.name,
        partitionKey: attribute(index.partition),
        sortKey: index.sort ? attribute(index.sort) : undefined,
        projectionType: index.projection === 'all' ? dynamodb.ProjectionType.ALL : dynamodb.ProjectionType.KEYS_ONLY,
      })),
      billing: dynamodb.Billing.onDemand(),
      encryption: dynamodb.TableEncryptionV2.customerManagedKey(key, replicated ? { [settings.copyRegion]: copyOfKey } : undefined),
      pointInTimeRecoverySpecification: {
        pointInTimeRecoveryEnabled: true,
        recoveryPeriodInDays: file.recoveryDays,
      },
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
      replicas: replicated ? [{ region: settings.copyRegion, deletionProtection: true }] : undefined,
    });
  }
}
