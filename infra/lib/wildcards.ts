/** Actions that a policy allows on every resource, because AWS leaves no choice. */
export interface Wildcard {
  /** Whose: stack and logical id of the policy. */
  readonly who: RegExp;
  readonly actions: readonly string[];
  readonly reason: string;
}

/**
 * Every statement of a role with the resource `*`. A test compares the list with the templates, both ways: a
 * wildcard that is not here fails it, and so does a line here that nothing needs any more.
 */
export const WILDCARDS: readonly Wildcard[] = [
  {
    who: /^functions\/\w+Platform/,
    actions: [
      'ec2:AssignPrivateIpAddresses',
      'ec2:CreateNetworkInterface',
      'ec2:DeleteNetworkInterface',
      'ec2:DescribeNetworkInterfaces',
      'ec2:DescribeSubnets',
      'ec2:UnassignPrivateIpAddresses',
    ],
    reason:
      'Lambda puts a function into the VPC with its role, and refuses a role that may not do this on every ' +
      'network interface (they have no ARN before they exist). A denial beside it takes the actions from the ' +
      "function's own code (condition lambda:SourceFunctionArn).",
  },
  {
    who: /^functions\/\w+Platform/,
    actions: ['xray:PutTelemetryRecords', 'xray:PutTraceSegments'],
    reason: 'X-Ray has no resources for traces.',
  },
  {
    who: /^functions\/enricherPolicy/,
    actions: [
      'comprehendmedical:DetectEntitiesV2',
      'comprehendmedical:InferICD10CM',
      'comprehendmedical:InferRxNorm',
      'comprehendmedical:InferSNOMEDCT',
    ],
    reason: 'Comprehend Medical has no resources for these calls.',
  },
  {
    who: /^listener\/StartPolicy/,
    actions: ['ecr:GetAuthorizationToken'],
    reason: 'ECR gives its token for the whole registry; what may be pulled with it is one repository.',
  },
  {
    who: /^detection\/AccountCallsPolicy/,
    actions: ['inspector2:Disable', 'inspector2:Enable'],
    reason: 'Inspector is switched on for the account; it has no resource for that.',
  },
  {
    who: /^detection\/AccountCallsPolicy/,
    actions: ['macie2:CreateClassificationJob'],
    reason: 'A job of Macie has no ARN before it is made.',
  },
];

/** A policy written by AWS that a role has, because a narrower one would not do. */
export interface PolicyOfAws {
  /** Whose: stack and logical id of the role. */
  readonly who: RegExp;
  readonly policy: string;
  readonly reason: string;
}

/** Every policy of AWS that is attached to a role; compared with the templates both ways, too. */
export const POLICIES_OF_AWS: readonly PolicyOfAws[] = [
  {
    who: /^api\/LogRole/,
    policy: 'service-role/AmazonAPIGatewayPushToCloudWatchLogs',
    reason: 'API Gateway refuses a role that may do less; writing logs is all that it may.',
  },
  {
    who: /^posture\/Role/,
    policy: 'service-role/AWS_ConfigRole',
    reason: 'Config reads the configuration of every kind of resource: the list grows with AWS. It reads no data.',
  },
  {
    who: /^network\/CustomVpcRestrictDefaultSG/,
    policy: 'service-role/AWSLambdaBasicExecutionRole',
    reason: "The function of AWS's library that empties the default security group; writing its log is all that this adds.",
  },
  {
    who: /^database\/Monitoring/,
    policy: 'service-role/AmazonRDSEnhancedMonitoringRole',
    reason: 'RDS writes its measurements with it into one group of logs that RDS itself names.',
  },
  {
    who: /^backup\/Role/,
    policy: 'service-role/AWSBackupServiceRolePolicyForBackup',
    reason: 'AWS Backup checks for what its own policy holds; what is backed up, the selection says.',
  },
];
