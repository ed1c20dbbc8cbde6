import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { copyBucket } from './copy-bucket';
import { guards } from './guards';
import { DELETION_DAYS, GuardedKey, keyPolicy } from './key-policy';
import { ABORTED, plainLogBucket } from './log-bucket';
import { copyOf } from './replication';
import { Common, ZorgsluisStack } from './stack';

/**
 * The copy of the log, in another account and region: entries and daily checkpoints, each with its lock.
 * Whoever rules the main account cannot touch it; whoever rules this one sees ciphertext only, whose keys
 * stand in the main account, and so an erased patient stays erased here as well.
 *
 * Deployed before the buckets (`storage`), since replication needs where to copy to.
 */
export class LogCopiesStack extends ZorgsluisStack {
  readonly bucket: s3.Bucket;

  constructor(scope: Construct, id: string, props: Common) {
    const { settings } = props;
    super(scope, id, props, 'copy of the log', { account: settings.logAccount, region: settings.copyRegion });
    const copy = copyOf(settings, 'log');
    const deploymentRole = settings.deploymentRole
      .replaceAll(settings.mainAccount, this.account)
      .replace(settings.region, this.region);
    // Named by condition: a policy refuses a principal that does not exist yet, and the role is made later.
    const replication = {
      principals: [new iam.AccountPrincipal(settings.mainAccount)],
      conditions: { ArnEquals: { 'aws:PrincipalArn': `arn:aws:iam::${settings.mainAccount}:role/${copy.role}` } },
    };

    const key = new GuardedKey(this, 'Key', {
      alias: `alias/${copy.keyAlias}`,
      description: `${settings.prefix}: copy of the log`,
      policy: keyPolicy(settings, { account: this.account, region: this.region, deploymentRole }, {
        services: ['s3'],
        log: true,
        more: [
          new iam.PolicyStatement({
            sid: 'Replication',
            principals: replication.principals,
            actions: ['kms:Encrypt', 'kms:GenerateDataKey'],
            resources: ['*'],
            conditions: {
              ...replication.conditions,
              StringEquals: { 'kms:ViaService': `s3.${this.region}.amazonaws.com` },
            },
          }),
        ],
      }),
      enableKeyRotation: true,
      rotationPeriod: Duration.days(365),
      pendingWindow: Duration.days(DELETION_DAYS),
      removalPolicy: RemovalPolicy.RETAIN,
    });

    const accessLogs = plainLogBucket(this, 'AccessLogs', {
      bucketName: settings.bucketName('access-logs', this.account, this.region),
      expiration: Duration.days(400),
    });
    this.bucket = copyBucket(this, 'log', {
      bucketName: copy.bucketName,
      encryptionKey: key,
      serverAccessLogsBucket: accessLogs,
      objectLockEnabled: true,
      // Read by an auditor now and then: the tier follows by itself, and every object is there at once.
      lifecycleRules: [
        ABORTED,
        { id: 'seldom read', transitions: [{ storageClass: s3.StorageClass.INTELLIGENT_TIERING, transitionAfter: Duration.days(90) }] },
      ],
    });
    this.bucket.addToResourcePolicy(
      new iam.PolicyStatement({
        sid: 'Replication',
        ...replication,
        actions: ['s3:ObjectOwnerOverrideToBucketOwner', 's3:ReplicateObject', 's3:ReplicateTags'],
        resources: [this.bucket.arnForObjects(`log/${settings.organisation}/*`)],
      }),
    );
    const guard = guards(settings, this.account);
    guard.keep(this.bucket, { noMarkers: true });
    guard.leaveLockAlone(this.bucket, { noBypass: true });
    guard.stay(accessLogs);
    // Nothing but replication writes here, and it does so by s3:ReplicateObject.
    this.bucket.addToResourcePolicy(
      new iam.PolicyStatement({
        sid: 'OnlyReplicationWrites',
        effect: iam.Effect.DENY,
        principals: [new iam.StarPrincipal()],
        actions: ['s3:PutObject', 's3:PutObjectLegalHold', 's3:PutObjectRetention'],
        resources: [this.bucket.arnForObjects('*')],
      }),
    );
  }
}
