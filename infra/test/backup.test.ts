import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { app, flat, one, statements } from './app';
import { KEY_TABLE, tableFiles } from '../lib/tables';

const { backup, copies, logCopies, settings } = app().stacks;
const [rule, ...more] = one(backup, 'AWS::Backup::BackupPlan').Properties.BackupPlan.BackupPlanRule;

describe('Backup: AWS Backup with vault lock', () => {
  test('both vaults are locked in compliance mode after three days of grace, and bind the longest term too', () => {
    for (const stack of [backup, copies]) {
      const { LockConfiguration, AccessPolicy } = one(stack, 'AWS::Backup::BackupVault').Properties;
      assert.deepEqual(LockConfiguration, { ChangeableForDays: 3, MinRetentionDays: 7, MaxRetentionDays: 35 }, stack.node.id);
      const [deny] = statements(AccessPolicy);
      assert.equal(deny?.effect, 'Deny');
      assert.ok(deny?.actions.includes('backup:DeleteRecoveryPoint'));
    }
  });

  test('each vault has a customer key', () => {
    assert.match(flat(one(backup, 'AWS::Backup::BackupVault').Properties.EncryptionKeyArn), /keys:.*phi/);
    assert.match(flat(one(copies, 'AWS::Backup::BackupVault').Properties.EncryptionKeyArn), /^<Key/);
  });

  test('a backup is made every six hours and lives within the lock', () => {
    assert.deepEqual(more, []);
    assert.equal(rule.ScheduleExpression, 'cron(15 0/6 * * ? *)');
    assert.equal(rule.Lifecycle.DeleteAfterDays, 35);
    assert.equal(rule.EnableContinuousBackup ?? false, false);
  });
});

describe('Backup: cross-region copy inside the EU for what it supports', () => {
  test('each backup is copied into the vault of the other region', () => {
    assert.deepEqual(rule.CopyActions, [
      {
        DestinationBackupVaultArn: 'arn:aws:backup:eu-central-1:111111111111:backup-vault:zorgsluis-copies',
        Lifecycle: { DeleteAfterDays: 35 },
      },
    ]);
    assert.equal(one(copies, 'AWS::Backup::BackupVault').Properties.BackupVaultName, 'zorgsluis-copies');
    assert.equal(copies.region, settings.copyRegion);
    assert.equal(logCopies.region, settings.copyRegion);
  });

  test('tables and the database are in the plan by name; the table of data keys is not', () => {
    const { Resources, ListOfTags, NotResources } = one(backup, 'AWS::Backup::BackupSelection').Properties.BackupSelection;
    assert.equal(ListOfTags, undefined);
    assert.equal(NotResources, undefined);
    const chosen = (Resources as unknown[]).map(flat);
    const named = (name: string) => chosen.filter((one) => new RegExp(`tables:.*GetAtt${name.replaceAll('-', '')}[0-9A-F]{8}Arn`).test(one));
    for (const { name } of tableFiles()) assert.equal(named(name).length, name === KEY_TABLE ? 0 : 1, `${name}: ${chosen.join('\n')}`);
    assert.equal(chosen.length, tableFiles().length - 1 + 1, 'the tables but one, and the database');
    assert.ok(!chosen.some((one) => one.includes('*')));
  });

  test('a backup or a copy that does not end well is told', () => {
    for (const kind of ['Backup Job State Change', 'Copy Job State Change']) {
      const rule = one(backup, 'AWS::Events::Rule', (one) => one.EventPattern['detail-type'].includes(kind)).Properties;
      assert.ok(rule.EventPattern.detail.state.includes('FAILED'));
      assert.equal(rule.Targets[0].Arn, 'arn:aws:sns:eu-west-1:111111111111:zorgsluis-security');
    }
  });

  test('its role makes backups and restores none', () => {
    const role = one(backup, 'AWS::IAM::Role').Properties;
    assert.match(flat(role.ManagedPolicyArns), /AWSBackupServiceRolePolicyForBackup$/);
    assert.doesNotMatch(flat(role.ManagedPolicyArns), /Restores/);
    const [trust] = statements(role.AssumeRolePolicyDocument);
    assert.deepEqual(trust?.condition, { StringEquals: { 'aws:SourceAccount': '111111111111' } });
  });
});
