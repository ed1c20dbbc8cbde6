import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { calledActions } from './called';
import { both, explain } from './explain';
import { Settings } from './settings';
import { Common, ZorgsluisStack } from './stack';
import { StorageStack } from './storage';
import { attachVpn } from './vpn';

export interface NetworkProps extends Common {
  readonly storage: StorageStack;
}

/** Ports inside the VPC. */
export const PORTS = {
  /** MLLP in clear: from the VPN only. */
  mllp: 2575,
  /** MLLP over TLS with client certificates. */
  mllpTls: 2576,
  /** The listener's word on whether it takes connections, and whether it accepts messages. */
  health: 9575,
  /** HTTPS of AWS's services. */
  https: 443,
  postgres: 5432,
} as const;

/** Subnets with a route to the gateway endpoints and, with a VPN, to the hospital; none to the internet. */
export const PRIVATE: ec2.SubnetSelection = { subnetGroupName: 'private' };
/** Subnets of the load balancer that the internet reaches. */
export const PUBLIC: ec2.SubnetSelection = { subnetGroupName: 'public' };
/** Subnets without any route out of the VPC: databases. */
export const ISOLATED: ec2.SubnetSelection = { subnetGroupName: 'isolated' };

/**
 * The network, and the security groups that name their peers.
 *
 * **No NAT.** Everything that runs inside talks to AWS alone, so each service has an endpoint, and there is no way
 * to the internet for whoever takes over a function either. By list prices (eu-west-1, as remembered on 2026-11-22,
 * not verified) that is $193 a month for 8 interface endpoints in 3 zones, against $116 for 3 NAT gateways: cheaper
 * only beyond some 2 TB a month ($0.01 a GB instead of $0.048). The reckoning: docs/decisions/no-nat.md.
 */
export class NetworkStack extends ZorgsluisStack {
  readonly vpc: ec2.Vpc;
  readonly functions: ec2.SecurityGroup;
  readonly listener: ec2.SecurityGroup;
  readonly loadBalancer: ec2.SecurityGroup;
  readonly endpoints: ec2.SecurityGroup;
  readonly database: ec2.SecurityGroup;
  /** For the writer of the log alone: to its witnesses, where there are any. */
  readonly witnesses?: ec2.SecurityGroup;

  constructor(scope: Construct, id: string, props: NetworkProps) {
    super(scope, id, props, 'network');
    const { settings, storage } = props;
    const subnet = (name: string, cidrMask: number, subnetType: ec2.SubnetType): ec2.SubnetConfiguration => ({
      name,
      cidrMask,
      subnetType,
      ...(subnetType === ec2.SubnetType.PUBLIC && { mapPublicIpOnLaunch: false }),
    });
    this.vpc = new ec2.Vpc(this, 'Vpc', {
      vpcName: settings.prefix,
      ipAddresses: ec2.IpAddresses.cidr(settings.cidr),
      natGateways: 0,
      restrictDefaultSecurityGroup: true,
      subnetConfiguration: [
        subnet('public', 26, ec2.SubnetType.PUBLIC),
        subnet('private', 22, ec2.SubnetType.PRIVATE_ISOLATED),
        subnet('isolated', 26, ec2.SubnetType.PRIVATE_ISOLATED),
      ],
    });
    explain(
      this.vpc,
      'The zones are named, so that synthesis needs no account; every account in eu-west-1 has a, b and c.',
      'CloudFormation-Validate::W3010',
    );
    for (const one of this.vpc.publicSubnets) {
      explain(
        one,
        'Only the load balancer of MLLP over TLS stands here. It lets in the senders that its security group names, and has no other way out.',
        ...both('VPCNoUnrestrictedRouteToIGW'),
      );
    }
    // The default network ACL stays: it lets all through, and the security groups, which keep state, decide.

    this.logFlows(storage.flowLogs);
    const group = (name: string, description: string) =>
      new ec2.SecurityGroup(this, name, {
        vpc: this.vpc,
        securityGroupName: `${settings.prefix}-${name}`,
        description,
        allowAllOutbound: false,
      });
    this.functions = group('functions', 'Functions: to services of AWS and to the database');
    this.listener = group('listener', 'Listener of MLLP: from its load balancer, to services of AWS');
    this.loadBalancer = group('load-balancer', 'Load balancer of MLLP: from senders, to the listener');
    this.endpoints = group('endpoints', 'Endpoints of services of AWS: from functions and the listener');
    this.database = group('database', 'Database: from functions');
    this.connect(settings);
    if (settings.witnesses.length > 0) {
      this.witnesses = group('witnesses', 'Writer of the log: to the witnesses of its checkpoints');
      for (const { url, network } of settings.witnesses) {
        const { port, protocol } = new URL(url);
        const tcp = ec2.Port.tcp(Number(port || (protocol === 'http:' ? 80 : 443)));
        this.witnesses.addEgressRule(ec2.Peer.ipv4(network), tcp, 'Checkpoints to a witness');
      }
    }
    this.addEndpoints(settings);
    if (settings.vpn) attachVpn(this, this.vpc, settings.vpn, settings.prefix);
  }

  /** Who may speak to whom. */
  private connect(settings: Settings): void {
    const tcp = ec2.Port.tcp;
    const gateways = [
      [ec2.Peer.prefixList(settings.prefixLists.s3), 'S3 by its gateway endpoint'],
      [ec2.Peer.prefixList(settings.prefixLists.dynamodb), 'DynamoDB by its gateway endpoint'],
    ] as const;
    for (const user of [this.functions, this.listener]) {
      user.addEgressRule(this.endpoints, tcp(PORTS.https), 'Services of AWS by their endpoints');
      this.endpoints.addIngressRule(user, tcp(PORTS.https), 'Functions and listener');
      for (const [list, what] of gateways) user.addEgressRule(list, tcp(PORTS.https), what);
    }
    this.functions.addEgressRule(this.database, tcp(PORTS.postgres), 'The registry of patients and providers');
    this.database.addIngressRule(this.functions, tcp(PORTS.postgres), 'Functions');

    const meet = (port: number, what: string) => {
      this.loadBalancer.addEgressRule(this.listener, tcp(port), what);
      this.listener.addIngressRule(this.loadBalancer, tcp(port), what);
    };
    meet(PORTS.mllpTls, 'MLLP over TLS');
    meet(PORTS.health, 'Health of the listener');
    const from = (networks: string[], port: number, what: string) => {
      for (const network of networks) this.loadBalancer.addIngressRule(ec2.Peer.ipv4(network), tcp(port), what);
    };
    from(settings.senders, PORTS.mllpTls, 'MLLP over TLS from a sender');
    if (settings.vpn) {
      meet(PORTS.mllp, 'MLLP inside the VPN');
      from(settings.vpn.cidrs, PORTS.mllpTls, 'MLLP over TLS from the VPN');
      from(settings.vpn.cidrs, PORTS.mllp, 'MLLP from the VPN');
    }
  }

  private addEndpoints(settings: Settings): void {
    const ours = { StringEquals: { 'aws:PrincipalAccount': settings.mainAccount } };
    const open = (...statements: Omit<iam.PolicyStatementProps, 'principals'>[]) =>
      statements.map((statement) => new iam.PolicyStatement({ principals: [new iam.StarPrincipal()], ...statement }));

    // Only this deployment's buckets, by this account: stolen keys of another account carry nothing away.
    const buckets = ['imaging', 'raw', 'log', 'settings'].map((kind) => `arn:aws:s3:::${settings.bucketName(kind)}`);
    const s3Gateway = this.vpc.addGatewayEndpoint('S3', { service: ec2.GatewayVpcEndpointAwsService.S3, subnets: [PRIVATE] });
    open(
      {
        sid: 'OurBuckets',
        actions: calledActions('s3'),
        resources: buckets.flatMap((bucket) => [bucket, `${bucket}/*`]),
        conditions: ours,
      },
      {
        // ECR keeps the layers of images in a bucket of its own in each region.
        sid: 'LayersOfImages',
        actions: ['s3:GetObject'],
        resources: [`arn:aws:s3:::prod-${this.region}-starport-layer-bucket/*`],
      },
    ).forEach((statement) => s3Gateway.addToPolicy(statement));

    const dynamodbGateway = this.vpc.addGatewayEndpoint('DynamoDb', {
      service: ec2.GatewayVpcEndpointAwsService.DYNAMODB,
      subnets: [PRIVATE],
    });
    open({
      sid: 'OurTables',
      actions: calledActions('dynamodb'),
      resources: [`arn:aws:dynamodb:${this.region}:${this.account}:table/${settings.prefix}-*`],
      conditions: ours,
    }).forEach((statement) => dynamodbGateway.addToPolicy(statement));

    const pull = ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetAuthorizationToken', 'ecr:GetDownloadUrlForLayer'];
    const aws = ec2.InterfaceVpcEndpointAwsService;
    const services: [string, ec2.InterfaceVpcEndpointAwsService, string[]][] = [
      ['Sqs', aws.SQS, calledActions('sqs')],
      ['Kms', aws.KMS, calledActions('kms')],
      ['HealthLake', aws.HEALTHLAKE, calledActions('healthlake')],
      // Not tried: whether SES takes a policy on its endpoint. Where it does not, the deployment of `network` stops and
      // says so: then this list is empty (docs/operations/deploy.md).
      ['Ses', aws.EMAIL, calledActions('ses')],
      ['Logs', aws.CLOUDWATCH_LOGS, ['logs:CreateLogStream', 'logs:PutLogEvents']],
      ['Registry', aws.ECR, pull],
      ['RegistryLayers', aws.ECR_DOCKER, pull],
      // The listener's certificate and key come from there when it starts.
      ['Secrets', aws.SECRETS_MANAGER, ['secretsmanager:GetSecretValue']],
    ];
    if (settings.comprehendMedical) {
      services.push(['ComprehendMedical', aws.COMPREHEND_MEDICAL, calledActions('comprehendmedical')]);
    }
    // Not every service has endpoints in every zone, and one that lacks it fails the stack. The others reach it from there.
    const { endpointZones } = settings;
    for (const [service, zones] of Object.entries(endpointZones)) {
      const at = `context "endpointZones": ${service}`;
      if (!services.some(([, one]) => one.shortName === service)) throw new Error(`${at} has no endpoint here`);
      if (!Array.isArray(zones) || zones.length === 0) throw new Error(`${at} needs a zone at least`);
      const stranger = zones.find((zone) => !this.availabilityZones.includes(String(zone)));
      if (stranger !== undefined) throw new Error(`${at}: ${String(stranger)} is none of ${this.availabilityZones.join(', ')}`);
    }
    for (const [name, service, actions] of services) {
      const zones = endpointZones[service.shortName];
      const endpoint = this.vpc.addInterfaceEndpoint(name, {
        service,
        subnets: { ...PRIVATE, ...(zones && { availabilityZones: [...zones] }) },
        securityGroups: [this.endpoints],
        open: false,
        privateDnsEnabled: true,
      });
      // Which role may do what is the role's to say; the endpoint says what is done here at all, and for whom.
      if (actions.length === 0) continue;
      open({ sid: 'OurCalls', actions, resources: ['*'], conditions: ours }).forEach((statement) => endpoint.addToPolicy(statement));
    }
  }

  private logFlows(bucket: s3.IBucket): void {
    this.vpc.addFlowLog('FlowLog', {
      destination: ec2.FlowLogDestination.toS3(bucket),
      trafficType: ec2.FlowLogTrafficType.ALL,
      maxAggregationInterval: ec2.FlowLogMaxAggregationInterval.ONE_MINUTE,
    });
  }
}
