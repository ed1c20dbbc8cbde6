import { ArnFormat, RemovalPolicy } from 'aws-cdk-lib';
import * as guardduty from 'aws-cdk-lib/aws-guardduty';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as macie from 'aws-cdk-lib/aws-macie';
import * as securityhub from 'aws-cdk-lib/aws-securityhub';
import * as resources from 'aws-cdk-lib/custom-resources';
import { Construct } from 'constructs';
import { both, explain } from './explain';
import { KeysStack } from './keys';
import { Options } from './options';
import { Settings } from './settings';
import { Common, ZorgsluisStack } from './stack';
import { StorageStack } from './storage';

export interface DetectionProps extends Common {
  readonly options: Options;
  readonly keys: KeysStack;
  readonly storage: StorageStack;
}

/** Buckets that Macie reads through. In raw and log all is sealed: what it can read there should not be there. */
export const SEARCHED_BUCKETS = ['imaging', 'raw', 'log', 'settings'] as const;

/** What looks for attackers, weaknesses and data in the wrong place. Its findings go to the alarms. */
export class DetectionStack extends ZorgsluisStack {
  constructor(scope: Construct, id: string, props: DetectionProps) {
    super(scope, id, props, 'what looks for attackers and weaknesses');
    const { settings, options } = props;
    if (!options.elsewhere.has('guardduty')) this.guardDuty();
    this.scanImages(settings, props);
    if (!options.elsewhere.has('security-hub')) this.securityHub();
    // CloudFormation has no word for these two: a function of AWS's library calls them at deployment.
    const caller = new AccountCalls(this, 'AccountCalls', props);
    if (!options.elsewhere.has('inspector')) caller.inspector();
    const session = options.elsewhere.has('macie')
      ? undefined
      : new macie.CfnSession(this, 'Macie', { status: 'ENABLED', findingPublishingFrequency: 'FIFTEEN_MINUTES' });
    caller.macie(this.bsn(settings, session), session);
  }

  private guardDuty(): void {
    // No runtime monitoring of Fargate: its agent comes from a repository of AWS and speaks to an endpoint that
    // GuardDuty would add to the network, past what network.ts lets through.
    const on = (name: string) => ({ name, status: 'ENABLED' });
    new guardduty.CfnDetector(this, 'GuardDuty', {
      enable: true,
      findingPublishingFrequency: 'FIFTEEN_MINUTES',
      features: [
        on('S3_DATA_EVENTS'),
        on('LAMBDA_NETWORK_LOGS'),
        on('EBS_MALWARE_PROTECTION'),
        on('RDS_LOGIN_EVENTS'),
      ],
    });
  }

  /** Images come from outside and are opened on the workplaces of doctors: each is scanned for malware. */
  private scanImages(settings: Settings, { keys }: DetectionProps): void {
    const bucket = settings.bucketName('imaging');
    const bucketArn = `arn:aws:s3:::${bucket}`;
    const role = new iam.Role(this, 'ScanRole', {
      roleName: settings.roleName('malware-scan'),
      description: 'What GuardDuty does to scan images',
      assumedBy: new iam.ServicePrincipal('malware-protection-plan.guardduty.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': this.account } },
      }),
    });
    const ruleArn = this.formatArn({
      service: 'events',
      resource: 'rule',
      resourceName: 'DO-NOT-DELETE-AmazonGuardDutyMalwareProtectionS3*',
    });
    const objects = `${bucketArn}/*`;
    const policy = new iam.ManagedPolicy(this, 'ScanPolicy', {
      roles: [role],
      statements: [
        new iam.PolicyStatement({
          actions: ['events:DeleteRule', 'events:PutRule', 'events:PutTargets', 'events:RemoveTargets'],
          resources: [ruleArn],
          conditions: {
            StringLike: { 'events:ManagedBy': 'malware-protection-plan.guardduty.amazonaws.com' },
          },
        }),
        new iam.PolicyStatement({ actions: ['events:DescribeRule', 'events:ListTargetsByRule'], resources: [ruleArn] }),
        new iam.PolicyStatement({
          actions: ['s3:GetBucketNotification', 's3:ListBucket', 's3:PutBucketNotification'],
          resources: [bucketArn],
        }),
        new iam.PolicyStatement({
          actions: [
            's3:GetObject',
            's3:GetObjectTagging',
            's3:GetObjectVersion',
            's3:GetObjectVersionTagging',
            's3:PutObjectTagging',
            's3:PutObjectVersionTagging',
          ],
          resources: [objects],
        }),
        new iam.PolicyStatement({
          actions: ['s3:PutObject'],
          resources: [`${bucketArn}/malware-protection-resource-validation-object`],
        }),
        new iam.PolicyStatement({
          actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
          resources: [keys.phi.keyArn],
          conditions: { StringEquals: { 'kms:ViaService': `s3.${this.region}.amazonaws.com` } },
        }),
      ],
    });
    explain(
      policy,
      "Every image of this one bucket, and the one rule that GuardDuty makes and names by itself.",
      `AwsSolutions-IAM5[Resource::${objects}]`,
      `AwsSolutions-IAM5[Resource::${ruleArn}]`,
    );
    const plan = new guardduty.CfnMalwareProtectionPlan(this, 'ScanImages', {
      role: role.roleArn,
      protectedResource: { s3Bucket: { bucketName: bucket } },
      // The tag says what was found; nothing opens an image that has none.
      actions: { tagging: { status: 'ENABLED' } },
    });
    plan.node.addDependency(policy);
  }

  private securityHub(): void {
    const hub = new securityhub.CfnHub(this, 'SecurityHub', {
      enableDefaultStandards: false,
      autoEnableControls: true,
      controlFindingGenerator: 'SECURITY_CONTROL',
    });
    for (const [name, standard] of Object.entries({
      BestPractices: 'aws-foundational-security-best-practices/v/1.0.0',
      Nist: 'nist-800-53/v/5.0.0',
    })) {
      const made = new securityhub.CfnStandard(this, name, {
        standardsArn: `arn:aws:securityhub:${this.region}::standards/${standard}`,
      });
      made.addResourceDependency(hub);
    }
  }

  /** A citizen service number beside a word that says so. */
  private bsn(settings: Settings, session?: macie.CfnSession): macie.CfnCustomDataIdentifier {
    const identifier = new macie.CfnCustomDataIdentifier(this, 'Bsn', {
      name: `${settings.prefix}-bsn`,
      description: 'Nine digits near a word for the citizen service number',
      regex: '\\b[0-9]{9}\\b',
      keywords: ['bsn', 'burgerservicenummer', 'NLMINBIZA', 'fhir.nl/fhir/NamingSystem/bsn'],
      maximumMatchDistance: 50,
    });
    if (session) identifier.addResourceDependency(session);
    return identifier;
  }
}

/** Calls for which CloudFormation has no resource, each by a role that may make them and no others. */
class AccountCalls extends Construct {
  private readonly role: iam.Role;
  private readonly policy: iam.ManagedPolicy;

  constructor(
    private readonly stack: ZorgsluisStack,
    id: string,
    private readonly props: DetectionProps,
  ) {
    super(stack, id);
    const { settings, keys, options } = props;
    this.role = new iam.Role(this, 'Role', {
      roleName: settings.roleName('account-calls'),
      description: 'Switches on Inspector and the jobs of Macie at deployment',
      assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
    });
    const logGroup = new logs.LogGroup(this, 'Logs', {
      logGroupName: `/zorgsluis/${settings.prefix}/account-calls`,
      encryptionKey: keys.logs,
      retention: options.logDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.logGroup = logGroup;
    this.policy = new iam.ManagedPolicy(this, 'Policy', {
      roles: [this.role],
      statements: [
        new iam.PolicyStatement({ actions: ['logs:CreateLogStream', 'logs:PutLogEvents'], resources: [logGroup.logGroupArn] }),
      ],
    });
  }

  private readonly logGroup: logs.LogGroup;

  /** Inspector looks at images in ECR and at functions. (Of functions without a runtime of AWS it sees little.) */
  inspector(): void {
    this.policy.addStatements(
      new iam.PolicyStatement({ actions: ['inspector2:Disable', 'inspector2:Enable'], resources: ['*'] }),
      new iam.PolicyStatement({
        actions: ['iam:CreateServiceLinkedRole'],
        resources: [`arn:aws:iam::${this.stack.account}:role/aws-service-role/inspector2.amazonaws.com/AWSServiceRoleForAmazonInspector2`],
        conditions: { StringEquals: { 'iam:AWSServiceName': 'inspector2.amazonaws.com' } },
      }),
    );
    const parameters = { resourceTypes: ['ECR', 'LAMBDA'] };
    this.call('Inspector', {
      onUpdate: {
        service: 'inspector2',
        action: 'enable',
        parameters,
        physicalResourceId: resources.PhysicalResourceId.of('inspector'),
      },
      onDelete: { service: 'inspector2', action: 'disable', parameters },
    });
  }

  /** A job that reads through the buckets every week. The policies of their keys let Macie decrypt (key-policy.ts). */
  macie(identifier: macie.CfnCustomDataIdentifier, session?: macie.CfnSession): void {
    const { settings } = this.props;
    const job = this.stack.formatArn({
      service: 'macie2',
      resource: 'classification-job',
      resourceName: '*',
      arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
    });
    this.policy.addStatements(
      new iam.PolicyStatement({ actions: ['macie2:CreateClassificationJob'], resources: ['*'] }),
      new iam.PolicyStatement({ actions: ['macie2:UpdateClassificationJob'], resources: [job] }),
    );
    explain(
      this.policy,
      'Jobs of Macie are named by AWS when they are made; Inspector is switched on for the account (wildcards.ts).',
      'AwsSolutions-IAM5[Resource::*]',
      `AwsSolutions-IAM5[Resource::${job}]`,
    );
    const made = this.call('MacieJob', {
      onCreate: {
        service: 'macie2',
        action: 'createClassificationJob',
        physicalResourceId: resources.PhysicalResourceId.fromResponse('jobId'),
        parameters: {
          name: `${settings.prefix}-weekly`,
          clientToken: `${settings.prefix}-weekly`,
          jobType: 'SCHEDULED',
          scheduleFrequency: { weeklySchedule: { dayOfWeek: 'SUNDAY' } },
          initialRun: true,
          managedDataIdentifierSelector: 'RECOMMENDED',
          customDataIdentifierIds: [identifier.attrId],
          s3JobDefinition: {
            bucketDefinitions: [
              {
                accountId: this.stack.account,
                buckets: SEARCHED_BUCKETS.map((kind) => settings.bucketName(kind)),
              },
            ],
          },
        },
      },
      onDelete: {
        service: 'macie2',
        action: 'updateClassificationJob',
        parameters: { jobId: new resources.PhysicalResourceIdReference(), jobStatus: 'CANCELLED' },
      },
    });
    if (session) made.node.addDependency(session);
  }

  private explained = false;

  /** All calls share one function of AWS's library. */
  private explainCaller(): void {
    this.explained = true;
    const caller = this.stack.node.children.find((child) => child.node.id.startsWith('AWS679f53fac002430cb0da5b7982bd2287'));
    if (!caller) throw new Error('the function that makes calls at deployment is not where it was');
    explain(
      caller,
      'Called by CloudFormation at a deployment, one call at a time, which fails when the call does; it handles no data and ' +
        'speaks to two services that have no endpoint in the VPC.',
      ...both('LambdaConcurrency', 'LambdaDLQ', 'LambdaInsideVPC'),
    );
  }

  private call(id: string, calls: Pick<resources.AwsCustomResourceProps, 'onCreate' | 'onUpdate' | 'onDelete'>) {
    const made = new resources.AwsCustomResource(this, id, {
      ...calls,
      resourceType: `Custom::${id}`,
      role: this.role.withoutPolicyUpdates(),
      installLatestAwsSdk: false,
      logGroup: this.logGroup,
    });
    made.node.addDependency(this.policy);
    if (!this.explained) this.explainCaller();
    return made;
  }
}
