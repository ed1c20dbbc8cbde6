import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { app, flat, one, resources } from './app';
import { KEY_TABLE, tableFiles } from '../lib/tables';

const { tables, settings } = app().stacks;
const properties = (name: string) => one(tables, 'AWS::DynamoDB::GlobalTable', (table) => table.TableName === `zorgsluis-${name}`).Properties;
const replica = (name: string, region = 'eu-west-1') =>
  properties(name).Replicas.find((one: { Region: string }) => one.Region === region);

describe('Storage: DynamoDB tables: on-demand, CMK, point-in-time recovery (keys table as designed), deletion protection', () => {
  test('each file of crates/aws/tables is a table, and there is no other', () => {
    const files = readdirSync(join(__dirname, '../../crates/aws/tables')).map((file) => `zorgsluis-${file.replace('.json', '')}`);
    const made = Object.values(resources(tables, 'AWS::DynamoDB::GlobalTable')).map((table) => table.Properties.TableName);
    assert.deepEqual(made.toSorted(), files.toSorted());
    assert.deepEqual(Object.keys(tables.tables).toSorted(), tableFiles().map((file) => file.name).toSorted());
  });

  for (const file of tableFiles()) {
    test(`${file.name}: keys and indexes are those that the adapter uses`, () => {
      const table = properties(file.name);
      const schema = (keys: { AttributeName: string; KeyType: string }[]) => keys.map((key) => `${key.KeyType} ${key.AttributeName}`);
      const expected = ({ partition, sort }: { partition: string; sort?: string }) => [`HASH ${partition}`, ...(sort ? [`RANGE ${sort}`] : [])];
      assert.deepEqual(schema(table.KeySchema), expected(file));
      const indexes = (table.GlobalSecondaryIndexes ?? []).map(
        (index: { IndexName: string; KeySchema: never[]; Projection: { ProjectionType: string } }) => [
          index.IndexName,
          schema(index.KeySchema),
          index.Projection.ProjectionType,
        ],
      );
      const wanted = (file.indexes ?? []).map((index) => [index.name, expected(index), index.projection === 'all' ? 'ALL' : 'KEYS_ONLY']);
      assert.deepEqual(indexes, wanted);
      for (const { AttributeName, AttributeType } of table.AttributeDefinitions) {
        assert.equal(AttributeType, file.attributes[AttributeName]);
      }
    });

    test(`${file.name}: on demand, encrypted by the key of its class, recoverable, protected`, () => {
      assert.equal(properties(file.name).BillingMode, 'PAY_PER_REQUEST');
      assert.deepEqual(properties(file.name).SSESpecification, { SSEEnabled: true, SSEType: 'KMS' });
      const here = replica(file.name);
      assert.match(flat(here.SSESpecification.KMSMasterKeyId), new RegExp(`zorgsluis-keys:.*${file.class}`));
      assert.equal(here.DeletionProtectionEnabled, true);
      assert.deepEqual(here.PointInTimeRecoverySpecification, {
        PointInTimeRecoveryEnabled: true,
        RecoveryPeriodInDays: file.recoveryDays,
      });
      assert.equal(one(tables, 'AWS::DynamoDB::GlobalTable', (table) => table.TableName === `zorgsluis-${file.name}`).DeletionPolicy, 'RetainExceptOnCreate');
    });
  }

  test('nothing expires by itself: the log has no TTL, and neither has anything else', () => {
    for (const file of tableFiles()) assert.equal(properties(file.name).TimeToLiveSpecification, undefined, file.name);
  });

  test('the table of data keys goes back 35 days at most', () => {
    assert.ok(replica(KEY_TABLE).PointInTimeRecoverySpecification.RecoveryPeriodInDays <= 35);
  });

  test('only the table of data keys stands in the other region too, under the copy of its key', () => {
    for (const file of tableFiles()) {
      const there = replica(file.name, settings.copyRegion);
      assert.equal(Boolean(there), file.name === KEY_TABLE, file.name);
      if (!there) continue;
      assert.equal(there.DeletionProtectionEnabled, true);
      assert.equal(there.PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled, true);
      assert.ok(there.PointInTimeRecoverySpecification.RecoveryPeriodInDays <= 35);
      assert.match(flat(there.SSESpecification.KMSMasterKeyId), /^arn:aws:kms:eu-central-1:111111111111:key\/<zorgsluis-keys:.*phi/);
    }
  });
});

describe('Storage: adapters and stacks mean the same key', () => {
  const folder = join(__dirname, '../../crates/aws/actions');
  const classOf = (on: string): string | undefined => {
    const [kind, name = ''] = on.split('/');
    if (kind === 'table') return tableFiles().find((file) => file.name === name)?.class;
    if (kind === 'bucket') return name === 'log' ? 'audit' : 'phi';
    return undefined;
  };
  for (const file of readdirSync(folder)) {
    test(`${file}: what it has decrypted via S3 and DynamoDB is encrypted by the key that it names`, () => {
      const { needs } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as { needs: { on: string; via?: string }[] };
      for (const [via, kind] of [['s3', 'bucket/'], ['dynamodb', 'table/']] as const) {
        const used = new Set(needs.filter((need) => need.on.startsWith(kind)).map((need) => `key/${classOf(need.on)}`));
        const named = new Set(needs.filter((need) => need.via === via).map((need) => need.on));
        assert.deepEqual([...named].toSorted(), [...used].toSorted(), via);
      }
    });
  }
});
