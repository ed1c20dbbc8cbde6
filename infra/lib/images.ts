import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import * as secrets from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { both, explain } from './explain';
import { KeysStack } from './keys';
import { Common, ZorgsluisStack } from './stack';

export interface ImagesProps extends Common {
  readonly keys: KeysStack;
}

/**
 * What the listener is started from: its image, by digest, and its certificates. They stand before the listener: a
 * service whose tasks find no certificate never becomes steady, and its stack would be rolled back.
 */
export class ImagesStack extends ZorgsluisStack {
  readonly listener: ecr.Repository;
  readonly certificates: secrets.Secret;

  constructor(scope: Construct, id: string, { settings, keys }: ImagesProps) {
    super(scope, id, { settings }, 'images of containers');
    this.listener = new ecr.Repository(this, 'Listener', {
      repositoryName: `${settings.prefix}-listener`,
      encryption: ecr.RepositoryEncryption.KMS,
      encryptionKey: keys.logs,
      imageTagMutability: ecr.TagMutability.IMMUTABLE,
      imageScanOnPush: true,
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
      lifecycleRules: [
        { description: 'What was never tagged', tagStatus: ecr.TagStatus.UNTAGGED, maxImageAge: Duration.days(14) },
        { description: 'The last twenty can be rolled back to', maxImageCount: 20 },
      ],
    });
    this.certificates = new secrets.Secret(this, 'Certificates', {
      secretName: `${settings.prefix}/listener/certificates`,
      description: 'PEM texts: certificate, key, client-ca. Put in by a person (docs/operations)',
      encryptionKey: keys.phi,
    });
    explain(
      this.certificates,
      'A certificate of an authority outside, renewed by a person; the listener takes a new one with its next task.',
      'AwsSolutions-SMG4',
      ...both('SecretsManagerRotationEnabled'),
    );
  }
}
