import * as logs from 'aws-cdk-lib/aws-logs';
import { Node } from 'constructs';

/** A system that may send messages to the API. */
export interface ApiClient {
  /** Of the system, such as `his`; never of a person. */
  readonly name: string;
  /** Requests a second, lasting. */
  readonly rate: number;
  /** Requests at once. */
  readonly burst: number;
  /** Requests a day. */
  readonly daily: number;
}

/** Services that an account has once in a region, whoever switched them on. */
export const ACCOUNT_SERVICES = ['config', 'guardduty', 'security-hub', 'macie', 'inspector'] as const;
export type AccountService = (typeof ACCOUNT_SERVICES)[number];

/** What may be chosen for the pipeline and the watch, from the CDK context; everything has a default. */
export class Options {
  /** Processor of functions and of the listener. */
  readonly architecture: 'x86_64' | 'arm64';
  /** Days that operational logs are kept (no PHI in them); of CloudWatch's fixed list. */
  readonly logDays: logs.RetentionDays;
  /** Days for which an entry of the audit log cannot be removed: five years at least (NEN 7513). */
  readonly auditRetentionDays: number;
  /** Systems that use the API, each with its own limits. */
  readonly apiClients: readonly ApiClient[];
  /** ARNs of the roles and users that may call the API where IAM authorises. */
  readonly apiCallers: readonly string[];
  /** ARN of the certificate of the API's own name. */
  readonly apiCertificate?: string;
  /** `sha256:…` of the listener's image in its repository. */
  readonly listenerDigest?: string;
  /** Bundles a second that HealthLake takes: its quota, which AWS raises on request. */
  readonly fhirBundlesPerSecond: number;
  /** Requests a day that Comprehend Medical may be asked: a guard against a surprising bill. */
  readonly comprehendMedicalDailyLimit: number;
  /** Where links in notices lead. */
  readonly pages?: string;
  /** The sender of notices. */
  readonly mailFrom?: string;
  /** Synthetic patients in the FHIR store; a trial only. */
  readonly trialSamples: boolean;
  /** Refuses the placeholders that stand for functions and images not yet built: set by `make deploy`. */
  readonly refusePlaceholders: boolean;
  /** Services of the account that somebody else has switched on already (an organisation, Control Tower). */
  readonly elsewhere: ReadonlySet<AccountService>;
  /** HTTPS address that takes events in Firehose's format. */
  readonly siemEndpoint?: string;
  /** ARN of the secret with which Firehose shows itself there. */
  readonly siemSecret?: string;

  constructor(node: Node) {
    const read = (name: string): unknown => {
      const value: unknown = node.tryGetContext(name);
      return typeof value === 'string' && /^[[{]/.test(value) ? JSON.parse(value) : value;
    };
    const text = (name: string): string | undefined => {
      const value = read(name);
      if (value !== undefined && (typeof value !== 'string' || value === '')) {
        throw new Error(`context "${name}" must be text`);
      }
      return value;
    };
    const whole = (name: string, fallback: number, least: number): number => {
      const value = Number(read(name) ?? fallback);
      if (!Number.isInteger(value) || value < least) {
        throw new Error(`context "${name}" must be a whole number of at least ${least}`);
      }
      return value;
    };
    const flag = (name: string): boolean => {
      const value = read(name) ?? false;
      if (value === true || value === 'true') return true;
      if (value === false || value === 'false') return false;
      throw new Error(`context "${name}" must be true or false`);
    };

    const architecture = text('architecture') ?? 'x86_64';
    if (architecture !== 'x86_64' && architecture !== 'arm64') {
      throw new Error('context "architecture" must be x86_64 or arm64');
    }
    this.architecture = architecture;
    this.logDays = whole('logDays', logs.RetentionDays.ONE_YEAR, 1);
    if (logs.RetentionDays[this.logDays] === undefined || this.logDays > 3653) {
      throw new Error(`context "logDays": CloudWatch does not know ${this.logDays} days`);
    }
    this.auditRetentionDays = whole('auditRetentionDays', 1827, 1827);
    this.apiClients = (read('apiClients') as ApiClient[] | undefined) ?? [
      { name: 'his', rate: 20, burst: 40, daily: 500_000 },
    ];
    for (const client of this.apiClients) {
      if (!/^[a-z][a-z0-9-]{1,30}$/.test(client.name)) throw new Error('context "apiClients": names are short words');
      for (const limit of [client.rate, client.burst, client.daily]) {
        if (!(limit > 0)) throw new Error(`context "apiClients": ${client.name} needs rate, burst and daily`);
      }
    }
    this.apiCallers = (read('apiCallers') as string[] | undefined) ?? [];
    this.apiCertificate = text('apiCertificate');
    this.listenerDigest = text('listenerDigest');
    if (this.listenerDigest !== undefined && !/^sha256:[0-9a-f]{64}$/.test(this.listenerDigest)) {
      throw new Error('context "listenerDigest" must be sha256:…, the digest and no tag');
    }
    this.fhirBundlesPerSecond = whole('fhirBundlesPerSecond', 10, 1);
    this.comprehendMedicalDailyLimit = whole('comprehendMedicalDailyLimit', 1000, 1);
    this.pages = text('pages');
    this.mailFrom = text('mailFrom');
    this.trialSamples = flag('trialSamples');
    this.refusePlaceholders = flag('refusePlaceholders');
    const elsewhere = (read('elsewhere') as AccountService[] | undefined) ?? [];
    const stranger = elsewhere.find((one) => !ACCOUNT_SERVICES.includes(one));
    if (stranger) throw new Error(`context "elsewhere": ${stranger} is none of ${ACCOUNT_SERVICES.join(', ')}`);
    this.elsewhere = new Set(elsewhere);
    this.siemEndpoint = text('siemEndpoint');
    this.siemSecret = text('siemSecret');
  }
}
