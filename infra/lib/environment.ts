import { Resources } from './grants';
import { Program } from './needs';
import { Options } from './options';
import { Settings } from './settings';

/** Where the listener finds what it needs, inside its container. */
export const LISTENER = {
  plain: 2575,
  tls: 2576,
  health: 9575,
  certificates: '/tls',
  /** Whether it takes MLLP without TLS: inside the VPN only. */
  takesPlain: (settings: Settings) => settings.vpn !== undefined,
};

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
    ZORGSLUIS_FHIR_STORE: fhirStore.endpoint,
    ZORGSLUIS_MAIL_FROM: options.mailFrom ?? `zorgsluis@${settings.mailDomain}`,
    ZORGSLUIS_MAIL_CONFIGURATION_SET: mail.configurationSetName,
    ZORGSLUIS_PAGES: options.pages ?? `https://${settings.mailDomain}/`,
    ZORGSLUIS_COMPREHEND_MEDICAL: settings.comprehendMedical ? 'on' : 'off',
    ZORGSLUIS_COMPREHEND_MEDICAL_DAILY_LIMIT: String(options.comprehendMedicalDailyLimit),
    ZORGSLUIS_LOG_RETENTION_DAYS: String(options.auditRetentionDays),
    ZORGSLUIS_LISTENER_PLAIN: LISTENER.takesPlain(settings) ? `0.0.0.0:${LISTENER.plain}` : undefined,
    ZORGSLUIS_LISTENER_TLS: `0.0.0.0:${LISTENER.tls}`,
    ZORGSLUIS_LISTENER_HEALTH: `0.0.0.0:${LISTENER.health}`,
    ZORGSLUIS_LISTENER_CERTIFICATE: `${LISTENER.certificates}/server.pem`,
    ZORGSLUIS_LISTENER_KEY: `${LISTENER.certificates}/server.key`,
    ZORGSLUIS_LISTENER_CLIENT_CA: `${LISTENER.certificates}/client-ca.pem`,
    ZORGSLUIS_LISTENER_CRL: undefined,
  };
}
