import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import { Construct } from 'constructs';
import { KeysStack } from './keys';
import { Common, ZorgsluisStack } from './stack';

export interface TablesProps extends Common {
  readonly keys: KeysStack;
}

/** The tables that `crates/aws/tables` describes. */
export class TablesStack extends ZorgsluisStack {
  /** By the name in their file, without the prefix. */
  readonly tables: Record<string, dynamodb.TableV2> = {};

  constructor(scope: Construct, id: string, props: TablesProps) {
    super(scope, id, props, 'tables');
  }
}
