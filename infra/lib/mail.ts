import { CfnOutput, Duration } from 'aws-cdk-lib';
import * as events from 'aws-cdk-lib/aws-events';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as ses from 'aws-cdk-lib/aws-ses';
import { Construct } from 'constructs';
import { QueuesStack } from './queues';
import { Common, ZorgsluisStack } from './stack';

export interface MailProps extends Common {
  readonly queues: QueuesStack;
}

/** Notices to providers go out by SES; what became of them comes back through the queue `mail-events`. */
export class MailStack extends ZorgsluisStack {
  readonly configurationSetName: string;
  readonly configurationSetArn: string;
  readonly identityArn: string;

  constructor(scope: Construct, id: string, { settings, queues }: MailProps) {
    super(scope, id, { settings }, 'mail to providers');
    const set = new ses.ConfigurationSet(this, 'Notices', {
      configurationSetName: `${settings.prefix}-notices`,
      // To a server that offers no TLS nothing is delivered: the notice bounces.
      tlsPolicy: ses.ConfigurationSetTlsPolicy.REQUIRE,
      suppressionReasons: ses.SuppressionReasons.BOUNCES_AND_COMPLAINTS,
      reputationMetrics: true,
    });
    // Opening and clicking are not followed: events of the two are not asked for, so SES changes no mail.
    set.addEventDestination('Events', {
      destination: ses.EventDestination.eventBus(events.EventBus.fromEventBusName(this, 'DefaultBus', 'default')),
      events: [
        ses.EmailSendingEvent.REJECT,
        ses.EmailSendingEvent.DELIVERY,
        ses.EmailSendingEvent.BOUNCE,
        ses.EmailSendingEvent.COMPLAINT,
        ses.EmailSendingEvent.RENDERING_FAILURE,
        ses.EmailSendingEvent.DELIVERY_DELAY,
      ],
    });
    const mailFromDomain = `bounce.${settings.mailDomain}`;
    const identity = new ses.EmailIdentity(this, 'Domain', {
      identity: ses.Identity.domain(settings.mailDomain),
      configurationSet: set,
      dkimSigning: true,
      dkimIdentity: ses.DkimIdentity.easyDkim(ses.EasyDkimSigningKeyLength.RSA_2048_BIT),
      mailFromDomain,
      mailFromBehaviorOnMxFailure: ses.MailFromBehaviorOnMxFailure.REJECT_MESSAGE,
      // Bounces come as events; as mails they would go back to an address that nobody reads.
      feedbackForwarding: false,
    });
    this.configurationSetName = set.configurationSetName;
    const arn = (resource: string, resourceName: string) => this.formatArn({ service: 'ses', resource, resourceName });
    this.configurationSetArn = arn('configuration-set', `${settings.prefix}-notices`);
    this.identityArn = arn('identity', settings.mailDomain);

    this.events(settings.prefix, queues);
    identity.dkimRecords.forEach(({ name, value }, index) => {
      new CfnOutput(this, `Dkim${index + 1}`, { value: `${name} CNAME ${value}` });
    });
    // Without these two SES refuses every mail (REJECT_MESSAGE), instead of sending from a domain of its own.
    new CfnOutput(this, 'MailFromMx', { value: `${mailFromDomain} MX 10 feedback-smtp.${this.region}.amazonses.com` });
    new CfnOutput(this, 'MailFromSpf', { value: `${mailFromDomain} TXT "v=spf1 include:amazonses.com ~all"` });
  }

  private events(prefix: string, { queues }: QueuesStack): void {
    const ruleName = `${prefix}-mail-events`;
    const { queue, deadLetters } = queues['mail-events'];
    const ruleArn = this.formatArn({ service: 'events', resource: 'rule', resourceName: ruleName });
    // By L1: the target of the L2 would write this rule's ARN into the stack of the queues, which stands before
    // this one. The policies below name the rule by its name instead.
    new events.CfnRule(this, 'Events', {
      name: ruleName,
      description: 'What became of mails',
      eventPattern: {
        source: ['aws.ses'],
        account: [this.account],
        detail: { mail: { tags: { 'ses:configuration-set': [`${prefix}-notices`] } } },
      },
      targets: [
        {
          id: 'Queue',
          arn: queue.queueArn,
          deadLetterConfig: { arn: deadLetters.queueArn },
          retryPolicy: { maximumEventAgeInSeconds: Duration.hours(24).toSeconds(), maximumRetryAttempts: 185 },
        },
      ],
    });
    for (const one of [queue, deadLetters]) {
      one.addToResourcePolicy(
        new iam.PolicyStatement({
          sid: 'EventsOfMails',
          principals: [new iam.ServicePrincipal('events.amazonaws.com')],
          actions: ['sqs:SendMessage'],
          resources: [one.queueArn],
          conditions: { ArnEquals: { 'aws:SourceArn': ruleArn } },
        }),
      );
    }
  }
}
