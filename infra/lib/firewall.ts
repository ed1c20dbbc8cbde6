import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as wafv2 from 'aws-cdk-lib/aws-wafv2';
import { Construct } from 'constructs';
import { KeysStack } from './keys';
import { Options } from './options';
import { Settings } from './settings';

export interface FirewallProps {
  readonly settings: Settings;
  readonly options: Options;
  readonly keys: KeysStack;
  readonly stageArn: string;
  readonly removalPolicy: RemovalPolicy;
}

/** Requests of one address in five minutes; far above what the plans of all clients allow together. */
const REQUESTS_PER_ADDRESS = 20_000;

/** A body that is certainly above the 4 MiB that the function takes (4,194,304 bytes), by its stated length. */
const TOO_LONG = '^(4[2-9][0-9]{5}|[5-9][0-9]{6}|[0-9]{8,})$';

/**
 * Rules of AWS's groups that look into the body. They are counted and never block: a message of HL7 v2 is full
 * of separators and of free text, is no form, script or path to anybody, and a note that was refused because of
 * its words would be a message lost. (SizeRestrictions_BODY would refuse any above 8 KB.)
 *
 * NoUserAgent_HEADER is counted too: senders are interface engines with their own clients, of which some name none.
 */
const COUNTED: Record<string, string[]> = {
  AWSManagedRulesCommonRuleSet: [
    'NoUserAgent_HEADER',
    'SizeRestrictions_BODY',
    'EC2MetaDataSSRF_BODY',
    'GenericLFI_BODY',
    'GenericRFI_BODY',
    'CrossSiteScripting_BODY',
  ],
  AWSManagedRulesKnownBadInputsRuleSet: ['JavaDeserializationRCE_BODY', 'Log4JRCE_BODY'],
  AWSManagedRulesAmazonIpReputationList: [],
};

/** The web application firewall in front of the API. */
export class Firewall extends Construct {
  constructor(scope: Construct, id: string, { settings, options, keys, stageArn, removalPolicy }: FirewallProps) {
    super(scope, id);
    const measured = (metricName: string) => ({
      cloudWatchMetricsEnabled: true,
      metricName,
      // Samples show requests, with their headers, in the console.
      sampledRequestsEnabled: false,
    });
    const groups = Object.entries(COUNTED).map(([name, counted], index) => ({
      name,
      priority: 10 + index,
      overrideAction: { none: {} },
      statement: {
        managedRuleGroupStatement: {
          vendorName: 'AWS',
          name,
          ruleActionOverrides: counted.map((rule) => ({ name: rule, actionToUse: { count: {} } })),
        },
      },
      visibilityConfig: measured(name),
    }));
    const acl = new wafv2.CfnWebACL(this, 'Acl', {
      name: settings.prefix,
      description: 'In front of the API for systems',
      scope: 'REGIONAL',
      defaultAction: { allow: {} },
      visibilityConfig: measured('Firewall'),
      rules: [
        {
          name: 'TooManyOfOneAddress',
          priority: 0,
          action: { block: { customResponse: { responseCode: 429 } } },
          statement: { rateBasedStatement: { aggregateKeyType: 'IP', limit: REQUESTS_PER_ADDRESS } },
          visibilityConfig: measured('TooManyOfOneAddress'),
        },
        {
          name: 'TooLong',
          priority: 1,
          action: { block: { customResponse: { responseCode: 413 } } },
          statement: {
            regexMatchStatement: {
              regexString: TOO_LONG,
              fieldToMatch: { singleHeader: { Name: 'content-length' } },
              textTransformations: [{ priority: 0, type: 'NONE' }],
            },
          },
          visibilityConfig: measured('TooLong'),
        },
        ...groups,
      ],
    });
    new wafv2.CfnWebACLAssociation(this, 'Association', { resourceArn: stageArn, webAclArn: acl.attrArn });

    const stack = Stack.of(this);
    const group = new logs.LogGroup(this, 'Log', {
      // The service asks for this beginning.
      logGroupName: `aws-waf-logs-${settings.prefix}`,
      encryptionKey: keys.logs,
      retention: options.logDays,
      removalPolicy,
    });
    const mayWrite = new logs.ResourcePolicy(this, 'MayWrite', {
      resourcePolicyName: `${settings.prefix}-firewall`,
      policyStatements: [
        new iam.PolicyStatement({
          principals: [new iam.ServicePrincipal('delivery.logs.amazonaws.com')],
          actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
          resources: [`${group.logGroupArn}`],
          conditions: { StringEquals: { 'aws:SourceAccount': stack.account } },
        }),
      ],
    });
    const logging = new wafv2.CfnLoggingConfiguration(this, 'Logging', {
      resourceArn: acl.attrArn,
      logDestinationConfigs: [
        stack.formatArn({ service: 'logs', resource: `log-group:aws-waf-logs-${settings.prefix}` }),
      ],
      redactedFields: [
        { singleHeader: { Name: 'authorization' } },
        { singleHeader: { Name: 'x-api-key' } },
        { singleHeader: { Name: 'x-amz-security-token' } },
        { queryString: {} },
      ],
    });
    logging.node.addDependency(group, mayWrite);
  }
}
