import { ArnFormat, Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as scheduler from 'aws-cdk-lib/aws-scheduler';
import { Construct } from 'constructs';
import { codeOf } from './code';
import { environmentOf } from './environment';
import { explain } from './explain';
import { Grants, Resources } from './grants';
import { Needs, Program, Source } from './needs';
import { NetworkStack, PRIVATE } from './network';
import { Options } from './options';
import { QueueName, QUEUES } from './queues';
import { Common, ZorgsluisStack } from './stack';

export interface FunctionsProps extends Common {
  readonly options: Options;
  readonly needs: Needs;
  readonly network: NetworkStack;
  readonly resources: Resources;
}

/** What Lambda itself does with a function's role so that it runs in the VPC. Not for the function's code. */
const NETWORK_ACTIONS = [
  'ec2:AssignPrivateIpAddresses',
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:UnassignPrivateIpAddresses',
];

const TRACING_ACTIONS = ['xray:PutTelemetryRecords', 'xray:PutTraceSegments'];
const LOG_ACTIONS = ['logs:CreateLogStream', 'logs:PutLogEvents'];

/** What a role holds besides the needs of its function's ports: no function asks for these itself. */
export const PLATFORM_ACTIONS = [...NETWORK_ACTIONS, ...TRACING_ACTIONS, ...LOG_ACTIONS];

/** What a schedule's call carries: the shape of an EventBridge event, so that a handler knows it by its source. */
const CLOCK = { source: 'aws.scheduler', 'detail-type': 'Scheduled Event', detail: {} };

/** The functions, as `crates/aws/functions` describes them. */
export class FunctionsStack extends ZorgsluisStack {
  /** By the name in their file, without the prefix. */
  readonly functions: Record<string, lambda.Function> = {};
  readonly logGroups: Record<string, logs.LogGroup> = {};

  constructor(scope: Construct, id: string, props: FunctionsProps) {
    super(scope, id, props, 'the functions');
    const group = new scheduler.CfnScheduleGroup(this, 'Schedules', { name: props.settings.prefix });
    for (const program of props.needs.functions) {
      const made = this.function(program, props);
      this.functions[program.name] = made;
      for (const source of program.sources) this.mapping(program, made, source, props);
      if (program.schedule) this.schedule(program.schedule, program, made, group, props);
    }
  }

  private function(program: Program, props: FunctionsProps): lambda.Function {
    const { settings, options, network, resources } = props;
    if (program.timeout === undefined) throw new Error(`functions/${program.name}.json: "timeout" is missing`);
    const place = new Construct(this, program.name);
    const functionName = `${settings.prefix}-${program.name}`;
    const logGroup = new logs.LogGroup(place, 'Logs', {
      logGroupName: `/aws/lambda/${functionName}`,
      encryptionKey: resources.keys.logs,
      retention: options.logDays,
      removalPolicy: settings.production ? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE : RemovalPolicy.DESTROY,
    });
    this.logGroups[program.name] = logGroup;
    const role = this.role(place, program, functionName, logGroup, props);
    const made = new lambda.Function(place, 'Function', {
      functionName,
      description: `Zorgsluis: ${program.name}`,
      runtime: lambda.Runtime.PROVIDED_AL2023,
      architecture: options.architecture === 'arm64' ? lambda.Architecture.ARM_64 : lambda.Architecture.X86_64,
      handler: 'bootstrap',
      code: codeOf(program.name, options),
      role,
      memorySize: program.memory,
      timeout: Duration.seconds(program.timeout),
      vpc: network.vpc,
      vpcSubnets: PRIVATE,
      securityGroups: [network.functions, ...(program.name === 'audit-writer' && network.witnesses ? [network.witnesses] : [])],
      tracing: lambda.Tracing.ACTIVE,
      loggingFormat: lambda.LoggingFormat.JSON,
      applicationLogLevelV2: lambda.ApplicationLogLevel.INFO,
      systemLogLevelV2: lambda.SystemLogLevel.INFO,
      logGroup,
      environment: environmentOf(program, props),
      // Behind a queue the mapping holds it back; reserved as well, messages would be throttled and counted as
      // tries.
      ...(program.sources.length === 0 && { reservedConcurrentExecutions: program.concurrency }),
      // A schedule's call that failed is not repeated: the next one comes within the minute.
      retryAttempts: 0,
      maxEventAge: Duration.minutes(1),
    });
    // Lambda looks at what the role may do when it makes the function.
    made.node.addDependency(place.node.findChild('Platform'), place.node.findChild('Policy'));
    this.explainFunction(made, program);
    return made;
  }

  /** The role: what the ports need, on what they need it for, and what Lambda does with it. Nothing else. */
  private role(
    place: Construct,
    program: Program,
    functionName: string,
    logGroup: logs.LogGroup,
    { settings, needs, resources }: FunctionsProps,
  ): iam.IRole {
    const role = new iam.Role(place, 'Role', {
      roleName: settings.roleName(program.name),
      description: `What the function ${program.name} may do`,
      assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
    });
    const functionArn = this.formatArn({
      service: 'lambda',
      resource: 'function',
      resourceName: functionName,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    new Grants(settings, needs, resources).policy(place, 'Policy', program, role);
    const platform = new iam.ManagedPolicy(place, 'Platform', {
      description: `What Lambda itself does with the role of ${program.name}`,
      roles: [role],
      statements: [
        new iam.PolicyStatement({ actions: NETWORK_ACTIONS, resources: ['*'] }),
        new iam.PolicyStatement({
          sid: 'NotTheCode',
          effect: iam.Effect.DENY,
          actions: NETWORK_ACTIONS,
          resources: ['*'],
          conditions: { ArnEquals: { 'lambda:SourceFunctionArn': functionArn } },
        }),
        new iam.PolicyStatement({ actions: TRACING_ACTIONS, resources: ['*'] }),
        new iam.PolicyStatement({ actions: LOG_ACTIONS, resources: [`${logGroup.logGroupArn}`] }),
      ],
    });
    explain(platform, 'Network interfaces and traces have no ARN to name (wildcards.ts).', 'AwsSolutions-IAM5[Resource::*]');
    return role.withoutPolicyUpdates();
  }

  private mapping(program: Program, target: lambda.Function, source: Source, { resources }: FunctionsProps): void {
    const fifo = QUEUES[source.queue as QueueName];
    const at = `functions/${program.name}.json`;
    if (fifo === undefined) throw new Error(`${at}: there is no queue ${source.queue}`);
    if (fifo && (source.batch > 10 || source.window !== undefined)) {
      throw new Error(`${at}: a FIFO queue gives batches of 10 at most, and knows no window`);
    }
    if (source.batch > 10 && source.window === undefined) {
      throw new Error(`${at}: a batch above 10 needs a window`);
    }
    const { queue } = resources.queues.queues[source.queue as QueueName];
    if (program.concurrency < 2) throw new Error(`${at}: a mapping's concurrency is 2 at least`);
    new lambda.EventSourceMapping(this, `${program.name}-from-${source.queue}`, {
      target,
      eventSourceArn: queue.queueArn,
      batchSize: source.batch,
      ...(source.window !== undefined && { maxBatchingWindow: Duration.seconds(source.window) }),
      maxConcurrency: program.concurrency,
      // Only what failed comes again, with the rest of its group.
      reportBatchItemFailures: true,
    });
  }

  private schedule(
    expression: string,
    program: Program,
    target: lambda.Function,
    group: scheduler.CfnScheduleGroup,
    { settings }: FunctionsProps,
  ): void {
    const place = this.node.findChild(program.name) as Construct;
    const groupArn = this.formatArn({ service: 'scheduler', resource: 'schedule-group', resourceName: settings.prefix });
    const role = new iam.Role(place, 'ScheduleRole', {
      roleName: settings.roleName(`schedule-${program.name}`),
      description: `Calls the function ${program.name} by the clock`,
      assumedBy: new iam.ServicePrincipal('scheduler.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': this.account, 'aws:SourceArn': groupArn } },
      }),
    });
    new iam.ManagedPolicy(place, 'SchedulePolicy', {
      roles: [role],
      statements: [new iam.PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [target.functionArn] })],
    });
    const schedule = new scheduler.CfnSchedule(place, 'Schedule', {
      name: program.name,
      groupName: settings.prefix,
      description: `What ${program.name} does by the clock`,
      scheduleExpression: expression,
      flexibleTimeWindow: { mode: 'OFF' },
      target: {
        arn: target.functionArn,
        roleArn: role.roleArn,
        input: JSON.stringify(CLOCK),
        // The next call comes within the minute: an old one is worth nothing.
        retryPolicy: { maximumRetryAttempts: 0, maximumEventAgeInSeconds: 60 },
      },
    });
    schedule.addResourceDependency(group);
  }

  private explainFunction(made: lambda.Function, program: Program): void {
    explain(
      made,
      'Its callers wait for the answer or repeat the call: a queue keeps what failed and has dead letters of its ' +
        'own, the API answers its sender, and the next call of a schedule comes within the minute.',
      'HIPAA.Security-LambdaDLQ',
      'NIST.800.53.R5-LambdaDLQ',
    );
    if (program.sources.length > 0) {
      explain(
        made,
        'Held back by the maximum concurrency of its mapping; reserved concurrency as well would throttle ' +
          'messages, which counts as a try of each.',
        'HIPAA.Security-LambdaConcurrency',
        'NIST.800.53.R5-LambdaConcurrency',
      );
    }
  }
}
