import { Resources } from './grants';
import { Program } from './needs';
import { PORTS } from './network';
import { Options } from './options';
import { Settings } from './settings';

/** Where the listener finds its certificates, inside its container. */
export const CERTIFICATES = '/tls';

interface Known {
  readonly settings: Settings;
  readonly options: Options;
  readonly resources: Resources;
}

/** The environment of a program: names and addresses. Nothing in it is a secret. */
export function environmentOf(program: Program, known: Known): Record<string, string> {
  const values: Record<string, string | undefined> = all(known);
  const wanted = program.environment.map((name) => {
    if (!(name in values)) throw new Error(`functions/${program.name}.json: the variable ${name} is unknown`);
    return [name, values[name]] as const;
  });
  return Object.fromEntries(wanted.filter((pair): pair is readonly [string, string] => pair[1] !== undefined));
}

/** Undefined: known, and not set in this deployment. */
function all({ settings, options, resources }: Known) {
  const { keys, storage, queues, fhirStore, mail } = resources;
  return {
    ZORGSLUIS_ORGANISATION: settings.organisation,
    ZORGSLUIS_TABLE_PREFIX: settings.prefix,
    ZORGSLUIS_RAW_BUCKET: storage.raw.bucketName,
    ZORGSLUIS_LOG_BUCKET: storage.log.bucketName,
    ZORGSLUIS_SETTINGS_BUCKET: storage.settings.bucketName,
    ZORGSLUIS_INBOUND_QUEUE: queues.queues.inbound.queue.queueUrl,
    ZORGSLUIS_NOTES_QUEUE: queues.queues.notes.queue.queueUrl,
    ZORGSLUIS_NOTICES_QUEUE: queues.queues.notices.queue.queueUrl,
    ZORGSLUIS_AUDIT_QUEUE: queues.queues.audit.queue.queueUrl,
    ZORGSLUIS_PHI_KEY: keys.phi.keyArn,
    ZORGSLUIS_AUDIT_KEY: keys.audit.keyArn,
    ZORGSLUIS_PSEUDONYM_KEY: keys.pseudonyms.keyArn,
    ZORGSLUIS_LOG_SIGNING_KEY: keys.logSigning.keyArn,
    ZORGSLUIS_LOG_NEXT_SIGNING_KEY: keys.nextLogSigning?.keyArn,
    ZORGSLUIS_LOG_WITNESSES: settings.witnesses.map(({ url, key }) => `${url} ${key}`).join(',') || undefined,
    ZORGSLUIS_FHIR_STORE: fhirStore.endpoint,
    ZORGSLUIS_FHIR_BUNDLES_PER_SECOND: String(options.fhirBundlesPerSecond),
    ZORGSLUIS_MAIL_FROM: options.mailFrom ?? `zorgsluis@${settings.mailDomain}`,
    ZORGSLUIS_MAIL_CONFIGURATION_SET: mail.configurationSetName,
    ZORGSLUIS_PAGES: options.pages ?? `https://${settings.mailDomain}/`,
    ZORGSLUIS_COMPREHEND_MEDICAL: settings.comprehendMedical ? 'on' : 'off',
    ZORGSLUIS_COMPREHEND_MEDICAL_DAILY_LIMIT: String(options.comprehendMedicalDailyLimit),
    ZORGSLUIS_COMPREHEND_MEDICAL_SNOMED: settings.snomed ? 'on' : 'off',
    ZORGSLUIS_LOG_RETENTION_DAYS: String(options.auditRetentionDays),
    // Without TLS inside the VPN only.
    ZORGSLUIS_LISTENER_PLAIN: settings.vpn ? `0.0.0.0:${PORTS.mllp}` : undefined,
    ZORGSLUIS_LISTENER_TLS: `0.0.0.0:${PORTS.mllpTls}`,
    ZORGSLUIS_LISTENER_HEALTH: `0.0.0.0:${PORTS.health}`,
    ZORGSLUIS_LISTENER_CERTIFICATE: `${CERTIFICATES}/server.pem`,
    ZORGSLUIS_LISTENER_KEY: `${CERTIFICATES}/server.key`,
    ZORGSLUIS_LISTENER_CLIENT_CA: `${CERTIFICATES}/client-ca.pem`,
    ZORGSLUIS_LISTENER_CRL: undefined,
  };
}
