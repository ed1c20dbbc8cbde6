/** Actions that a policy allows on every resource, because AWS leaves no choice. */
export interface Wildcard {
  /** Whose: a name that the policy's place in its stack contains. */
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
    who: /^functions\/.*\/(Policy|Platform)/,
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
    who: /^functions\/.*\/(Policy|Platform)/,
    actions: ['xray:PutTelemetryRecords', 'xray:PutTraceSegments'],
    reason: 'X-Ray has no resources for traces.',
  },
  {
    who: /^functions\/enricher\//,
    actions: [
      'comprehendmedical:DetectEntitiesV2',
      'comprehendmedical:InferICD10CM',
      'comprehendmedical:InferRxNorm',
    ],
    reason: 'Comprehend Medical has no resources for these calls.',
  },
];
