import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Template } from 'aws-cdk-lib/assertions';
import { Needs } from '../lib/needs';
import { app, build, flat, one, Resource, resources, statements } from './app';
import { text } from './text';

const { listener } = app().stacks;
const task = one(listener, 'AWS::ECS::TaskDefinition').Properties;
const service = one(listener, 'AWS::ECS::Service').Properties;
const container = (name: string): Resource['Properties'] => {
  const found = task.ContainerDefinitions.find((one: { Name: string }) => one.Name === name);
  assert.ok(found, name);
  return found;
};
const balancers = (stack = Template.fromStack(listener)) =>
  Object.values(stack.findResources('AWS::ElasticLoadBalancingV2::LoadBalancer')).map((one) => one['Properties']);

test('two listeners at least run, in the private subnets of three zones, and a failed deployment rolls back', () => {
  assert.equal(service.LaunchType, 'FARGATE');
  assert.ok(service.DesiredCount >= 2);
  assert.deepEqual(service.DeploymentConfiguration.DeploymentCircuitBreaker, { Enable: true, Rollback: true });
  assert.equal(service.DeploymentConfiguration.MinimumHealthyPercent, 100);
  const { Subnets, AssignPublicIp } = service.NetworkConfiguration.AwsvpcConfiguration;
  assert.equal(Subnets.length, 3);
  assert.match(text(Subnets), /privateSubnet/i);
  assert.equal(AssignPublicIp, 'DISABLED');
  const target = one(listener, 'AWS::ApplicationAutoScaling::ScalableTarget').Properties;
  assert.ok(target.MinCapacity >= 2 && target.MaxCapacity > target.MinCapacity);
});

test('the containers write nowhere but to the volume of certificates, as nobody, with no capability of Linux', () => {
  assert.equal(task.ContainerDefinitions.length, 2);
  for (const one of task.ContainerDefinitions) {
    assert.equal(one.ReadonlyRootFilesystem, true);
    assert.equal(one.User, '65532');
    assert.equal(one.Privileged, false);
    assert.deepEqual(one.LinuxParameters.Capabilities, { Drop: ['ALL'] });
  }
  assert.equal(service.EnableExecuteCommand, false);
});

test('the listener itself is given no secret, and reads its certificates from a volume that it cannot change', () => {
  assert.equal(container('listener').Secrets, undefined);
  assert.deepEqual(container('listener').MountPoints, [{ ContainerPath: '/tls', ReadOnly: true, SourceVolume: 'certificates' }]);
  const unpack = container('certificates');
  assert.deepEqual(unpack.Command, ['write-certificates']);
  assert.equal(unpack.Essential, false);
  assert.deepEqual(unpack.Secrets.map((one: { Name: string }) => one.Name), [
    ...['ZORGSLUIS_TLS_CERTIFICATE', 'ZORGSLUIS_TLS_KEY', 'ZORGSLUIS_TLS_CLIENT_CA'],
  ]);
  assert.deepEqual(container('listener').DependsOn, [{ Condition: 'SUCCESS', ContainerName: 'certificates' }]);
  const secret = one(app().stacks.images, 'AWS::SecretsManager::Secret').Properties;
  assert.match(text(secret.KmsKeyId), /zorgsluis-keys.*phi/);
});

test('the listener has the variables that its file names, as far as they are set here', () => {
  const names = container('listener').Environment.map((one: { Name: string }) => one.Name) as string[];
  const wanted = new Needs().container.environment;
  assert.deepEqual(names.filter((name) => !wanted.includes(name)), []);
  assert.deepEqual(wanted.filter((name) => !names.includes(name)), ['ZORGSLUIS_LISTENER_CRL']);
});

test('a listener is told to stop 30 seconds before it is ended, and keeps its connections for longer than that', () => {
  assert.equal(container('listener').StopTimeout, 30);
  const groups = Object.values(resources(listener, 'AWS::ElasticLoadBalancingV2::TargetGroup'));
  assert.equal(groups.length, 3);
  for (const { Properties } of groups) {
    const attributes = new Map(Properties.TargetGroupAttributes.map((one: { Key: string; Value: string }) => [one.Key, one.Value]));
    assert.ok(Number(attributes.get('deregistration_delay.timeout_seconds')) >= 30);
    assert.equal(attributes.get('deregistration_delay.connection_termination.enabled'), 'false');
  }
});

test('a quiet connection is ended by the listener and not by a balancer', () => {
  const code = readFileSync(join(__dirname, '../../crates/listener/src/settings.rs'), 'utf8');
  const idle = Number(/idle: Duration::from_secs\(([0-9_]+)\)/.exec(code)?.[1]?.replaceAll('_', ''));
  const opened = Object.values(resources(listener, 'AWS::ElasticLoadBalancingV2::Listener'));
  assert.equal(opened.length, 3);
  for (const { Properties } of opened) {
    const [attribute, ...more] = Properties.ListenerAttributes;
    assert.deepEqual(more, []);
    assert.equal(attribute.Key, 'tcp.idle_timeout.seconds');
    assert.ok(Number(attribute.Value) > idle && Number(attribute.Value) <= 6000, attribute.Value);
  }
});

test('a balancer asks the listener whether it takes connections, never whether a queue or store is in reach', () => {
  // Tasks that a target group finds unhealthy are replaced: a disturbance of SQS would cut every connection.
  for (const { Properties } of Object.values(resources(listener, 'AWS::ElasticLoadBalancingV2::TargetGroup'))) {
    assert.equal(Properties.HealthCheckProtocol, 'HTTP');
    assert.equal(Properties.HealthCheckPath, '/live');
    assert.equal(Properties.HealthCheckPort, '9575');
    assert.equal(Properties.TargetType, 'ip');
  }
  const health = container('listener').Environment.find((one: { Name: string }) => one.Name === 'ZORGSLUIS_LISTENER_HEALTH');
  assert.equal(health.Value, '0.0.0.0:9575');
  const code = readFileSync(join(__dirname, '../../crates/listener/src/http.rs'), 'utf8');
  assert.match(code, /"\/live"\) => \{\s*let \(status, says\) = match listener\.is_live\(\)/);
});

test('TLS passes through to the listener; MLLP in clear is inside only, and only with a VPN', () => {
  const open = (stack: Template) => {
    const all = stack.findResources('AWS::ElasticLoadBalancingV2::LoadBalancer');
    return Object.values(stack.findResources('AWS::ElasticLoadBalancingV2::Listener'))
      .map(({ Properties }) => `${all[Properties.LoadBalancerArn.Ref]?.['Properties'].Scheme} ${Properties.Protocol} ${Properties.Port}`)
      .sort();
  };
  assert.deepEqual(open(Template.fromStack(listener)), ['internal TCP 2575', 'internal TCP 2576', 'internet-facing TCP 2576']);
  const alone = Template.fromStack(build({}).stacks.listener);
  assert.deepEqual(open(alone), ['internal TCP 2576']);
  assert.ok(!text(alone.findResources('AWS::ECS::TaskDefinition')).includes('ZORGSLUIS_LISTENER_PLAIN'));
});

test('a balancer stands over all zones in the security group that names its peers, and is not deleted by mistake', () => {
  assert.equal(balancers().length, 2);
  for (const balancer of balancers()) {
    assert.equal(balancer.Type, 'network');
    assert.equal(balancer.SecurityGroups.length, 1);
    assert.equal(balancer.Subnets.length, 3);
    const attributes = text(balancer.LoadBalancerAttributes);
    assert.match(attributes, /"deletion_protection.enabled","Value":"true"/);
    assert.match(attributes, /"load_balancing.cross_zone.enabled","Value":"true"/);
  }
});

test('the image comes from our own repository by its digest', () => {
  for (const one of task.ContainerDefinitions) {
    assert.match(flat(one.Image), /@sha256:[0-9a-f]{64}$/);
    assert.match(text(one.Image), /zorgsluis-images/);
  }
});

test('ECS starts the task with a role that reads one secret and one repository', () => {
  const role = task.ExecutionRoleArn['Fn::GetAtt'][0];
  const policy = one(listener, 'AWS::IAM::ManagedPolicy', ({ Roles }) => text(Roles).includes(`"${role}"`)).Properties;
  assert.deepEqual(statements(policy.PolicyDocument).flatMap((one) => one.actions), [
    ...['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer', 'ecr:GetAuthorizationToken'],
    ...['logs:CreateLogStream', 'logs:PutLogEvents', 'secretsmanager:GetSecretValue', 'kms:Decrypt'],
  ]);
});
