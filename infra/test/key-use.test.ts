import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allStacks, app, flat, resources, statements } from './app';

const { keys } = app().stacks;

/** Services that a key's policy lets use it, on behalf of a caller or by themselves, by the key's name. */
const services = new Map(
  Object.entries(resources(keys, 'AWS::KMS::Key')).map(([id, { Properties }]) => {
    const all = statements(Properties.KeyPolicy).filter((one) => one.effect === 'Allow');
    const via = all.flatMap((one) => one.condition['StringEquals']?.['kms:ViaService'] ?? []) as string[];
    const own = all.flatMap((one) => (one.principal as { Service?: string }).Service ?? []);
    return [id.replace(/[0-9A-F]{8}$/, ''), new Set([...via, ...own].map((name) => name.split('.')[0] ?? ''))] as const;
  }),
);

/** Where resources name their key, and the service that then uses it. */
const USES: Record<string, { service: string; key: string[] }> = {
  'AWS::ECR::Repository': { service: 'ecr', key: ['EncryptionConfiguration', 'KmsKey'] },
  'AWS::HealthLake::FHIRDatastore': { service: 'healthlake', key: ['SseConfiguration', 'KmsEncryptionConfig', 'KmsKeyId'] },
  'AWS::Kinesis::Stream': { service: 'kinesis', key: ['StreamEncryption', 'KeyId'] },
  'AWS::KinesisFirehose::DeliveryStream': { service: 'firehose', key: ['DeliveryStreamEncryptionConfigurationInput', 'KeyARN'] },
  'AWS::Logs::LogGroup': { service: 'logs', key: ['KmsKeyId'] },
  'AWS::CloudTrail::Trail': { service: 'cloudtrail', key: ['KMSKeyId'] },
  'AWS::SecretsManager::Secret': { service: 'secretsmanager', key: ['KmsKeyId'] },
  'AWS::SNS::Topic': { service: 'sns', key: ['KmsMasterKeyId'] },
  'AWS::SQS::Queue': { service: 'sqs', key: ['KmsMasterKeyId'] },
};

for (const [type, { service, key }] of Object.entries(USES)) {
  test(`each ${type} names one of our keys, whose policy lets ${service} use it`, () => {
    let seen = 0;
    for (const stack of allStacks().values()) {
      if (stack.region !== keys.region || stack.account !== keys.account) continue;
      for (const [id, { Properties }] of Object.entries(resources(stack, type))) {
        const named = flat(key.reduce((value, part) => value?.[part], Properties));
        const name = /^<zorgsluis-keys:\w*GetAtt([a-z]+)[0-9A-F]{8}Arn/.exec(named)?.[1];
        assert.ok(name, `${stack.node.id}/${id} names no key of ours: ${named}`);
        assert.ok(services.get(name)?.has(service), `${stack.node.id}/${id}: the key ${name} does not know ${service}`);
        seen += 1;
      }
    }
    assert.ok(seen > 0, type);
  });
}

test('alarms and events may use the key of their topics and queues', () => {
  for (const service of ['cloudwatch', 'events']) assert.ok(services.get('logs')?.has(service), service);
  assert.ok(services.get('queues')?.has('events'));
});
