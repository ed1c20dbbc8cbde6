import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import { Construct } from 'constructs';
import { KeysStack } from './keys';
import { Common, ZorgsluisStack } from './stack';

export interface ImagesProps extends Common {
  readonly keys: KeysStack;
}

/** Where the listener's image is kept. It stands before the listener, which is started from it by digest. */
export class ImagesStack extends ZorgsluisStack {
  readonly listener: ecr.Repository;

  constructor(scope: Construct, id: string, { settings, keys }: ImagesProps) {
    super(scope, id, { settings }, 'images of containers');
    this.listener = new ecr.Repository(this, 'Listener', {
      repositoryName: `${settings.prefix}-listener`,
      encryption: ecr.RepositoryEncryption.KMS,
      encryptionKey: keys.logs,
      imageTagMutability: ecr.TagMutability.IMMUTABLE,
      imageScanOnPush: true,
      removalPolicy: RemovalPolicy.RETAIN,
      lifecycleRules: [
        { description: 'What was never tagged', tagStatus: ecr.TagStatus.UNTAGGED, maxImageAge: Duration.days(14) },
        { description: 'The last twenty can be rolled back to', maxImageCount: 20 },
      ],
    });
  }
}
