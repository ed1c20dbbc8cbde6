import { Duration, RemovalPolicy, TimeZone } from 'aws-cdk-lib';
import * as backup from 'aws-cdk-lib/aws-backup';
import * as events from 'aws-cdk-lib/aws-events';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { backupAlarms } from './copy-alarms';
import { DatabaseStack } from './database';
import { explain } from './explain';
import { KeysStack } from './keys';
import { Common, ZorgsluisStack } from './stack';
import { KEY_TABLE, TablesStack } from './tables';

export interface BackupProps extends Common {
  readonly keys: KeysStack;
  readonly tables: TablesStack;
  readonly database?: DatabaseStack;
}

/** How long a backup is kept: as long as erasure needs to become final, and not a day longer. */
export const BACKUP_DAYS = 35;

/**
 * A lock in compliance mode: after three days in which a mistake can be put right, nobody shortens the term
 * of a backup or deletes it, not root. The longest term is bound as well: what is locked cannot be erased.
 */
export const VAULT_LOCK: backup.LockConfiguration = {
  minRetention: Duration.days(7),
  maxRetention: Duration.days(BACKUP_DAYS),
  changeableFor: Duration.days(3),
};

/**
 * AWS Backup for what it supports: tables and the database, every six hours, copied to the other region.
 *
 * Not in it, each for its reason: the table of data keys (a locked backup would undo erasure for its term; it
 * has a copy in the other region that follows deletions), buckets (replicated within minutes with their locks:
 * a second copy of images would cost as much as the first), HealthLake (not supported by AWS Backup).
 */
export class BackupStack extends ZorgsluisStack {
  readonly vault: backup.BackupVault;

  constructor(scope: Construct, id: string, props: BackupProps) {
    super(scope, id, props, 'backups');
    const { settings, keys, tables, database } = props;
    this.vault = new backup.BackupVault(this, 'Vault', {
      backupVaultName: settings.prefix,
      encryptionKey: keys.phi,
      lockConfiguration: VAULT_LOCK,
      blockRecoveryPointDeletion: true,
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
    const copies = backup.BackupVault.fromBackupVaultArn(
      this,
      'Copies',
      `arn:aws:backup:${settings.copyRegion}:${this.account}:backup-vault:${settings.prefix}-copies`,
    );
    const plan = new backup.BackupPlan(this, 'Plan', { backupPlanName: settings.prefix, backupVault: this.vault });
    plan.addRule(
      new backup.BackupPlanRule({
        ruleName: 'every six hours',
        scheduleExpression: events.Schedule.cron({ minute: '15', hour: '0/6' }),
        scheduleExpressionTimezone: TimeZone.of('Europe/Amsterdam'),
        startWindow: Duration.hours(1),
        completionWindow: Duration.hours(5),
        deleteAfter: Duration.days(BACKUP_DAYS),
        copyActions: [{ destinationBackupVault: copies, deleteAfter: Duration.days(BACKUP_DAYS) }],
      }),
    );

    const role = new iam.Role(this, 'Role', {
      roleName: settings.roleName('backup'),
      description: 'AWS Backup: makes and copies backups, restores none',
      assumedBy: new iam.ServicePrincipal('backup.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': this.account } },
      }),
      managedPolicies: [iam.ManagedPolicy.fromAwsManagedPolicyName('service-role/AWSBackupServiceRolePolicyForBackup')],
    });
    explain(
      role,
      "AWS's policy for the backups of its own service. A narrower one of ours could not be tried here, and would fail when first needed.",
      'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForBackup]',
    );
    const kept = Object.entries(tables.tables).filter(([name]) => name !== KEY_TABLE);
    plan.addSelection('Everything', {
      backupSelectionName: settings.prefix,
      role,
      disableDefaultBackupPolicy: true,
      resources: [
        ...kept.map(([, table]) => backup.BackupResource.fromArn(table.tableArn)),
        ...(database ? [backup.BackupResource.fromArn(database.instance.instanceArn)] : []),
      ],
    });
    backupAlarms(this, settings);
  }
}
