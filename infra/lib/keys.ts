import * as kms from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { Common, ZorgsluisStack } from './stack';

/** One key for each class of data, and the key that signs the log. */
export class KeysStack extends ZorgsluisStack {
  readonly phi: kms.Key;
  readonly audit: kms.Key;
  readonly queues: kms.Key;
  readonly logs: kms.Key;
  readonly pseudonyms: kms.Key;
  readonly logSigning: kms.Key;

  constructor(scope: Construct, id: string, props: Common) {
    super(scope, id, props, 'keys, one for each class of data');
    const key = (name: string) => new kms.Key(this, name, { enableKeyRotation: true });
    this.phi = key('Phi');
    this.audit = key('Audit');
    this.queues = key('Queues');
    this.logs = key('Logs');
    this.pseudonyms = key('Pseudonyms');
    this.logSigning = new kms.Key(this, 'LogSigning');
  }
}
