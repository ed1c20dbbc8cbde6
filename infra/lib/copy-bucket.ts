import * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { both, explain } from './explain';
import { SAFE } from './log-bucket';

/** A bucket that S3 replication writes into. */
export function copyBucket(scope: Construct, kind: string, props: s3.BucketProps): s3.Bucket {
  const bucket = new s3.Bucket(scope, `${kind}-copy`, {
    ...SAFE,
    encryption: s3.BucketEncryption.KMS,
    bucketKeyEnabled: true,
    serverAccessLogsPrefix: `${kind}-copy/`,
    ...props,
  });
  explain(bucket, 'It is itself the copy in another region.', ...both('S3BucketReplicationEnabled'));
  return bucket;
}
