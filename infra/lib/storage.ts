import { Duration } from 'aws-cdk-lib';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { guards } from './guards';
import { KeysStack } from './keys';
import { ABORTED, plainLogBucket, SAFE } from './log-bucket';
import { replicate } from './replication';
import { Settings } from './settings';
import { Common, ZorgsluisStack } from './stack';

export interface StorageProps extends Common {
  readonly keys: KeysStack;
}

const DAY = 1;
const YEAR = 365 * DAY;
/** The dossier is kept for 20 years from its last change (BW 7:454). */
export const DOSSIER_DAYS = 20 * YEAR + 5;
/** What a sender gave, word for word: how long nothing may happen to it. */
export const RAW_DAYS = YEAR;

/**
 * The buckets. Object Lock, by what the law says of each (docs/decisions/object-lock.md):
 *
 * | bucket | lock | why |
 * |---|---|---|
 * | imaging | GOVERNANCE, 20 years | Images are part of the dossier: 20 years from its last change, so never less than 20 from upload. A patient may have them destroyed sooner, and they are not sealed per patient: COMPLIANCE would forbid what the law demands. Only the erasure role goes past the lock. |
 * | raw | GOVERNANCE, 1 year | Copies of what was sent, sealed per patient, from which the FHIR store can be made again. A year is ample for finding a faulty conversion; afterwards the policy still lets nobody delete but the erasure role. |
 * | log | COMPLIANCE on entries, daily checkpoints and tombstones, 5 years, by the writer | Nobody may shorten it, not root; what is locked is ciphertext, and erasure destroys its key. No default retention: tiles and the current checkpoint are derived and written over. |
 * | settings | none | Profiles change; versions keep what stood there. Wrapped keys can be created and never replaced. |
 * | access logs, flow logs | none | Written by AWS, without PHI. |
 *
 * What guards a bucket is changed by the break-glass role alone, so a deployment that changes it runs as that role
 * (`cdk deploy storage --role-arn …`). A deny for everyone binds the root user's sessions too, except that root may always delete a bucket's policy.
 */
export class StorageStack extends ZorgsluisStack {
  readonly imaging: s3.Bucket;
  readonly raw: s3.Bucket;
  readonly log: s3.Bucket;
  /** Profiles of senders, wrapped pseudonym keys, the certificate of mail. */
  readonly settings: s3.Bucket;
  /** Who called which bucket: server access logs. */
  readonly accessLogs: s3.Bucket;
  /** Flow logs of the VPC. */
  readonly flowLogs: s3.Bucket;

  constructor(scope: Construct, id: string, props: StorageProps) {
    super(scope, id, props, 'buckets');
    const { settings, keys } = props;
    this.accessLogs = plainLogBucket(this, 'AccessLogs', {
      bucketName: settings.bucketName('access-logs'),
      expiration: Duration.days(400),
    });
    this.flowLogs = plainLogBucket(this, 'FlowLogs', {
      bucketName: settings.bucketName('flow-logs'),
      expiration: Duration.days(400),
      serverAccessLogsBucket: this.accessLogs,
      serverAccessLogsPrefix: 'flow-logs/',
    });
    const bucket = (kind: string, key: kms.IKey, more: s3.BucketProps) =>
      new s3.Bucket(this, kind, {
        ...SAFE,
        bucketName: settings.bucketName(kind),
        encryption: s3.BucketEncryption.KMS,
        encryptionKey: key,
        bucketKeyEnabled: true,
        serverAccessLogsBucket: this.accessLogs,
        serverAccessLogsPrefix: `${kind}/`,
        ...more,
      });

    this.imaging = bucket('imaging', keys.phi, {
      objectLockDefaultRetention: s3.ObjectLockRetention.governance(Duration.days(DOSSIER_DAYS)),
      // Images are looked at again years later, beside new ones: instant retrieval, not hours of waiting.
      lifecycleRules: [ABORTED, cooling(s3.StorageClass.GLACIER_INSTANT_RETRIEVAL), oldVersions(DOSSIER_DAYS)],
    });
    this.raw = bucket('raw', keys.phi, {
      objectLockDefaultRetention: s3.ObjectLockRetention.governance(Duration.days(RAW_DAYS)),
      // Instant again: replay of everything into another store is the way back from a lost region. S3 leaves
      // objects under 128 KB, which most messages are, where they stand: moving them would cost more than it saves.
      lifecycleRules: [ABORTED, cooling(s3.StorageClass.GLACIER_INSTANT_RETRIEVAL), oldVersions(RAW_DAYS)],
    });
    this.log = bucket('log', keys.audit, {
      objectLockEnabled: true,
      // No Glacier: verification reads every entry, and would pay for each retrieval.
      lifecycleRules: [ABORTED, intelligent(), ...derived(settings)],
    });
    this.settings = bucket('settings', keys.phi, {
      lifecycleRules: [ABORTED, { id: 'old profiles', prefix: 'profiles/', noncurrentVersionExpiration: Duration.days(YEAR) }],
    });

    const guard = guards(settings, this.account);
    for (const one of [this.imaging, this.raw]) {
      guard.keep(one);
      guard.leaveLockAlone(one);
    }
    // Notes are written again (a message that is converted anew, the probe of the intake): the lock keeps what stood there.
    guard.createOnly(this.raw, ['messages/*']);
    guard.keep(this.log, { noMarkers: true });
    guard.createOnly(this.log, locked(settings));
    guard.lockedEntries(this.log, locked(settings));
    guard.leaveLockAlone(this.log, { noBypass: true });
    guard.createOnly(this.settings, ['keys/*']);
    guard.keep(this.settings, { under: ['keys/*'], by: settings.breakGlassRole });
    guard.leaveLockAlone(this.settings);
    // Not that of flow logs: EC2 may write the policy of such a bucket when a flow log is made, and fail where it cannot.
    guard.stay(this.accessLogs);
    for (const one of [this.imaging, this.raw, this.log, this.settings]) guard.noReplicas(one);
    for (const one of [this.imaging, this.raw, this.settings]) guard.encrypted(one, keys.phi);
    guard.encrypted(this.log, keys.audit);

    replicate(this, settings, {
      imaging: { from: this.imaging, key: keys.phi },
      raw: { from: this.raw, key: keys.phi },
      settings: { from: this.settings, key: keys.phi },
      log: { from: this.log, key: keys.audit, under: locked(settings).map((place) => place.slice(0, -1)) },
    });
  }
}

/**
 * What is created once and locked in the bucket of the log: entries, one checkpoint a day, and the tombstones of what
 * was destroyed, which no restored table must take along. By the name of the log: a star stands for
 * slashes too, and `log/` with a star and `/entries/` for the tiles of leaves under `tile/entries/`, which are written over.
 */
const locked = ({ organisation }: Settings): string[] => [
  ...['entries', 'checkpoints'].map((part) => `log/${organisation}/${part}/*`),
  `tombstones/${organisation}/*`,
];

const intelligent = (): s3.LifecycleRule => ({
  id: 'seldom read',
  transitions: [{ storageClass: s3.StorageClass.INTELLIGENT_TIERING, transitionAfter: Duration.days(90) }],
});

const cooling = (archive: s3.StorageClass): s3.LifecycleRule => ({
  id: 'seldom read, then archived',
  transitions: [
    { storageClass: s3.StorageClass.INTELLIGENT_TIERING, transitionAfter: Duration.days(90) },
    { storageClass: archive, transitionAfter: Duration.days(YEAR) },
  ],
});

/**
 * Versions that something was written over. No object expires by itself, since terms run from events; and a
 * version goes only behind its lock, which S3 would hold up anyway.
 */
const oldVersions = (lockDays: number): s3.LifecycleRule => ({
  id: 'old versions, behind their lock',
  noncurrentVersionExpiration: Duration.days(lockDays + 30),
});

/**
 * Tiles and the current checkpoint are written over all day. Entries have no such rule: a second version is a
 * finding. (The prefix of the checkpoint is that of the daily ones too: those are created once and locked.)
 */
const derived = (settings: Settings): s3.LifecycleRule[] =>
  ['tile/', 'checkpoint'].map((part) => ({
    id: `written over: ${part}`,
    prefix: `log/${settings.organisation}/${part}`,
    noncurrentVersionExpiration: Duration.days(35),
  }));
