import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { app, build, flat, one, resources, statements } from './app';
import { Template } from 'aws-cdk-lib/assertions';

const { network, storage, settings } = app().stacks;
const all = (type: string) => Object.entries(resources(network, type)).map(([id, { Properties }]) => ({ id, ...Properties }));
const subnets = (group: string) => all('AWS::EC2::Subnet').filter((one) => one.Tags.some((tag: { Key: string; Value: string }) => tag.Key === 'aws-cdk:subnet-name' && tag.Value === group));

/** Routes of the route tables of a group of subnets. */
function routes(group: string) {
  const ids = subnets(group).map((one) => one.id as string);
  const tables = all('AWS::EC2::SubnetRouteTableAssociation')
    .filter((one) => ids.includes(one.SubnetId.Ref))
    .map((one) => one.RouteTableId.Ref as string);
  assert.equal(tables.length, 3, group);
  return all('AWS::EC2::Route').filter((one) => tables.includes(one.RouteTableId.Ref));
}

describe('Network: VPC over 3 zones, public/private/isolated', () => {
  test('each kind of subnet stands in three zones', () => {
    for (const group of ['public', 'private', 'isolated']) {
      assert.deepEqual(subnets(group).map((one) => one.AvailabilityZone).toSorted(), ['eu-west-1a', 'eu-west-1b', 'eu-west-1c'], group);
      assert.ok(subnets(group).every((one) => one.MapPublicIpOnLaunch === false), group);
    }
  });

  test('only public subnets have a route to the internet', () => {
    assert.ok(routes('public').every((one) => one.DestinationCidrBlock === '0.0.0.0/0' && one.GatewayId));
    assert.deepEqual(routes('private'), []);
    assert.deepEqual(routes('isolated'), []);
  });

  test('the default security group lets nothing through', () => {
    assert.equal(Object.keys(resources(network, 'Custom::VpcRestrictDefaultSG')).length, 1);
  });
});

describe('Network: 2 NAT or endpoints (choose by cost, say why)', () => {
  test('there is no NAT, and an endpoint for each service that is called', () => {
    assert.deepEqual(all('AWS::EC2::NatGateway'), []);
    const services = all('AWS::EC2::VPCEndpoint').map((one) => flat(one.ServiceName).split('.').slice(3).join('.'));
    assert.deepEqual(services.toSorted(), [
      'comprehendmedical',
      'dynamodb',
      'ecr.api',
      'ecr.dkr',
      'email',
      'healthlake',
      'kms',
      'logs',
      's3',
      'secretsmanager',
      'sqs',
    ]);
  });

  test('an unused Comprehend Medical costs no endpoint', () => {
    const { stacks } = build();
    const endpoints = Template.fromStack(stacks.network).findResources('AWS::EC2::VPCEndpoint');
    assert.ok(!Object.values(endpoints).some((one) => flat(one['Properties'].ServiceName).includes('comprehendmedical')));
  });

  test('interface endpoints stand in private subnets, under their names, behind one security group', () => {
    const expected = subnets('private').map((one) => one.id as string).toSorted();
    for (const one of all('AWS::EC2::VPCEndpoint').filter((one) => one.VpcEndpointType === 'Interface')) {
      assert.deepEqual(one.SubnetIds.map((id: { Ref: string }) => id.Ref).toSorted(), expected, one.id);
      assert.equal(one.PrivateDnsEnabled, true, one.id);
      assert.match(flat(one.SecurityGroupIds), /^<endpoints[^,]*>$/, one.id);
    }
  });

  test('an endpoint stands in the zones that its service has, when told so, and in all without a word', () => {
    const { stacks } = build({ endpointZones: { healthlake: ['eu-west-1a', 'eu-west-1c'], 'ecr.api': ['eu-west-1b'] } });
    const made = Template.fromStack(stacks.network);
    const zoneOf = (id: { Ref: string }) => made.findResources('AWS::EC2::Subnet')[id.Ref]?.['Properties'].AvailabilityZone as string;
    const zones = (service: string) => {
      const all = Object.values(made.findResources('AWS::EC2::VPCEndpoint'));
      const found = all.find((one) => flat(one['Properties'].ServiceName).endsWith(`.${service}`));
      return (found?.['Properties'].SubnetIds as { Ref: string }[]).map(zoneOf).toSorted();
    };
    assert.deepEqual(zones('healthlake'), ['eu-west-1a', 'eu-west-1c']);
    assert.deepEqual(zones('ecr.api'), ['eu-west-1b']);
    assert.deepEqual(zones('sqs'), ['eu-west-1a', 'eu-west-1b', 'eu-west-1c']);
  });

  test('zones that are not ours, services without an endpoint and no zone at all are refused', () => {
    assert.throws(() => build({ endpointZones: { healthlake: ['eu-west-1d'] } }), /healthlake: eu-west-1d is none of eu-west-1a/);
    assert.throws(() => build({ endpointZones: { healthlak: ['eu-west-1a'] } }), /healthlak has no endpoint here/);
    assert.throws(() => build({ endpointZones: { healthlake: [] } }), /healthlake needs a zone at least/);
  });

  test('the endpoints carry calls of this account only, on its own buckets and tables', () => {
    for (const one of all('AWS::EC2::VPCEndpoint')) {
      if (!one.PolicyDocument) assert.fail(`${one.id} has no policy`);
      for (const statement of statements(one.PolicyDocument)) {
        assert.ok(statement.actions.every((action) => !action.includes('*')), `${one.id} ${statement.sid}`);
        if (statement.sid === 'LayersOfImages') {
          assert.deepEqual(statement.actions, ['s3:GetObject']);
          assert.deepEqual(statement.resources, ['arn:aws:s3:::prod-eu-west-1-starport-layer-bucket/*']);
        } else {
          assert.deepEqual(statement.condition, { StringEquals: { 'aws:PrincipalAccount': '111111111111' } }, one.id);
        }
      }
    }
    const policyOf = (service: string) => {
      const found = all('AWS::EC2::VPCEndpoint').find((one) => flat(one.ServiceName).endsWith(`.${service}`));
      return statements(found?.PolicyDocument);
    };
    assert.ok(policyOf('s3').every(({ resources }) => resources.every((one) => /:::(zorgsluis-|prod-eu-west-1-starport)/.test(one))));
    assert.deepEqual(policyOf('dynamodb')[0]?.resources, ['arn:aws:dynamodb:eu-west-1:111111111111:table/zorgsluis-*']);
  });
});

describe('Network: flow logs to a bucket of their own', () => {
  test('all traffic is logged by the minute, into a bucket that holds nothing else', () => {
    const { Properties } = one(network, 'AWS::EC2::FlowLog');
    assert.equal(Properties.TrafficType, 'ALL');
    assert.equal(Properties.MaxAggregationInterval, 60);
    assert.equal(Properties.LogDestinationType, 's3');
    assert.match(flat(Properties.LogDestination), /FlowLogs/);
    const users = Object.values(resources(storage, 'AWS::S3::Bucket')).filter((bucket) =>
      /FlowLogs/.test(flat(bucket.Properties.LoggingConfiguration?.DestinationBucketName ?? '')),
    );
    assert.deepEqual(users, []);
  });
});

describe('Network: security groups that name their peers', () => {
  type Rule = { CidrIp?: string; FromPort: number; ToPort: number; who: string };
  const group = (name: string) => all('AWS::EC2::SecurityGroup').find((one) => one.GroupName === `zorgsluis-${name}`);
  const peer = (rule: Record<string, unknown>): string =>
    flat(rule['CidrIp'] ?? rule['DestinationPrefixListId'] ?? rule['SourceSecurityGroupId'] ?? rule['DestinationSecurityGroupId'])
      .replace(/^<(.*?)[0-9A-F]{8}\.GroupId>$/, '$1');
  /** `port peer` of every rule of a group, those within it and those apart. */
  const rules = (name: string, direction: 'Ingress' | 'Egress'): string[] => {
    const own = group(name);
    const within = (own?.[`SecurityGroup${direction}`] ?? []) as Record<string, unknown>[];
    const apart = all(`AWS::EC2::SecurityGroup${direction}`).filter((one) => flat(one.GroupId) === `<${own?.id}.GroupId>`);
    return [...within, ...apart]
      .map((rule) => {
        const { FromPort, ToPort } = rule as Rule;
        assert.equal(FromPort, ToPort, name);
        return `${FromPort} ${peer(rule)}`;
      })
      .toSorted();
  };

  test('there are these groups and no others', () => {
    assert.deepEqual(all('AWS::EC2::SecurityGroup').map((one) => one.GroupName).toSorted(), [
      'zorgsluis-database',
      'zorgsluis-endpoints',
      'zorgsluis-functions',
      'zorgsluis-listener',
      'zorgsluis-load-balancer',
      'zorgsluis-witnesses',
    ]);
  });

  test('the writer of the log reaches each witness in its network, at its port, and nothing reaches it', () => {
    assert.deepEqual(rules('witnesses', 'Ingress'), []);
    assert.deepEqual(rules('witnesses', 'Egress'), ['8443 10.99.1.0/24']);
    const groups = Object.values(Template.fromStack(build().stacks.network).findResources('AWS::EC2::SecurityGroup'));
    assert.ok(!groups.some((one) => /witnesses/.test(one.Properties.GroupName)), 'without witnesses there is no such way');
  });

  test('functions reach services of AWS and the database, and nothing reaches them', () => {
    assert.deepEqual(rules('functions', 'Ingress'), []);
    assert.deepEqual(rules('functions', 'Egress'), ['443 endpoints', '443 pl-6da54004', '443 pl-6fa54006', '5432 database']);
  });

  test('the listener is reached by its load balancer and reaches services of AWS', () => {
    assert.deepEqual(rules('listener', 'Ingress'), ['2575 loadbalancer', '2576 loadbalancer', '9575 loadbalancer']);
    assert.deepEqual(rules('listener', 'Egress'), ['443 endpoints', '443 pl-6da54004', '443 pl-6fa54006']);
  });

  test('MLLP in clear comes from the VPN only, MLLP over TLS from named senders', () => {
    assert.deepEqual(rules('load-balancer', 'Ingress'), ['2575 10.99.0.0/16', '2576 10.99.0.0/16', '2576 192.0.2.0/24']);
    assert.deepEqual(rules('load-balancer', 'Egress'), ['2575 listener', '2576 listener', '9575 listener']);
  });

  test('endpoints and the database answer, and ask nothing', () => {
    assert.deepEqual(rules('endpoints', 'Ingress'), ['443 functions', '443 listener']);
    assert.deepEqual(rules('database', 'Ingress'), ['5432 functions']);
    // CloudFormation writes "nothing" as a rule that cannot match.
    for (const name of ['endpoints', 'database']) assert.deepEqual(group(name)?.SecurityGroupEgress[0].CidrIp, '255.255.255.255/32');
  });

  test('a sender cannot be the whole internet', () => {
    assert.throws(() => build({ senders: ['0.0.0.0/0'] }), /whole internet/);
  });
});

describe('Network: site-to-site VPN attachment for MLLP', () => {
  test('two tunnels with IKEv2 and AES-256-GCM lead to the hospital, over BGP', () => {
    const customer = one(network, 'AWS::EC2::CustomerGateway').Properties;
    assert.equal(customer.IpAddress, '203.0.113.10');
    assert.equal(customer.BgpAsn, 65010);
    const { StaticRoutesOnly, VpnTunnelOptionsSpecifications: tunnels } = one(network, 'AWS::EC2::VPNConnection').Properties;
    assert.equal(StaticRoutesOnly, false);
    assert.equal(tunnels.length, 2);
    for (const tunnel of tunnels) {
      assert.deepEqual(tunnel.IKEVersions, [{ Value: 'ikev2' }]);
      assert.deepEqual(tunnel.Phase1EncryptionAlgorithms, [{ Value: 'AES256-GCM-16' }]);
      assert.deepEqual(tunnel.Phase2EncryptionAlgorithms, [{ Value: 'AES256-GCM-16' }]);
      assert.equal(tunnel.PreSharedKey, undefined, 'AWS makes the key: it stands in no template');
    }
  });

  test('private subnets learn the way to the hospital, the others do not', () => {
    const { RouteTableIds } = one(network, 'AWS::EC2::VPNGatewayRoutePropagation').Properties;
    const tables = RouteTableIds.map((id: { Ref: string }) => id.Ref);
    assert.equal(tables.length, 3);
    assert.ok(tables.every((id: string) => id.startsWith('Vpcprivate')), String(tables));
  });

  test('without settings there is no VPN and no MLLP in clear', () => {
    const template = Template.fromStack(build().stacks.network);
    template.resourceCountIs('AWS::EC2::VPNConnection', 0);
    assert.ok(!JSON.stringify(template.toJSON()).includes('2575'));
  });

  test('half a VPN is refused', () => {
    assert.throws(() => build({ vpn: { customerGatewayIp: '203.0.113.10' } }), /customerGatewayIp, asn and cidrs/);
    assert.ok(settings.vpn);
  });
});
