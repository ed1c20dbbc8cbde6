import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as kinesis from 'aws-cdk-lib/aws-kinesis';
import { Construct } from 'constructs';
import { explain } from './explain';
import { KeysStack } from './keys';
import { Common, ZorgsluisStack } from './stack';

export interface DevicesProps extends Common {
  readonly keys: KeysStack;
}

/** Measurements of medical devices arrive here. */
export class DevicesStack extends ZorgsluisStack {
  readonly stream: kinesis.Stream;

  constructor(scope: Construct, id: string, { settings, keys }: DevicesProps) {
    super(scope, id, { settings }, 'measurements of medical devices');
    this.stream = new kinesis.Stream(this, 'Stream', {
      streamName: `${settings.prefix}-devices`,
      // No shards to count: a ward that is monitored day and night grows and shrinks by itself.
      streamMode: kinesis.StreamMode.ON_DEMAND,
      encryption: kinesis.StreamEncryption.KMS,
      encryptionKey: keys.phi,
      // A week to mend what reads it.
      retentionPeriod: Duration.days(7),
      removalPolicy: settings.production ? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE : RemovalPolicy.DESTROY,
    });
    explain(this.stream, 'It has our own key for data of patients, whose policy we write; the other is written by AWS.', 'AwsSolutions-KDS3');
  }
}
