import { Tags } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import { Vpn } from './settings';

/** Only what NCSC-NL calls good: IKEv2, AES-256-GCM, SHA-2, elliptic curves. */
const TUNNEL = {
  ikeVersions: [{ value: 'ikev2' }],
  phase1EncryptionAlgorithms: [{ value: 'AES256-GCM-16' }],
  phase2EncryptionAlgorithms: [{ value: 'AES256-GCM-16' }],
  phase1IntegrityAlgorithms: [{ value: 'SHA2-384' }],
  phase2IntegrityAlgorithms: [{ value: 'SHA2-384' }],
  phase1DhGroupNumbers: [{ value: 20 }],
  phase2DhGroupNumbers: [{ value: 20 }],
  dpdTimeoutAction: 'restart',
} satisfies ec2.CfnVPNConnection.VpnTunnelOptionsSpecificationProperty;

/**
 * A site-to-site VPN to the hospital, over two tunnels and BGP. AWS makes the pre-shared keys: they are in
 * no template, and the person who sets up the other end takes them from the console once.
 */
export function attachVpn(scope: Construct, vpc: ec2.Vpc, vpn: Vpn, name: string): void {
  const gateway = new ec2.VpnGateway(scope, 'VpnGateway', { type: 'ipsec.1' });
  const attachment = new ec2.CfnVPCGatewayAttachment(scope, 'VpnAttachment', {
    vpcId: vpc.vpcId,
    vpnGatewayId: gateway.gatewayId,
  });
  const customer = new ec2.CfnCustomerGateway(scope, 'Hospital', {
    type: 'ipsec.1',
    ipAddress: vpn.customerGatewayIp,
    bgpAsn: vpn.asn,
  });
  const connection = new ec2.CfnVPNConnection(scope, 'Vpn', {
    type: 'ipsec.1',
    customerGatewayId: customer.ref,
    vpnGatewayId: gateway.gatewayId,
    staticRoutesOnly: false,
    vpnTunnelOptionsSpecifications: [TUNNEL, TUNNEL],
  });
  for (const part of [gateway, customer, connection]) Tags.of(part).add('Name', name);
  // The private subnets learn the way to the hospital; the public and the isolated ones do not.
  const routes = new ec2.CfnVPNGatewayRoutePropagation(scope, 'VpnRoutes', {
    vpnGatewayId: gateway.gatewayId,
    routeTableIds: vpc.selectSubnets({ subnetGroupName: 'private' }).subnets.map((subnet) => subnet.routeTable.routeTableId),
  });
  routes.addDependency(attachment);
  connection.addDependency(attachment);
}
