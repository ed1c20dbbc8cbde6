import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Settings } from './settings';

/** An entry of the log stays for 5 years; the writer locks 1827 days, and S3 may round what remains down. */
export const ENTRY_DAYS = 5 * 365 + 1;

/** Changes to what keeps a bucket safe. */
const GUARD_CHANGES = [
  's3:DeleteBucket',
  's3:DeleteBucketPolicy',
  's3:PutBucketAcl',
  's3:PutBucketLogging',
  's3:PutBucketObjectLockConfiguration',
  's3:PutBucketOwnershipControls',
  's3:PutBucketPolicy',
  's3:PutBucketPublicAccessBlock',
  's3:PutBucketVersioning',
  's3:PutEncryptionConfiguration',
  's3:PutLifecycleConfiguration',
  's3:PutReplicationConfiguration',
];

/** The denials of the design. They hold for everyone whom they do not name. */
export function guards(settings: Settings, account: string) {
  const here = (role: string) => role.replace(settings.mainAccount, account);
  const erasure = here(settings.erasureRole);
  const breakGlass = here(settings.breakGlassRole);
  const deny = (bucket: s3.Bucket, sid: string, actions: string[], resources: string[], conditions?: Record<string, unknown>) =>
    bucket.addToResourcePolicy(
      new iam.PolicyStatement({ sid, effect: iam.Effect.DENY, principals: [new iam.StarPrincipal()], actions, resources, conditions }),
    );
  const but = (role: string) => ({ ArnNotEquals: { 'aws:PrincipalArn': role } });
  const under = (bucket: s3.Bucket, places: string[]) => places.map((place) => bucket.arnForObjects(place));

  return {
    /** Nothing is deleted; only one role (of erasure, mostly) destroys versions, as far as their lock lets it. */
    keep(bucket: s3.Bucket, { under: places = ['*'], noMarkers = false, by = erasure } = {}) {
      const objects = under(bucket, places);
      // A marker hides an object and lets its key be created again: on the log not even erasure lays one.
      deny(bucket, 'NothingIsDeleted', ['s3:DeleteObject'], objects, noMarkers ? undefined : but(by));
      deny(bucket, 'OnlyOneRoleDestroysVersions', ['s3:DeleteObjectVersion'], objects, but(by));
    },

    /** A key is created once. Multipart uploads and copies carry no such header, so they are refused too. */
    createOnly(bucket: s3.Bucket, places: string[]) {
      deny(bucket, 'CreateOnly', ['s3:PutObject'], under(bucket, places), { Null: { 's3:if-none-match': 'true' } });
    },

    /** An entry without its lock would be an entry that can be taken away. */
    lockedEntries(bucket: s3.Bucket, places: string[]) {
      const objects = under(bucket, places);
      deny(bucket, 'EntriesInComplianceMode', ['s3:PutObject'], objects, {
        StringNotEquals: { 's3:object-lock-mode': 'COMPLIANCE' },
      });
      deny(bucket, 'EntriesWithATerm', ['s3:PutObject'], objects, {
        Null: { 's3:object-lock-remaining-retention-days': 'true' },
      });
      deny(bucket, 'EntriesForFiveYears', ['s3:PutObject'], objects, {
        NumericLessThan: { 's3:object-lock-remaining-retention-days': String(ENTRY_DAYS) },
      });
    },

    /** The bucket's own key and no other: an upload may name one, which then decides who can read it. */
    encrypted(bucket: s3.Bucket, key: kms.IKey) {
      const objects = under(bucket, ['*']);
      deny(bucket, 'NoOtherEncryption', ['s3:PutObject'], objects, {
        StringNotEqualsIfExists: { 's3:x-amz-server-side-encryption': 'aws:kms' },
      });
      deny(bucket, 'NoOtherKey', ['s3:PutObject'], objects, {
        StringNotEqualsIfExists: { 's3:x-amz-server-side-encryption-aws-kms-key-id': key.keyArn },
      });
      deny(bucket, 'NoKeyOfTheCaller', ['s3:PutObject'], objects, {
        Null: { 's3:x-amz-server-side-encryption-customer-algorithm': 'false' },
      });
    },

    /** Locks are not gone past, and what guards the bucket is changed by two people with the break-glass role. */
    leaveLockAlone(bucket: s3.Bucket, { noBypass = false } = {}) {
      deny(bucket, 'LocksHold', ['s3:BypassGovernanceRetention'], under(bucket, ['*']), noBypass ? undefined : but(erasure));
      this.stay(bucket);
    },

    /** What guards the bucket is changed by two people with the break-glass role. */
    stay(bucket: s3.Bucket) {
      deny(bucket, 'GuardsStay', GUARD_CHANGES, [bucket.bucketArn], but(breakGlass));
    },

    /**
     * Nothing is replicated into it: that is neither `s3:PutObject` nor `s3:DeleteObject`, so it would go past what
     * is said of those. For the buckets that copies are made of, not for the copies.
     */
    noReplicas(bucket: s3.Bucket) {
      deny(bucket, 'NothingIsReplicatedInto', ['s3:ReplicateDelete', 's3:ReplicateObject'], under(bucket, ['*']));
    },
  };
}
