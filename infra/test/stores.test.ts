import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { allStacks, app, build, one, Resource } from './app';
import { text } from './text';

/** The stacks of a deployment that is no trial. */
const production = (more: object = {}) => {
  const { app } = build({ production: true, mainAccount: '333333333333', logAccount: '444444444444', ...more });
  return Object.fromEntries(app.node.children.filter((node) => Stack.isStack(node)).map((stack) => [stack.node.id, stack]));
};

const { fhirStore, devices, images } = app().stacks;

test('the FHIR store is R4 under the key of data of patients, and outlives its stack', () => {
  const store = one(fhirStore, 'AWS::HealthLake::FHIRDatastore');
  assert.equal(store.Properties.DatastoreTypeVersion, 'R4');
  assert.equal(store.Properties.SseConfiguration.KmsEncryptionConfig.CmkType, 'CUSTOMER_MANAGED_KMS_KEY');
  assert.match(text(store.Properties.SseConfiguration.KmsEncryptionConfig.KmsKeyId), /zorgsluis-keys.*phi/);
  assert.equal(store.DeletionPolicy, 'RetainExceptOnCreate');
});

test('what outlives its stack is taken away when its first creation fails, but for keys', () => {
  let kept = 0;
  for (const [name, stack] of [...allStacks(), ...Object.entries(production())]) {
    if (!stack) continue;
    for (const [id, found] of Object.entries(Template.fromStack(stack).toJSON().Resources as Record<string, Resource>)) {
      const policy = found.DeletionPolicy ?? 'Delete';
      // A key may be ended by its administrator only, and only its alias, which goes, has a name that could be taken.
      const expected = /^AWS::KMS::(Replica)?Key$/.test(found.Type) ? ['Retain'] : ['Delete', 'RetainExceptOnCreate'];
      assert.ok(expected.includes(policy), `${name}/${id}: ${policy}`);
      if (policy === 'RetainExceptOnCreate') kept += 1;
    }
  }
  assert.ok(kept > 50, String(kept));
});

test('invented patients come into the FHIR store only when asked for, and never in production', () => {
  assert.equal(one(fhirStore, 'AWS::HealthLake::FHIRDatastore').Properties.PreloadDataConfig, undefined);
  assert.throws(() => production({ trialSamples: true }), /production takes no invented patients/);
});

test('measurements of devices stream under the key of data of patients, for a week', () => {
  const stream = one(devices, 'AWS::Kinesis::Stream').Properties;
  assert.equal(stream.StreamEncryption.EncryptionType, 'KMS');
  assert.match(text(stream.StreamEncryption.KeyId), /zorgsluis-keys.*phi/);
  assert.equal(stream.RetentionPeriodHours, 7 * 24);
  assert.equal(stream.StreamModeDetails.StreamMode, 'ON_DEMAND');
});

test('images are kept under our key, are scanned, and no tag is ever moved to another image', () => {
  const repository = one(images, 'AWS::ECR::Repository').Properties;
  assert.equal(repository.ImageTagMutability, 'IMMUTABLE');
  assert.equal(repository.ImageScanningConfiguration.ScanOnPush, true);
  assert.equal(repository.EncryptionConfiguration.EncryptionType, 'KMS');
  assert.match(text(repository.EncryptionConfiguration.KmsKey), /zorgsluis-keys.*logs/);
});
