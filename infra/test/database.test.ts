import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { app, build, flat, one, resources } from './app';

const { database } = app().stacks;
assert.ok(database);
const instance = one(database, 'AWS::RDS::DBInstance');
const { Parameters } = one(database, 'AWS::RDS::DBParameterGroup').Properties;

describe('Database: RDS PostgreSQL Multi-AZ, behind a flag', () => {
  test('without the flag there is none', () => {
    assert.equal(build({ database: false }).stacks.database, undefined);
  });

  test('it is PostgreSQL in two zones, in isolated subnets, and not public', () => {
    assert.equal(instance.Properties.Engine, 'postgres');
    assert.equal(instance.Properties.MultiAZ, true);
    assert.equal(instance.Properties.PubliclyAccessible, false);
    const { SubnetIds } = one(database, 'AWS::RDS::DBSubnetGroup').Properties;
    assert.equal(SubnetIds.length, 3);
    for (const subnet of SubnetIds) assert.match(flat(subnet), /isolatedSubnet/);
    assert.match(flat(instance.Properties.VPCSecurityGroups), /network:.*database/);
  });

  test('the key of PHI encrypts storage, insights and the master secret', () => {
    const { StorageEncrypted, KmsKeyId, MasterUserSecret } = instance.Properties;
    assert.equal(StorageEncrypted, true);
    for (const key of [KmsKeyId, MasterUserSecret.KmsKeyId, instance.Properties.PerformanceInsightsKMSKeyId]) assert.match(flat(key), /keys:.*phi/);
    assert.equal(instance.Properties.EnablePerformanceInsights, true);
  });

  test('TLS is forced, 1.2 or newer', () => {
    assert.equal(Parameters['rds.force_ssl'], '1');
    assert.equal(Parameters['ssl_min_protocol_version'], 'TLSv1.2');
  });

  test('backups reach 35 days back, and nothing deletes it in passing', () => {
    const { BackupRetentionPeriod, DeletionProtection, DeleteAutomatedBackups, CopyTagsToSnapshot } = instance.Properties;
    assert.deepEqual([BackupRetentionPeriod, DeletionProtection, DeleteAutomatedBackups, CopyTagsToSnapshot], [35, true, false, true]);
    assert.equal(instance.DeletionPolicy, 'RetainExceptOnCreate');
  });

  test('pgaudit names objects; statements, parameters, failing statements and details stay out of the log', () => {
    assert.match(Parameters['shared_preload_libraries'], /pgaudit/);
    assert.equal(Parameters['pgaudit.role'], 'rds_pgaudit');
    assert.doesNotMatch(Parameters['pgaudit.log'], /all|read|write/);
    assert.equal(Parameters['pgaudit.log_parameter'], '0');
    assert.equal(Parameters['log_statement'], 'none');
    assert.equal(Parameters['log_min_duration_statement'], '-1');
    assert.equal(Parameters['log_min_error_statement'], 'panic');
    assert.equal(Parameters['log_error_verbosity'], 'terse');
    assert.equal(Parameters['log_parameter_max_length_on_error'], '0');
  });

  test('RDS makes and rotates the password of a user that is not admin', () => {
    assert.equal(instance.Properties.ManageMasterUserPassword, true);
    assert.equal(instance.Properties.MasterUserPassword, undefined);
    assert.equal(instance.Properties.MasterUsername, 'registry_owner');
    assert.deepEqual(resources(database, 'AWS::Serverless::Application'), {});
    assert.deepEqual(resources(database, 'AWS::SecretsManager::Secret'), {});
  });

  test('functions sign in by IAM, and logs go into groups that stand before it does', () => {
    assert.equal(instance.Properties.EnableIAMDatabaseAuthentication, true);
    assert.deepEqual(instance.Properties.EnableCloudwatchLogsExports, ['postgresql', 'upgrade']);
    const groups = resources(database, 'AWS::Logs::LogGroup');
    assert.equal(Object.keys(groups).length, 2);
    for (const [id, { Properties }] of Object.entries(groups)) {
      assert.match(Properties.LogGroupName, /^\/aws\/rds\/instance\/zorgsluis-registry\/(postgresql|upgrade)$/);
      assert.match(flat(Properties.KmsKeyId), /keys:.*logs/);
      assert.equal(Properties.RetentionInDays, 365);
      assert.ok((instance as unknown as { DependsOn: string[] }).DependsOn.includes(id));
    }
  });
});
