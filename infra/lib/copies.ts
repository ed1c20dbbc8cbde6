import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as backup from 'aws-cdk-lib/aws-backup';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { copyBucket } from './copy-bucket';
import { guards } from './guards';
import { DELETION_DAYS, GuardedKey, keyPolicy } from './key-policy';
import { KeysStack, uses } from './keys';
import { ABORTED, plainLogBucket } from './log-bucket';
import { copyOf } from './replication';
import { Common, ZorgsluisStack } from './stack';
import { VAULT_LOCK } from './backup';

export interface CopiesProps extends Common {
  readonly keys: KeysStack;
}

/**
 * What a lost region is rebuilt from: the copies of buckets, a vault with the copies of backups, and the keys
 * that unwrap what was wrapped in the other region. In the main account, since it holds data of patients; the
 * log's copy stands in an account of its own ({@link LogCopiesStack}), which holds none that it could read.
 */
export class CopiesStack extends ZorgsluisStack {
  readonly vault: backup.BackupVault;
  readonly key: kms.Key;

  constructor(scope: Construct, id: string, props: CopiesProps) {
    const { settings, keys } = props;
    super(scope, id, props, 'copies in another region', { account: settings.mainAccount, region: settings.copyRegion });
    const deploymentRole = settings.deploymentRole.replace(settings.region, settings.copyRegion);
    const place = { account: this.account, region: this.region, deploymentRole };

    const sameKey = (name: keyof typeof uses, primary: kms.Key) => {
      const replica = new kms.CfnReplicaKey(this, name, {
        primaryKeyArn: primary.keyArn,
        description: `${settings.prefix}: copy of the key of the same id in ${settings.region}`,
        keyPolicy: keyPolicy(settings, place, uses[name]).toJSON(),
        pendingWindowInDays: DELETION_DAYS,
      });
      replica.applyRemovalPolicy(RemovalPolicy.RETAIN);
      new kms.CfnAlias(this, `${name}-alias`, { aliasName: `alias/${settings.prefix}-${name}`, targetKeyId: replica.attrKeyId });
    };
    sameKey('phi', keys.phi);
    sameKey('audit', keys.audit);
    sameKey('pseudonyms', keys.pseudonyms);

    this.key = new GuardedKey(this, 'Key', {
      alias: `alias/${copyOf(settings, 'raw').keyAlias}`,
      description: `${settings.prefix}: copies of buckets and backups`,
      policy: keyPolicy(settings, place, { services: ['backup', 'dynamodb', 'rds', 's3'] }),
      enableKeyRotation: true,
      rotationPeriod: Duration.days(365),
      pendingWindow: Duration.days(DELETION_DAYS),
      removalPolicy: RemovalPolicy.RETAIN,
    });

    const accessLogs = plainLogBucket(this, 'AccessLogs', {
      bucketName: settings.bucketName('access-logs', this.account, this.region),
      expiration: Duration.days(400),
    });
    const guard = guards(settings, this.account);
    guard.stay(accessLogs);
    for (const kind of ['imaging', 'raw', 'settings'] as const) {
      const bucket = copyBucket(this, kind, {
        bucketName: copyOf(settings, kind).bucketName,
        encryptionKey: this.key,
        serverAccessLogsBucket: accessLogs,
        // The lock of each object comes with it, so there is no default here.
        objectLockEnabled: kind !== 'settings',
        lifecycleRules: [
          ABORTED,
          { id: 'read in an emergency only', transitions: [{ storageClass: s3.StorageClass.GLACIER_INSTANT_RETRIEVAL, transitionAfter: Duration.days(90) }] },
          ...(kind === 'settings' ? [{ id: 'old profiles', prefix: 'profiles/', noncurrentVersionExpiration: Duration.days(365) }] : []),
        ],
      });
      guard.keep(bucket, kind === 'settings' ? { by: settings.breakGlassRole } : {});
      guard.leaveLockAlone(bucket);
    }

    this.vault = new backup.BackupVault(this, 'Vault', {
      backupVaultName: `${settings.prefix}-copies`,
      encryptionKey: this.key,
      lockConfiguration: VAULT_LOCK,
      blockRecoveryPointDeletion: true,
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
  }
}
