import assert from 'node:assert/strict';
import { test } from 'node:test';
import { app, one, resources } from './app';
import { text } from './text';

const { mail } = app().stacks;

test('mail goes out over TLS or not at all', () => {
  const set = one(mail, 'AWS::SES::ConfigurationSet').Properties;
  assert.equal(set.DeliveryOptions.TlsPolicy, 'REQUIRE');
});

test('who bounced or complained is written to no more', () => {
  const set = one(mail, 'AWS::SES::ConfigurationSet').Properties;
  assert.deepEqual(set.SuppressionOptions.SuppressedReasons, ['BOUNCE', 'COMPLAINT']);
});

test('the domain signs with DKIM, has a bounce domain of its own, and uses the configuration set', () => {
  const identity = one(mail, 'AWS::SES::EmailIdentity').Properties;
  assert.equal(identity.EmailIdentity, 'zorgsluis.example');
  assert.equal(identity.DkimAttributes.SigningEnabled, true);
  assert.equal(identity.DkimSigningAttributes.NextSigningKeyLength, 'RSA_2048_BIT');
  assert.equal(identity.MailFromAttributes.MailFromDomain, 'bounce.zorgsluis.example');
  assert.equal(identity.FeedbackAttributes.EmailForwardingEnabled, false);
  assert.ok(identity.ConfigurationSetAttributes);
});

test('nobody is followed: opening and clicking make no events, so SES changes no mail', () => {
  const events = one(mail, 'AWS::SES::ConfigurationSetEventDestination').Properties.EventDestination;
  assert.deepEqual(events.MatchingEventTypes, [
    ...['reject', 'delivery', 'bounce', 'complaint', 'renderingFailure', 'deliveryDelay'],
  ]);
  assert.match(text(events.EventBridgeDestination), /event-bus\/default/);
});

test('what became of mails comes back through the queue mail-events, and nothing of it is lost', () => {
  const rule = one(mail, 'AWS::Events::Rule').Properties;
  assert.deepEqual(rule.EventPattern.source, ['aws.ses']);
  assert.deepEqual(rule.EventPattern.detail.mail.tags['ses:configuration-set'], ['zorgsluis-notices']);
  assert.equal(rule.Targets.length, 1);
  assert.match(text(rule.Targets[0].Arn), /mailevents/);
  assert.match(text(rule.Targets[0].DeadLetterConfig.Arn), /maileventsdeadletters/);
});

test('the DNS records that a person must set are outputs', () => {
  assert.equal(Object.keys(resources(mail, 'AWS::Route53::RecordSet')).length, 0);
  const outputs = app().app.synth().getStackByName(mail.stackName).template.Outputs;
  assert.equal(text(outputs).match(/CNAME/g)?.length, 3);
  // SES is told to refuse mails while these are missing.
  const { MailFromDomain, BehaviorOnMxFailure } = one(mail, 'AWS::SES::EmailIdentity').Properties.MailFromAttributes;
  assert.equal(BehaviorOnMxFailure, 'REJECT_MESSAGE');
  assert.equal(outputs.MailFromMx.Value, `${MailFromDomain} MX 10 feedback-smtp.eu-west-1.amazonses.com`);
  assert.equal(outputs.MailFromSpf.Value, `${MailFromDomain} TXT "v=spf1 include:amazonses.com ~all"`);
});
