import { CfnOutput, RemovalPolicy } from 'aws-cdk-lib';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { both, explain } from './explain';
import { Firewall } from './firewall';
import { KeysStack } from './keys';
import { Options } from './options';
import { Settings } from './settings';
import { Common, ZorgsluisStack } from './stack';

export interface ApiProps extends Common {
  readonly options: Options;
  readonly keys: KeysStack;
  readonly ingest: lambda.IFunction;
}

const STAGE = 'live';

/**
 * A line for each call: the route, who called, what came of it. No path as it was sent, no query, no address of
 * a person, no body. With mutual TLS the number of the certificate stands for the caller.
 */
const ACCESS_LOG = {
  requestId: '$context.requestId',
  at: '$context.requestTime',
  route: '$context.httpMethod $context.resourcePath',
  status: '$context.status',
  bytes: '$context.responseLength',
  milliseconds: '$context.responseLatency',
  callerArn: '$context.identity.userArn',
  certificate: '$context.identity.clientCert.serialNumber',
  client: '$context.identity.apiKeyId',
  refused: '$context.error.responseType',
  firewall: '$context.waf.status',
  trace: '$context.xrayTraceId',
};

/**
 * `POST /hl7` for systems.
 *
 * A REST API and no HTTP API: those know neither a firewall, nor validation, nor limits for each client.
 */
export class ApiStack extends ZorgsluisStack {
  readonly api: apigateway.RestApi;
  readonly stageName = STAGE;

  constructor(scope: Construct, id: string, props: ApiProps) {
    super(scope, id, props, 'the API for systems');
    const { settings, options, keys } = props;
    const mutualTls = settings.apiDomain !== undefined && settings.trustStore !== undefined;
    const removalPolicy = settings.production ? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE : RemovalPolicy.DESTROY;
    const accessLog = new logs.LogGroup(this, 'AccessLog', {
      logGroupName: `/zorgsluis/${settings.prefix}/api-access`,
      encryptionKey: keys.logs,
      retention: options.logDays,
      removalPolicy,
    });
    this.api = new apigateway.RestApi(this, 'Api', {
      restApiName: settings.prefix,
      description: 'HL7 v2 messages from systems',
      endpointTypes: [apigateway.EndpointType.REGIONAL],
      // With mutual TLS the API's own name is the only door: the other one asks for no certificate.
      disableExecuteApiEndpoint: mutualTls,
      // Messages are bytes in the sender's character set: as text they would be harmed.
      binaryMediaTypes: ['*/*'],
      cloudWatchRole: false,
      policy: this.policy(options, mutualTls),
      deployOptions: {
        stageName: STAGE,
        tracingEnabled: true,
        metricsEnabled: true,
        // Errors of the gateway itself. Data tracing would write bodies.
        loggingLevel: apigateway.MethodLoggingLevel.ERROR,
        dataTraceEnabled: false,
        throttlingRateLimit: 100,
        throttlingBurstLimit: 200,
        accessLogDestination: new apigateway.LogGroupLogDestination(accessLog),
        accessLogFormat: apigateway.AccessLogFormat.custom(JSON.stringify(ACCESS_LOG)),
      },
    });
    const account = this.logging(props);
    this.api.deploymentStage.node.addDependency(account);
    new logs.LogGroup(this, 'ExecutionLog', {
      logGroupName: `API-Gateway-Execution-Logs_${this.api.restApiId}/${STAGE}`,
      encryptionKey: keys.logs,
      retention: options.logDays,
      removalPolicy,
    });
    this.route(props.ingest, mutualTls);
    this.limits(options);
    this.quietRefusals();
    if (mutualTls) this.ownName(settings, options);
    new Firewall(this, 'Firewall', { settings, options, keys, stageArn: this.api.deploymentStage.stageArn, removalPolicy });
    explain(
      this.api.deploymentStage,
      'Answers hold acknowledgements of single messages: none is ever asked for twice, and PHI is not cached.',
      ...both('APIGWCacheEnabledAndEncrypted'),
    );
    explain(
      this.api.deploymentStage,
      'The function behind is called by IAM inside AWS: no TLS server of ours asks for a certificate there.',
      ...both('APIGWSSLEnabled'),
    );
    new CfnOutput(this, 'Address', {
      value: mutualTls ? `https://${settings.apiDomain}/hl7` : this.api.urlForPath('/hl7'),
    });
  }

  /** Who may call at all, before anything else is asked. */
  private policy({ apiCallers }: Options, mutualTls: boolean): iam.PolicyDocument {
    const resources = [`execute-api:/${STAGE}/POST/hl7`];
    const allow = (principal: iam.IPrincipal) =>
      new iam.PolicyStatement({ principals: [principal], actions: ['execute-api:Invoke'], resources });
    if (mutualTls) {
      // They have no identity in IAM: the certificate, which the trust store knows, is what they show.
      return new iam.PolicyDocument({ statements: [allow(new iam.AnyPrincipal())] });
    }
    return new iam.PolicyDocument({
      statements: [
        ...(apiCallers.length === 0 ? [] : apiCallers.map((arn) => allow(new iam.ArnPrincipal(arn)))),
        // Inside one account a role's own policy would do: only those who are named here may, whatever it says.
        new iam.PolicyStatement({
          sid: 'NobodyElse',
          effect: iam.Effect.DENY,
          principals: [new iam.AnyPrincipal()],
          actions: ['execute-api:Invoke'],
          resources: ['execute-api:/*'],
          conditions: {
            ArnNotEquals: { 'aws:PrincipalArn': apiCallers.length === 0 ? ['arn:aws:iam::000000000000:role/nobody'] : [...apiCallers] },
          },
        }),
      ],
    });
  }

  /** One setting of the whole account: the role by which API Gateway writes logs. */
  private logging({ settings }: ApiProps): apigateway.CfnAccount {
    const role = new iam.Role(this, 'LogRole', {
      roleName: settings.roleName('api-logs'),
      assumedBy: new iam.ServicePrincipal('apigateway.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': this.account } },
      }),
      managedPolicies: [
        iam.ManagedPolicy.fromAwsManagedPolicyName('service-role/AmazonAPIGatewayPushToCloudWatchLogs'),
      ],
    });
    explain(
      role,
      "API Gateway refuses a role that may do less than AWS's own policy for it: writing logs, of any group.",
      'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]',
    );
    return new apigateway.CfnAccount(this, 'Account', { cloudWatchRoleArn: role.roleArn });
  }

  private route(ingest: lambda.IFunction, mutualTls: boolean): void {
    const validator = this.api.addRequestValidator('Validator', { validateRequestParameters: true, validateRequestBody: true });
    const method = this.api.root.addResource('hl7').addMethod(
      'POST',
      new apigateway.LambdaIntegration(ingest, { proxy: true, allowTestInvoke: false }),
      {
        authorizationType: mutualTls ? apigateway.AuthorizationType.NONE : apigateway.AuthorizationType.IAM,
        // The key authorises nobody: it says whose limits count.
        apiKeyRequired: true,
        requestValidator: validator,
        // What a body must be is HL7's own grammar, which the function checks; JSON schemas do not fit it.
        requestParameters: { 'method.request.header.Content-Type': true },
      },
    );
    explain(
      method,
      'Systems call, no people: IAM or mutual TLS says which. People sign in at the gateway.',
      'AwsSolutions-COG4',
    );
    if (mutualTls) {
      explain(
        method,
        "Authorised before: the API's own name, its only door, takes no connection without a certificate of the trust store.",
        'AwsSolutions-APIG4',
      );
    }
  }

  /** A plan and a key for each system. The key's value is made by AWS and is in no template. */
  private limits({ apiClients }: Options): void {
    for (const client of apiClients) {
      const plan = this.api.addUsagePlan(`Plan-${client.name}`, {
        name: client.name,
        apiStages: [{ api: this.api, stage: this.api.deploymentStage }],
        throttle: { rateLimit: client.rate, burstLimit: client.burst },
        quota: { limit: client.daily, period: apigateway.Period.DAY },
      });
      plan.addApiKey(this.api.addApiKey(`Key-${client.name}`, { apiKeyName: client.name }));
    }
  }

  /** What the gateway itself refuses is answered without a hint of why, beyond the status. */
  private quietRefusals(): void {
    for (const [name, type] of Object.entries({
      Refused: apigateway.ResponseType.DEFAULT_4XX,
      Failed: apigateway.ResponseType.DEFAULT_5XX,
    })) {
      this.api.addGatewayResponse(name, {
        type,
        responseHeaders: { 'Cache-Control': "'no-store'" },
        templates: { 'text/plain': '$context.error.responseType $context.requestId' },
      });
    }
  }

  private ownName({ apiDomain, trustStore }: Settings, { apiCertificate }: Options): void {
    const [, bucket, key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(trustStore ?? '') ?? [];
    if (!bucket || !key) throw new Error('context "trustStore" must be s3://bucket/key');
    if (!apiDomain || !apiCertificate) throw new Error('mutual TLS needs context "apiDomain" and "apiCertificate"');
    const domain = new apigateway.DomainName(this, 'Name', {
      domainName: apiDomain,
      certificate: acm.Certificate.fromCertificateArn(this, 'Certificate', apiCertificate),
      endpointType: apigateway.EndpointType.REGIONAL,
      securityPolicy: apigateway.SecurityPolicy.TLS_1_2,
      mtls: { bucket: s3.Bucket.fromBucketName(this, 'TrustStore', bucket), key },
    });
    domain.addBasePathMapping(this.api, { stage: this.api.deploymentStage });
    new CfnOutput(this, 'NameTarget', { value: domain.domainNameAliasDomainName });
  }
}
