import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { both, explain } from './explain';

/** What every bucket has: TLS 1.2 or newer, no public access, one owner, versions, and no forgotten uploads. */
export const SAFE = {
  blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
  objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
  enforceSSL: true,
  minimumTLSVersion: 1.2,
  versioned: true,
  // It outlives its stack; only a first creation that failed takes it away again, so that its name is free.
  removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
} satisfies s3.BucketProps;

/** Parts of uploads that nobody finished cost money and hold PHI that nobody sees. */
export const ABORTED: s3.LifecycleRule = { id: 'unfinished uploads', abortIncompleteMultipartUploadAfter: Duration.days(7) };

export interface PlainLogBucketProps extends Omit<s3.BucketProps, 'lifecycleRules'> {
  /** When a line of the log is gone. */
  readonly expiration: Duration;
}

/**
 * A bucket for logs that AWS's own services write: SSE-S3 (server access logs can be delivered to no other
 * encryption), without lock, and never together with data of patients.
 */
export function plainLogBucket(scope: Construct, id: string, { expiration, ...props }: PlainLogBucketProps): s3.Bucket {
  const bucket = new s3.Bucket(scope, id, {
    ...SAFE,
    encryption: s3.BucketEncryption.S3_MANAGED,
    lifecycleRules: [
      ABORTED,
      { id: 'end of its term', expiration, noncurrentVersionExpiration: Duration.days(30) },
      // 90 days is about how far back people look; older lines are for investigations only.
      { id: 'seldom read', transitions: [{ storageClass: s3.StorageClass.INTELLIGENT_TIERING, transitionAfter: Duration.days(90) }] },
    ],
    ...props,
  });
  explain(
    bucket,
    'A log of who called what, without PHI. AWS delivers server access logs to SSE-S3 only, and flow logs need no key of their own.',
    ...both('S3DefaultEncryptionKMS'),
  );
  explain(
    bucket,
    'A log of access and traffic, kept for investigations: its loss harms no patient, and a copy in another region would double what is known of people.',
    ...both('S3BucketReplicationEnabled'),
  );
  return bucket;
}
