import assert from 'node:assert/strict';
import { test } from 'node:test';
import { app, build, one } from './app';
import { text } from './text';

const { fhirStore, devices, images } = app().stacks;

test('the FHIR store is R4 under the key of data of patients, and outlives its stack', () => {
  const store = one(fhirStore, 'AWS::HealthLake::FHIRDatastore');
  assert.equal(store.Properties.DatastoreTypeVersion, 'R4');
  assert.equal(store.Properties.SseConfiguration.KmsEncryptionConfig.CmkType, 'CUSTOMER_MANAGED_KMS_KEY');
  assert.match(text(store.Properties.SseConfiguration.KmsEncryptionConfig.KmsKeyId), /zorgsluis-keys.*phi/);
  assert.equal(store.DeletionPolicy, 'Retain');
});

test('invented patients come into the FHIR store only when asked for, and never in production', () => {
  assert.equal(one(fhirStore, 'AWS::HealthLake::FHIRDatastore').Properties.PreloadDataConfig, undefined);
  const production = { production: true, trialSamples: true, mainAccount: '333333333333', logAccount: '444444444444' };
  const copies = { logCopiesKey: 'arn:aws:kms:eu-central-1:444444444444:key/11111111-1111-1111-1111-111111111111' };
  assert.throws(() => build({ ...production, ...copies }), /production takes no invented patients/);
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
