import assert from 'node:assert/strict';
import { test } from 'node:test';
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Options } from '../lib/options';
import { app, build, flat, one, resources, statements } from './app';
import { text } from './text';

const { api } = app().stacks;
const CALLER = 'arn:aws:iam::111111111111:role/his';
const NAME = {
  apiDomain: 'api.zorgsluis.example',
  trustStore: 's3://trust/clients.pem',
  apiCertificate: 'arn:aws:acm:eu-west-1:111111111111:certificate/0',
};

/** The methods of an API, but none that CORS would add. */
const method = one(api, 'AWS::ApiGateway::Method').Properties;

test('there is one method, and it asks for an identity in IAM', () => {
  assert.equal(method.HttpMethod, 'POST');
  assert.equal(method.AuthorizationType, 'AWS_IAM');
  assert.equal(one(api, 'AWS::ApiGateway::Resource').Properties.PathPart, 'hl7');
});

test('only callers who are named may call, whatever their own policies say; nobody when nobody is named', () => {
  const [denied, ...others] = statements(one(api, 'AWS::ApiGateway::RestApi').Properties.Policy);
  assert.deepEqual(others, []);
  assert.equal(denied?.effect, 'Deny');
  assert.deepEqual(denied?.resources, ['execute-api:/*']);

  const named = Template.fromStack(build({ apiCallers: [CALLER] }).stacks.api);
  const [allow, deny] = statements(Object.values(named.findResources('AWS::ApiGateway::RestApi'))[0]?.['Properties'].Policy);
  assert.deepEqual(allow?.principal, { AWS: CALLER });
  assert.deepEqual(allow?.resources, ['execute-api:/live/POST/hl7']);
  assert.deepEqual(deny?.condition, { ArnNotEquals: { 'aws:PrincipalArn': [CALLER] } });
});

test('with mutual TLS its own name is the only door, and asks for a certificate of the trust store', () => {
  const with_ = Template.fromStack(build(NAME).stacks.api);
  const only = (type: string) => Object.values(with_.findResources(type))[0]?.['Properties'];
  assert.equal(only('AWS::ApiGateway::RestApi').DisableExecuteApiEndpoint, true);
  const name = only('AWS::ApiGateway::DomainName');
  assert.equal(name.SecurityPolicy, 'TLS_1_2');
  assert.deepEqual(name.MutualTlsAuthentication, { TruststoreUri: 's3://trust/clients.pem' });
  assert.equal(only('AWS::ApiGateway::BasePathMapping').DomainName.Ref !== undefined, true);
});

test('a request without a content type or without a key of its client is refused before the function', () => {
  assert.equal(method.ApiKeyRequired, true);
  assert.equal(method.RequestParameters['method.request.header.Content-Type'], true);
  const validator = one(api, 'AWS::ApiGateway::RequestValidator').Properties;
  assert.equal(validator.ValidateRequestParameters, true);
  assert.deepEqual(Object.keys(method.RequestValidatorId), ['Ref']);
});

test('bodies reach the function as the bytes that were sent, whatever their character set', () => {
  assert.deepEqual(one(api, 'AWS::ApiGateway::RestApi').Properties.BinaryMediaTypes, ['*/*']);
  assert.equal(method.Integration.Type, 'AWS_PROXY');
});

test('each client has limits of its own, and a key whose value is in no template', () => {
  const plan = one(api, 'AWS::ApiGateway::UsagePlan').Properties;
  assert.deepEqual(plan.Throttle, { BurstLimit: 40, RateLimit: 20 });
  assert.deepEqual(plan.Quota, { Limit: 500_000, Period: 'DAY' });
  assert.equal(one(api, 'AWS::ApiGateway::ApiKey').Properties.Value, undefined);
  const clients = [{ name: 'his', rate: 5, burst: 10 }];
  assert.throws(() => new Options(new App({ context: { apiClients: clients } }).node), /his needs rate, burst and daily/);
});

const stage = one(api, 'AWS::ApiGateway::Stage').Properties;

test('an access log says the route, who called and what came of it, and no path, query, address or body', () => {
  const format = JSON.parse(stage.AccessLogSetting.Format) as Record<string, string>;
  assert.deepEqual(Object.values(format).flatMap((value) => value.match(/\$context\.[\w.]+/g) ?? []).sort(), [
    '$context.error.responseType',
    '$context.httpMethod',
    '$context.identity.apiKeyId',
    '$context.identity.clientCert.serialNumber',
    '$context.identity.userArn',
    '$context.requestId',
    '$context.requestTime',
    '$context.resourcePath',
    '$context.responseLatency',
    '$context.responseLength',
    '$context.status',
    '$context.waf.status',
    '$context.xrayTraceId',
  ]);
});

test('the gateway traces no data, and what it logs is encrypted and kept for a term', () => {
  const [settings, ...others] = stage.MethodSettings;
  assert.deepEqual(others, []);
  assert.equal(settings.DataTraceEnabled, false);
  assert.equal(settings.LoggingLevel, 'ERROR');
  assert.equal(settings.HttpMethod, '*');
  assert.equal(settings.ResourcePath, '/*');
  assert.ok(settings.ThrottlingRateLimit > 0 && settings.ThrottlingBurstLimit > 0);
  const groups = Object.values(resources(api, 'AWS::Logs::LogGroup'));
  assert.equal(groups.length, 3);
  for (const { Properties } of groups) {
    assert.match(text(Properties.KmsKeyId), /zorgsluis-keys.*logs/);
    assert.equal(Properties.RetentionInDays, 365);
  }
  assert.ok(groups.some(({ Properties }) => flat(Properties.LogGroupName).startsWith('API-Gateway-Execution-Logs_<')));
});

const acl = one(api, 'AWS::WAFv2::WebACL').Properties;
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- as CloudFormation gives it
const rule = (name: string): any => acl.Rules.find((one: { Name: string }) => one.Name === name);

test('a firewall stands before the stage, with rules of AWS and a limit for each address', () => {
  assert.match(flat(one(api, 'AWS::WAFv2::WebACLAssociation').Properties.ResourceArn), /\/stages\/<ApiDeploymentStagelive\w+>$/);
  assert.deepEqual(acl.Rules.map((one: { Name: string }) => one.Name), [
    'TooManyOfOneAddress',
    'TooLong',
    'AWSManagedRulesCommonRuleSet',
    'AWSManagedRulesKnownBadInputsRuleSet',
    'AWSManagedRulesAmazonIpReputationList',
  ]);
  assert.equal(rule('TooManyOfOneAddress').Statement.RateBasedStatement.AggregateKeyType, 'IP');
  for (const one of acl.Rules.slice(2)) assert.deepEqual(one.OverrideAction, { None: {} });
});

test('the firewall refuses what is longer than the function takes, and lets every message through that it takes', () => {
  const pattern = new RegExp(rule('TooLong').Statement.RegexMatchStatement.RegexString);
  for (const taken of [0, 1, 8_193, 999_999, 4_000_000, 4 << 20]) assert.doesNotMatch(String(taken), pattern);
  for (const refused of [4_200_000, 4_999_999, 5_000_000, 9_999_999, 10_000_000, 123_456_789]) assert.match(String(refused), pattern);
});

test('no rule that looks into the body blocks, nor one that wants a user agent: no note is refused because of its words', () => {
  const counted = acl.Rules.flatMap((one: { Statement: { ManagedRuleGroupStatement?: { RuleActionOverrides: { Name: string; ActionToUse: object }[] } } }) =>
    (one.Statement.ManagedRuleGroupStatement?.RuleActionOverrides ?? []).map(({ Name, ActionToUse }) => {
      assert.deepEqual(ActionToUse, { Count: {} });
      return Name;
    }),
  );
  assert.ok(counted.includes('SizeRestrictions_BODY'));
  assert.ok(counted.includes('CrossSiteScripting_BODY'));
  // An interface engine may name no user agent; other headers and paths are still looked at.
  assert.deepEqual(counted.filter((name: string) => !name.endsWith('_BODY')), ['NoUserAgent_HEADER']);
});

test('the log of the firewall holds no credential and no query, and no samples of requests are kept', () => {
  const log = one(api, 'AWS::WAFv2::LoggingConfiguration').Properties;
  const redacted = text(log.RedactedFields);
  for (const field of ['authorization', 'x-api-key', 'x-amz-security-token', 'QueryString']) assert.ok(redacted.includes(field), field);
  assert.ok(!text(acl).includes('"SampledRequestsEnabled":true'));
});
