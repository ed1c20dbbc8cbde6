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

/** The other end of the site-to-site VPN: the hospital's router. */
export interface Vpn {
  /** Its public IPv4 address. */
  readonly customerGatewayIp: string;
  /** Its BGP autonomous system number. */
  readonly asn: number;
  /** The networks behind it from which MLLP comes. */
  readonly cidrs: string[];
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
  /**
   * ARN of the key of the log's copies (output of the stack LogCopies in the log account, deployed
   * first). Its id is made by AWS; the example is a shape only.
   */
  readonly logCopiesKey: string;

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
    const exampleKey = `arn:aws:kms:${this.copyRegion}:${this.logAccount}:key/00000000-0000-0000-0000-000000000000`;
    this.logCopiesKey = text('logCopiesKey', exampleKey);
    this.check(exampleKey);
  }

  /** Name of a bucket: S3 names are shared by the whole world, hence account and region. */
  bucketName(kind: string, account = this.mainAccount, region = this.region): string {
    return `${this.prefix}-${kind}-${account}-${region}`;
  }

  private check(exampleKey: string): void {
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
    if (!/^[A-Za-z0-9][A-Za-z0-9.-]{0,62}$/.test(this.organisation)) {
      throw new Error('context "organisation" must be a short name without spaces or slashes');
    }
    if (!this.alarms?.security || !this.alarms.privacy) {
      throw new Error('context "alarms" needs the addresses "security" and "privacy"');
    }
    if (this.vpn && !(this.vpn.customerGatewayIp && this.vpn.asn && this.vpn.cidrs?.length)) {
      throw new Error('context "vpn" needs customerGatewayIp, asn and cidrs');
    }
    if (this.production && this.logCopiesKey === exampleKey) {
      throw new Error('production needs context "logCopiesKey": deploy LogCopies first and take its output');
    }
  }
}
