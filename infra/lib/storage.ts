import * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { KeysStack } from './keys';
import { Common, ZorgsluisStack } from './stack';

export interface StorageProps extends Common {
  readonly keys: KeysStack;
}

/** The buckets. */
export class StorageStack extends ZorgsluisStack {
  readonly imaging: s3.Bucket;
  readonly raw: s3.Bucket;
  readonly log: s3.Bucket;
  /** Profiles of senders, wrapped pseudonym keys, the certificate of mail. */
  readonly settings: s3.Bucket;
  readonly accessLogs: s3.Bucket;

  constructor(scope: Construct, id: string, props: StorageProps) {
    super(scope, id, props, 'buckets');
    const bucket = (name: string) => new s3.Bucket(this, name, { bucketName: props.settings.bucketName(name.toLowerCase()) });
    this.accessLogs = bucket('Access-Logs');
    this.imaging = bucket('Imaging');
    this.raw = bucket('Raw');
    this.log = bucket('Log');
    this.settings = bucket('Settings');
  }
}
