import { CfnOutput, RemovalPolicy } from 'aws-cdk-lib';
import * as healthlake from 'aws-cdk-lib/aws-healthlake';
import { Construct } from 'constructs';
import { KeysStack } from './keys';
import { Options } from './options';
import { Common, ZorgsluisStack } from './stack';

export interface FhirStoreProps extends Common {
  readonly keys: KeysStack;
  readonly options: Options;
}

/** Where the FHIR resources live: AWS HealthLake. */
export class FhirStoreStack extends ZorgsluisStack {
  /** Base of all requests, with `r4/`. */
  readonly endpoint: string;
  readonly arn: string;

  constructor(scope: Construct, id: string, { settings, keys, options }: FhirStoreProps) {
    super(scope, id, { settings }, 'the FHIR store');
    const samples = options.trialSamples;
    if (samples && settings.production) throw new Error('production takes no invented patients (trialSamples)');
    const store = new healthlake.CfnFHIRDatastore(this, 'Store', {
      datastoreName: settings.prefix,
      datastoreTypeVersion: 'R4',
      sseConfiguration: {
        kmsEncryptionConfig: { cmkType: 'CUSTOMER_MANAGED_KMS_KEY', kmsKeyId: keys.phi.keyArn },
      },
      ...(samples && { preloadDataConfig: { preloadDataType: 'SYNTHEA' } }),
    });
    // HealthLake has no switch against deletion: what stands between a mistake and the data is this policy,
    // also when the store would be replaced, and the protection of the stack in production.
    store.applyRemovalPolicy(RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE);
    this.arn = store.attrDatastoreArn;
    this.endpoint = store.attrDatastoreEndpoint;
    new CfnOutput(this, 'Endpoint', { value: this.endpoint });
  }
}
