import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import { Common, ZorgsluisStack } from './stack';
import { StorageStack } from './storage';

export interface NetworkProps extends Common {
  readonly storage: StorageStack;
}

/** The network, and the security groups that name their peers. */
export class NetworkStack extends ZorgsluisStack {
  readonly vpc: ec2.Vpc;
  readonly functions: ec2.SecurityGroup;
  readonly listener: ec2.SecurityGroup;
  readonly loadBalancer: ec2.SecurityGroup;
  readonly endpoints: ec2.SecurityGroup;
  readonly database: ec2.SecurityGroup;

  constructor(scope: Construct, id: string, props: NetworkProps) {
    super(scope, id, props, 'network');
    this.vpc = new ec2.Vpc(this, 'Vpc');
    const group = (name: string) => new ec2.SecurityGroup(this, name, { vpc: this.vpc, allowAllOutbound: false });
    this.functions = group('Functions');
    this.listener = group('Listener');
    this.loadBalancer = group('LoadBalancer');
    this.endpoints = group('Endpoints');
    this.database = group('Database');
  }
}
