import { CfnOutput, Duration, RemovalPolicy, Size } from 'aws-cdk-lib';
import * as ecr from 'aws-cdk-lib/aws-ecr';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as elb from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as secrets from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { CERTIFICATES, environmentOf } from './environment';
import { both, explain } from './explain';
import { Grants, Resources } from './grants';
import { Needs, Program } from './needs';
import { NetworkStack, PORTS, PRIVATE, PUBLIC } from './network';
import { Options } from './options';
import { Common, ZorgsluisStack } from './stack';

export interface ListenerProps extends Common {
  readonly options: Options;
  readonly needs: Needs;
  readonly network: NetworkStack;
  readonly resources: Resources;
  readonly repository: ecr.IRepository;
  readonly certificates: secrets.ISecret;
}

/** A user without rights and without a name: `nonroot` of distroless. */
const NOBODY = '65532';
/** How long the listener may drain: it allows itself 20 seconds. */
const DRAIN = Duration.seconds(30);
/**
 * How long a balancer keeps a connection on which nothing comes: longer than the listener, which ends one after an hour
 * by its own word. By default it would be 350 seconds, and the sender would not be told.
 */
const IDLE = Duration.seconds(3900);
/** Stands for an image that was not pushed yet; a deployment refuses it. */
const NO_DIGEST = `sha256:${'0'.repeat(64)}`;

/** The fields of the secret with the listener's certificates, as the container that unpacks them reads them. */
export const CERTIFICATE_FIELDS = {
  ZORGSLUIS_TLS_CERTIFICATE: 'certificate',
  ZORGSLUIS_TLS_KEY: 'key',
  ZORGSLUIS_TLS_CLIENT_CA: 'client-ca',
};

/** The MLLP listener on Fargate, behind load balancers that pass its connections through. */
export class ListenerStack extends ZorgsluisStack {
  readonly service: ecs.FargateService;
  readonly targetGroups: elb.NetworkTargetGroup[] = [];
  readonly loadBalancers: elb.NetworkLoadBalancer[] = [];

  constructor(scope: Construct, id: string, props: ListenerProps) {
    super(scope, id, props, 'the MLLP listener');
    const { settings, network } = props;
    const cluster = new ecs.Cluster(this, 'Cluster', {
      clusterName: settings.prefix,
      vpc: network.vpc,
      containerInsightsV2: ecs.ContainerInsights.ENHANCED,
    });
    const program = props.needs.container;
    const task = this.task(program, props);
    this.service = new ecs.FargateService(this, 'Service', {
      serviceName: `${settings.prefix}-listener`,
      cluster,
      taskDefinition: task,
      platformVersion: ecs.FargatePlatformVersion.VERSION1_4,
      // Two at least, so that a zone may fail; Fargate spreads them over the zones of the subnets.
      desiredCount: Math.max(2, program.concurrency),
      minHealthyPercent: 100,
      maxHealthyPercent: 200,
      availabilityZoneRebalancing: ecs.AvailabilityZoneRebalancing.ENABLED,
      circuitBreaker: { enable: true, rollback: true },
      healthCheckGracePeriod: Duration.seconds(60),
      vpcSubnets: PRIVATE,
      securityGroups: [network.listener],
      assignPublicIp: false,
      enableExecuteCommand: false,
      enableECSManagedTags: true,
      propagateTags: ecs.PropagatedTagSource.SERVICE,
    });
    this.scale();
    this.balance('Inside', false, props, settings.vpn ? [PORTS.mllpTls, PORTS.mllp] : [PORTS.mllpTls]);
    if (settings.senders.length > 0) this.balance('Outside', true, props, [PORTS.mllpTls]);
  }

  private task(program: Program, props: ListenerProps): ecs.FargateTaskDefinition {
    const { settings, options, needs, resources, certificates } = props;
    const logGroup = new logs.LogGroup(this, 'Logs', {
      logGroupName: `/ecs/${settings.prefix}-listener`,
      encryptionKey: resources.keys.logs,
      retention: options.logDays,
      removalPolicy: settings.production ? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE : RemovalPolicy.DESTROY,
    });
    const taskRole = this.role('TaskRole', settings.roleName(program.name), 'What the listener may do');
    new Grants(settings, needs, resources).policy(this, 'Policy', program, taskRole);
    const executionRole = this.executionRole(props, logGroup, certificates);
    const task = new ecs.FargateTaskDefinition(this, 'Task', {
      family: `${settings.prefix}-listener`,
      cpu: 512,
      memoryLimitMiB: Math.max(1024, program.memory),
      runtimePlatform: {
        operatingSystemFamily: ecs.OperatingSystemFamily.LINUX,
        cpuArchitecture: options.architecture === 'arm64' ? ecs.CpuArchitecture.ARM64 : ecs.CpuArchitecture.X86_64,
      },
      taskRole: taskRole.withoutPolicyUpdates(),
      executionRole: executionRole.withoutPolicyUpdates(),
      volumes: [{ name: 'certificates' }],
    });
    this.containers(task, program, props, logGroup, certificates);
    return task;
  }

  private containers(
    task: ecs.FargateTaskDefinition,
    program: Program,
    props: ListenerProps,
    logGroup: logs.ILogGroup,
    certificates: secrets.ISecret,
  ): void {
    const { settings, options, repository } = props;
    if (options.listenerDigest === undefined) {
      if (options.refusePlaceholders) throw new Error('context "listenerDigest" is missing: push the image first');
      console.error('context "listenerDigest" is not set: a placeholder stands for the image, which cannot be deployed');
    }
    // By its address: the roles are made here in full, so nothing may add to them or to the repository's policy.
    const image = ecs.ContainerImage.fromRegistry(`${repository.repositoryUri}@${options.listenerDigest ?? NO_DIGEST}`);
    const environment = environmentOf(program, props);
    const common = {
      image,
      user: NOBODY,
      readonlyRootFilesystem: true,
      privileged: false,
      stopTimeout: DRAIN,
      // What the log cannot take at once waits in memory: the listener must not.
      logging: ecs.LogDrivers.awsLogs({
        logGroup,
        streamPrefix: 'listener',
        mode: ecs.AwsLogDriverMode.NON_BLOCKING,
        maxBufferSize: Size.mebibytes(25),
      }),
    };
    const fields = secrets.Secret.fromSecretCompleteArn(this, 'CertificateFields', certificates.secretArn);
    const drop = (id: string) => {
      const parameters = new ecs.LinuxParameters(this, id, { initProcessEnabled: false });
      parameters.dropCapabilities(ecs.Capability.ALL);
      return parameters;
    };
    // Fargate gives secrets as variables only, and a private key does not belong in the variables of what faces
    // the network: a container that ends at once writes them into a volume that lives as long as the task.
    const unpack = task.addContainer('certificates', {
      ...common,
      essential: false,
      command: ['write-certificates'],
      environment: Object.fromEntries(
        Object.entries(environment).filter(([name, value]) => name.startsWith('ZORGSLUIS_LISTENER_') && value.startsWith(CERTIFICATES)),
      ),
      secrets: Object.fromEntries(
        Object.entries(CERTIFICATE_FIELDS).map(([name, field]) => [name, ecs.Secret.fromSecretsManager(fields, field)]),
      ),
      linuxParameters: drop('UnpackRights'),
    });
    unpack.addMountPoints({ containerPath: CERTIFICATES, sourceVolume: 'certificates', readOnly: false });
    const listener = task.addContainer('listener', {
      ...common,
      essential: true,
      environment,
      memoryLimitMiB: program.memory,
      portMappings: [
        ...(settings.vpn ? [{ containerPort: PORTS.mllp }] : []),
        { containerPort: PORTS.mllpTls },
        { containerPort: PORTS.health },
      ],
      linuxParameters: drop('ListenerRights'),
    });
    listener.addMountPoints({ containerPath: CERTIFICATES, sourceVolume: 'certificates', readOnly: true });
    listener.addContainerDependencies({ container: unpack, condition: ecs.ContainerDependencyCondition.SUCCESS });
    explain(
      task,
      'Names and addresses only; what is secret comes from Secrets Manager, and to the other container.',
      'AwsSolutions-ECS2',
    );
  }

  private role(id: string, roleName: string, description: string): iam.Role {
    return new iam.Role(this, id, {
      roleName,
      description,
      assumedBy: new iam.ServicePrincipal('ecs-tasks.amazonaws.com', {
        conditions: {
          StringEquals: { 'aws:SourceAccount': this.account },
          ArnLike: { 'aws:SourceArn': `arn:aws:ecs:${this.region}:${this.account}:*` },
        },
      }),
    });
  }

  /** What ECS does to start the task: fetch the image, write logs, read the one secret. */
  private executionRole(
    { settings, repository, resources }: ListenerProps,
    logGroup: logs.ILogGroup,
    certificates: secrets.ISecret,
  ): iam.Role {
    const role = this.role('StartRole', settings.roleName('listener-start'), 'What ECS does to start the listener');
    const policy = new iam.ManagedPolicy(this, 'StartPolicy', {
      roles: [role],
      statements: [
        new iam.PolicyStatement({
          actions: ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
          resources: [repository.repositoryArn],
        }),
        new iam.PolicyStatement({ actions: ['ecr:GetAuthorizationToken'], resources: ['*'] }),
        new iam.PolicyStatement({
          actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
          resources: [logGroup.logGroupArn],
        }),
        new iam.PolicyStatement({ actions: ['secretsmanager:GetSecretValue'], resources: [certificates.secretArn] }),
        new iam.PolicyStatement({
          actions: ['kms:Decrypt'],
          resources: [resources.keys.phi.keyArn],
          conditions: { StringEquals: { 'kms:ViaService': `secretsmanager.${this.region}.amazonaws.com` } },
        }),
      ],
    });
    explain(policy, 'ECR gives its token for the whole registry (wildcards.ts).', 'AwsSolutions-IAM5[Resource::*]');
    return role;
  }

  private scale(): void {
    const scaling = this.service.autoScaleTaskCount({ minCapacity: 2, maxCapacity: 8 });
    // Connections stay for hours where they are: scaling in is slow, so that few of them move.
    const pace = { scaleOutCooldown: Duration.minutes(1), scaleInCooldown: Duration.minutes(15) };
    scaling.scaleOnCpuUtilization('Cpu', { targetUtilizationPercent: 60, ...pace });
    scaling.scaleOnMemoryUtilization('Memory', { targetUtilizationPercent: 70, ...pace });
  }

  /**
   * A load balancer that passes TCP through: TLS ends in the listener, which asks for the client's certificate.
   * A target stays until its connections are drained.
   */
  private balance(name: string, internetFacing: boolean, props: ListenerProps, ports: readonly number[]): void {
    const { settings, network } = props;
    const balancer = new elb.NetworkLoadBalancer(this, name, {
      loadBalancerName: `${settings.prefix}-mllp-${name.toLowerCase()}`,
      vpc: network.vpc,
      vpcSubnets: internetFacing ? PUBLIC : PRIVATE,
      internetFacing,
      securityGroups: [network.loadBalancer],
      crossZoneEnabled: true,
      deletionProtection: true,
    });
    this.loadBalancers.push(balancer);
    explain(
      balancer,
      'It passes TCP through and would log TLS connections only that it ends itself; flow logs of the VPC show the rest.',
      'AwsSolutions-ELB2',
      ...both('ELBLoggingEnabled'),
    );
    for (const port of ports) {
      const targetGroup = new elb.NetworkTargetGroup(this, `${name}-${port}`, {
        vpc: network.vpc,
        port,
        protocol: elb.Protocol.TCP,
        targetType: elb.TargetType.IP,
        targets: [this.service.loadBalancerTarget({ containerName: 'listener', containerPort: port })],
        // Longer than a drain: a connection ends by the listener's word and not by being cut.
        deregistrationDelay: Duration.seconds(60),
        connectionTermination: false,
        preserveClientIp: true,
        healthCheck: {
          protocol: elb.Protocol.HTTP,
          port: String(PORTS.health),
          // Not /health: in a disturbance of SQS, KMS or S3 ECS would replace every task, and cut every connection.
          path: '/live',
          interval: Duration.seconds(10),
          timeout: Duration.seconds(5),
          healthyThresholdCount: 2,
          unhealthyThresholdCount: 2,
        },
      });
      this.targetGroups.push(targetGroup);
      const opened = balancer.addListener(`Port${port}`, {
        port,
        protocol: elb.Protocol.TCP,
        defaultTargetGroups: [targetGroup],
        tcpIdleTimeout: IDLE,
      });
      explain(
        opened,
        port === PORTS.mllp
          ? 'MLLP in clear for devices that know nothing else: reachable through the IPsec tunnel of the VPN only.'
          : "TLS ends in the listener itself, which asks for the sender's certificate: a balancer could not hand it on.",
        ...both('ELBv2ACMCertificateRequired'),
      );
    }
    new CfnOutput(this, `${name}Name`, { value: balancer.loadBalancerDnsName });
  }
}
