import { Node } from 'constructs';

/** Accounts that stand in the example `cdk.json`: good enough to synthesize, never to deploy. */
const EXAMPLE_ACCOUNTS = ['111111111111', '222222222222'];

/** The regions of the European Union that AWS offers without asking; PHI stays inside them. */
export const EU_REGIONS = [
  'eu-central-1',
  'eu-north-1',
  'eu-south-1',
  'eu-south-2',
  'eu-west-1',
  'eu-west-3',
] as const;

/** As AWS's own documentation lists them for eu-west-1 (`aws ec2 describe-prefix-lists`). */
const IRISH_PREFIX_LISTS = { s3: 'pl-6da54004', dynamodb: 'pl-6fa54006' };

/** The other end of the site-to-site VPN: the hospital's router. */
export interface Vpn {
  /** Its public IPv4 address. */
  readonly customerGatewayIp: string;
  /** Its BGP autonomous system number. */
  readonly asn: number;
  /** The networks behind it from which MLLP comes. */
  readonly cidrs: string[];
}

/** Somebody on another machine to whom the log submits its checkpoints (C2SP tlog-witness). */
export interface Witness {
  /** Where it is asked: `https://…` or, inside the VPN, `http://…`. */
  readonly url: string;
  /** By which its cosignatures verify (C2SP vkey: name+id+base64). */
  readonly key: string;
  /** The network in which it stands; the one way out of the VPC that the writer of the log gets. */
  readonly network: string;
}

/** What differs between one deployment and another, read once from the CDK context (`cdk.json`, `-c`). */
export class Settings {
  /** Short name of the care organisation; also the shard of its log. */
  readonly organisation: string;
  /** What the name of everything begins with. */
  readonly prefix: string;
  /** The account that everything but the copies of the log runs in. */
  readonly mainAccount: string;
  /** The account that keeps the copy of the log; its administrators are other people. */
  readonly logAccount: string;
  /** Where it runs: the one EU region with HealthLake and Comprehend Medical. */
  readonly region: string;
  /** Where the copies are kept. */
  readonly copyRegion: string;
  /** Domain that notices are sent from. */
  readonly mailDomain: string;
  /** Name of the API for mutual TLS; without it only IAM authorises. */
  readonly apiDomain?: string;
  /** `s3://` address of the certificates that mutual TLS trusts. */
  readonly trustStore?: string;
  /** Who is told of what goes wrong. */
  readonly alarms: { readonly security: string; readonly privacy: string };
  /** Without it there is no VPN, and MLLP comes in over TLS only. */
  readonly vpn?: Vpn;
  /** An RDS registry of patients and providers. */
  readonly database: boolean;
  /** Events to a SIEM by Firehose. */
  readonly siem: boolean;
  /** SNOMED CT codes from Comprehend Medical. */
  readonly snomed: boolean;
  /** Refuses what is good enough for a trial only. */
  readonly production: boolean;
  /** IAM role that may change what keeps the log and its buckets safe; used by two people, alarmed. */
  readonly breakGlassRole: string;
  /** IAM role that administers keys: neither decrypts nor signs. */
  readonly keyAdministratorRole: string;
  /** IAM role that destroys dossier data at the end of its term or at the patient's request. */
  readonly erasureRole: string;
  /** IAM role that reads the log (verification, the privacy officer). */
  readonly auditorRole: string;
  /** The role by which CloudFormation makes and changes everything (`cdk bootstrap`). */
  readonly deploymentRole: string;
  /** Where the VPC's addresses come from. */
  readonly cidr: string;
  /** Networks from which MLLP over TLS may come in over the internet; none without them. */
  readonly senders: string[];
  /** How many keys for signing the log there are; each that takes over is one more, and none goes away. */
  readonly logSigningKeys: number;
  /** Which of them signs, counted from 1; the next one, if there is any, signs as soon as it has taken over. */
  readonly logSigningKey: number;
  /** Who cosigns the checkpoints of the log. */
  readonly witnesses: Witness[];
  /** Whether notes in English go to Comprehend Medical, which then needs its endpoint. */
  readonly comprehendMedical: boolean;
  /** Zones in which the endpoint of a service may stand, by the service's short name; all three without a word on it. */
  readonly endpointZones: Readonly<Record<string, readonly string[]>>;
  /** AWS-managed prefix lists of the gateway endpoints in the region. */
  readonly prefixLists: { readonly s3: string; readonly dynamodb: string };

  constructor(node: Node) {
    const read = (name: string): unknown => node.tryGetContext(name);
    const text = (name: string, fallback?: string): string => {
      const value = read(name) ?? fallback;
      if (typeof value !== 'string' || value === '') throw new Error(`context "${name}" is missing`);
      return value;
    };
    const optional = (name: string): string | undefined => (read(name) === undefined ? undefined : text(name));
    const flag = (name: string): boolean => {
      const value = read(name) ?? false;
      if (value === true || value === 'true') return true;
      if (value === false || value === 'false') return false;
      throw new Error(`context "${name}" must be true or false`);
    };
    const object = (name: string): unknown => {
      const value = read(name);
      return typeof value === 'string' ? JSON.parse(value) : value;
    };

    this.organisation = text('organisation');
    this.prefix = text('prefix', 'zorgsluis');
    this.mainAccount = text('mainAccount');
    this.logAccount = text('logAccount');
    this.region = text('region', 'eu-west-1');
    this.copyRegion = text('copyRegion', 'eu-central-1');
    this.mailDomain = text('mailDomain');
    this.apiDomain = optional('apiDomain');
    this.trustStore = optional('trustStore');
    this.alarms = object('alarms') as Settings['alarms'];
    this.vpn = object('vpn') as Vpn | undefined;
    this.database = flag('database');
    this.siem = flag('siem');
    this.snomed = flag('snomed');
    this.production = flag('production');
    const role = (name: string, fallback: string) => `arn:aws:iam::${this.mainAccount}:role/${text(name, fallback)}`;
    this.breakGlassRole = role('breakGlassRole', `${this.prefix}-break-glass`);
    this.keyAdministratorRole = role('keyAdministratorRole', `${this.prefix}-key-administrator`);
    this.erasureRole = role('erasureRole', `${this.prefix}-erasure`);
    this.auditorRole = role('auditorRole', `${this.prefix}-auditor`);
    const executor = `cdk-hnb659fds-cfn-exec-role-${this.mainAccount}`;
    this.deploymentRole = role('deploymentRole', `${executor}-${this.region}`);
    this.cidr = text('cidr', '10.20.0.0/16');
    this.senders = (object('senders') ?? []) as string[];
    this.logSigningKeys = Number(read('logSigningKeys') ?? 1);
    this.logSigningKey = Number(read('logSigningKey') ?? 1);
    this.witnesses = (object('witnesses') ?? []) as Witness[];
    this.comprehendMedical = flag('comprehendMedical');
    this.endpointZones = (object('endpointZones') ?? {}) as Settings['endpointZones'];
    this.prefixLists = (object('prefixLists') ?? IRISH_PREFIX_LISTS) as Settings['prefixLists'];
    this.check();
  }

  /** Name of the role of a function or of the listener; key policies name them. */
  roleName(of: string): string {
    return `${this.prefix}-${of}`;
  }

  /** ARN of that role. */
  roleArn(of: string): string {
    return `arn:aws:iam::${this.mainAccount}:role/${this.roleName(of)}`;
  }

  /** Name of a bucket: S3 names are shared by the whole world, hence account and region. */
  bucketName(kind: string, account = this.mainAccount, region = this.region): string {
    return `${this.prefix}-${kind}-${account}-${region}`;
  }

  private check(): void {
    for (const account of [this.mainAccount, this.logAccount]) {
      if (!/^\d{12}$/.test(account)) throw new Error(`"${account}" is no AWS account number`);
      if (this.production && EXAMPLE_ACCOUNTS.includes(account)) {
        throw new Error(`account ${account} stands for an example; production needs your own`);
      }
    }
    if (this.mainAccount === this.logAccount) {
      throw new Error('the log account must be another than the main account: its administrators are other people');
    }
    for (const region of [this.region, this.copyRegion]) {
      if (!(EU_REGIONS as readonly string[]).includes(region)) throw new Error(`${region} is not in the EU`);
    }
    if (this.region === this.copyRegion) throw new Error('copies belong in another region');
    if (!/^[a-z0-9][a-z0-9-]{1,30}$/.test(this.prefix)) throw new Error('context "prefix" must fit a bucket name');
    if (!/^[a-z0-9-]{1,64}$/.test(this.organisation)) {
      throw new Error(`context "organisation" names the shard of the log: 1 to 64 of a-z, 0-9 and '-'`);
    }
    if (!this.alarms?.security || !this.alarms.privacy) {
      throw new Error('context "alarms" needs the addresses "security" and "privacy"');
    }
    if (this.vpn && !(this.vpn.customerGatewayIp && this.vpn.asn && this.vpn.cidrs?.length)) {
      throw new Error('context "vpn" needs customerGatewayIp, asn and cidrs');
    }
    if (this.region !== 'eu-west-1' && this.prefixLists === IRISH_PREFIX_LISTS) {
      throw new Error('context "prefixLists" (s3, dynamodb) is needed outside eu-west-1');
    }
    const { logSigningKeys: keys, logSigningKey: key } = this;
    if (!(Number.isInteger(keys) && Number.isInteger(key) && keys >= 1 && key >= 1 && key <= keys)) {
      throw new Error('context "logSigningKey" names one of as many keys as "logSigningKeys" says, counted from 1');
    }
    if (keys > key + 1) throw new Error('context "logSigningKeys": one key takes over at a time');
    for (const { url, key: vkey, network } of this.witnesses) {
      const at = `context "witnesses": ${url}`;
      if (!/^https?:\/\/[^\s,]+$/.test(url)) throw new Error(`${at} is no address of http or https`);
      if (!/^[^\s,+]+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]+$/.test(vkey)) throw new Error(`${at} needs a key (name+id+base64)`);
      if (!/^[0-9.]+\/([1-9]|[12][0-9]|3[0-2])$/.test(network)) throw new Error(`${at} needs the network in which it stands`);
    }
    if (this.senders.some((network) => network.endsWith('/0'))) {
      throw new Error('context "senders" must name networks, not the whole internet');
    }
  }
}
