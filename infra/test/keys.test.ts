import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SEARCHED_BUCKETS } from '../lib/detection';
import { app, flat, named, one, Resource, resources, Statement, statements } from './app';

const CLASSES = ['phi', 'audit', 'pseudonyms', 'queues', 'logs'];
/** The one that signs the log, and the one that is to take over. */
const SIGNING = ['log-signing', 'log-signing-2'];
const ALL = [...CLASSES, ...SIGNING];
const { keys, copies, logCopies, settings, storage } = app().stacks;

/** Found by the alias that points at it. */
function key(name: string): Resource {
  const alias = one(keys, 'AWS::KMS::Alias', (alias) => alias.AliasName === `alias/zorgsluis-${name}`);
  const found = resources(keys, 'AWS::KMS::Key')[alias.Properties.TargetKeyId['Fn::GetAtt'][0] as string];
  assert.ok(found, name);
  return found;
}
const policy = (name: string) => statements(key(name).Properties.KeyPolicy);

const CRYPTOGRAPHY = ['kms:Decrypt', 'kms:Encrypt', 'kms:GenerateDataKey', 'kms:ReEncryptFrom', 'kms:Sign'];
const administrator = 'arn:aws:iam::111111111111:role/zorgsluis-key-administrator';
const roleOf = (statement: Statement, operator = 'ArnEquals') => statement.condition[operator]?.['aws:PrincipalArn'];

describe('Keys: one CMK per class of data (PHI, audit, queues, logs), rotation on', () => {
  test('each class has its key, and nothing else is one', () => {
    assert.equal(Object.keys(resources(keys, 'AWS::KMS::Key')).length, ALL.length);
    for (const name of ALL) assert.ok(key(name), name);
  });

  test('keys of data rotate each year, outlive their stack and wait 30 days before they end', () => {
    for (const name of CLASSES) {
      const { Properties, DeletionPolicy } = key(name);
      assert.equal(Properties.EnableKeyRotation, true, name);
      assert.equal(Properties.RotationPeriodInDays, 365, name);
      assert.equal(Properties.PendingWindowInDays, 30, name);
      assert.equal(DeletionPolicy, 'Retain', name);
    }
  });

  test('keys that wrap other keys are multi-Region and have their copy where the copies are', () => {
    for (const name of ['phi', 'audit', 'pseudonyms']) assert.equal(key(name).Properties.MultiRegion, true, name);
    for (const name of ['queues', 'logs', 'log-signing']) assert.notEqual(key(name).Properties.MultiRegion, true, name);
    assert.equal(Object.keys(resources(copies, 'AWS::KMS::ReplicaKey')).length, 3);
  });
});

describe('Keys: Ed25519 signing key', () => {
  test('it is Ed25519 and signs only', () => {
    for (const name of SIGNING) {
      const { Properties } = key(name);
      assert.equal(Properties.KeySpec, 'ECC_NIST_EDWARDS25519');
      assert.equal(Properties.KeyUsage, 'SIGN_VERIFY');
    }
  });

  test('only the audit-writer signs, and break-glass by hand, with Ed25519 over the whole message', () => {
    for (const name of SIGNING) {
      const sign = named(policy(name), 'Sign');
      assert.deepEqual(roleOf(sign), ['audit-writer', 'break-glass'].map((role) => `arn:aws:iam::111111111111:role/zorgsluis-${role}`));
      assert.deepEqual(sign.condition['StringEquals'], { 'kms:SigningAlgorithm': 'ED25519_SHA_512', 'kms:MessageType': 'RAW' });
    }
    for (const name of ALL) {
      const others = policy(name).filter((one) => one.effect === 'Allow' && one.sid !== 'Sign' && one.actions.includes('kms:Sign'));
      assert.deepEqual(others, [], name);
    }
  });
});

describe('Keys: policies by least privilege', () => {
  test('no policy allows an action by wildcard', () => {
    for (const name of ALL) {
      for (const statement of policy(name)) {
        assert.ok(!statement.actions.some((action) => action.includes('*')), `${name} ${statement.sid}`);
      }
    }
  });

  test('administrators neither decrypt nor sign, nor have others do so', () => {
    for (const name of ALL) {
      const deny = named(policy(name), 'TheAdministratorNeitherDecryptsNorSigns');
      assert.equal(deny.effect, 'Deny');
      assert.deepEqual(roleOf(deny), [administrator]);
      for (const action of [...CRYPTOGRAPHY, 'kms:CreateGrant']) assert.ok(deny.actions.includes(action), action);
      assert.ok(!named(policy(name), 'Administer').actions.some((action) => CRYPTOGRAPHY.includes(action)));
    }
  });

  test('deployment uses a key through services only', () => {
    const deny = named(policy('phi'), 'DeploymentUsesItThroughServicesOnly');
    assert.deepEqual(deny.condition['Null'], { 'kms:ViaService': 'true' });
    assert.match(String(roleOf(deny)), /cdk-hnb659fds-cfn-exec-role-111111111111-eu-west-1/);
  });

  test('services use a key only for whoever of this account may', () => {
    for (const [name, services] of [
      ['phi', ['s3', 'dynamodb', 'healthlake']],
      ['audit', ['s3', 'dynamodb']],
      ['queues', ['sqs']],
    ] as const) {
      const { StringEquals } = named(policy(name), 'ThroughServices').condition;
      assert.equal(StringEquals?.['kms:CallerAccount'], '111111111111');
      for (const service of services) {
        assert.ok((([] as unknown[]).concat(StringEquals?.['kms:ViaService'])).includes(`${service}.eu-west-1.amazonaws.com`), name);
      }
    }
  });

  test('every statement that lets somebody decrypt is bound to a service, a context or a source', () => {
    for (const name of ALL) {
      for (const statement of policy(name).filter((one) => one.effect === 'Allow' && one.actions.includes('kms:Decrypt'))) {
        const bounds = Object.values(statement.condition).flatMap(Object.keys);
        assert.ok(
          bounds.some((bound) => /^kms:(ViaService|EncryptionContext)|^aws:SourceArn$/.test(bound)),
          `${name} ${statement.sid}`,
        );
      }
    }
  });

  test('functions wrap data keys with a context only', () => {
    for (const name of ['phi', 'audit']) {
      const statement = named(policy(name), 'DataKeys');
      assert.deepEqual(statement.condition['Null'], { 'kms:EncryptionContextKeys': 'false' });
      assert.equal(roleOf(statement, 'ArnLike'), 'arn:aws:iam::111111111111:role/zorgsluis-*');
    }
  });
});

describe('Keys: Macie reads through the buckets', () => {
  test('the key of each bucket that is searched lets Macie decrypt, through S3 only, and no other key does', () => {
    const role = 'arn:aws:iam::111111111111:role/aws-service-role/macie.amazonaws.com/AWSServiceRoleForAmazonMacie';
    const searched = new Set(
      SEARCHED_BUCKETS.map((kind) => {
        const { BucketEncryption } = one(storage, 'AWS::S3::Bucket', ({ BucketName }) => BucketName === settings.bucketName(kind)).Properties;
        const id = flat(BucketEncryption.ServerSideEncryptionConfiguration[0].ServerSideEncryptionByDefault.KMSMasterKeyID);
        return /GetAtt([a-z]+)[0-9A-F]{8}Arn/.exec(id)?.[1];
      }),
    );
    assert.deepEqual([...searched].toSorted(), ['audit', 'phi']);
    for (const name of ALL) {
      const found = policy(name).filter((statement) => JSON.stringify(statement.condition).includes('macie'));
      assert.equal(found.length, searched.has(name) ? 1 : 0, name);
      for (const statement of found) {
        assert.deepEqual(roleOf(statement), [role]);
        assert.deepEqual(statement.actions, ['kms:Decrypt']);
        // A role that AWS made has no policy of ours: the key names it itself, and hands nothing on to IAM.
        assert.deepEqual(statement.principal, '*');
        assert.deepEqual(statement.condition['StringEquals'], {
          'kms:CallerAccount': '111111111111',
          'kms:ViaService': 's3.eu-west-1.amazonaws.com',
        });
      }
    }
  });
});

describe('Keys: pseudonym secret', () => {
  test('it unwraps nothing but pseudonym keys and the key of mail, and no service uses it', () => {
    const secrets = named(policy('pseudonyms'), 'Secrets');
    assert.deepEqual(secrets.condition['StringEquals'], { 'kms:EncryptionContext:zorgsluis': ['pseudonym', 'mail-signing'] });
    assert.ok(!policy('pseudonyms').some((statement) => statement.sid === 'ThroughServices'));
  });
});

describe('Keys: those who may read the audit log cannot delete its keys', () => {
  test('the auditor is denied whatever ends or changes a key of the log', () => {
    for (const name of ['audit', 'log-signing']) {
      const deny = named(policy(name), 'WhoReadsTheLogLeavesItsKeysAlone');
      assert.equal(deny.effect, 'Deny');
      assert.deepEqual(roleOf(deny), [settings.auditorRole]);
      for (const action of ['kms:ScheduleKeyDeletion', 'kms:DisableKey', 'kms:PutKeyPolicy', 'kms:Sign']) {
        assert.ok(deny.actions.includes(action), action);
      }
    }
  });

  test('only the administrator, who reads nothing, ends a key, and never in less than 30 days', () => {
    for (const name of ALL) {
      const only = named(policy(name), 'OnlyTheAdministratorEndsIt');
      assert.equal(only.effect, 'Deny');
      assert.deepEqual(only.condition['ArnNotEquals'], { 'aws:PrincipalArn': administrator });
      assert.deepEqual(only.actions.toSorted(), ['kms:DisableKey', 'kms:ScheduleKeyDeletion']);
      const wait = named(policy(name), 'TimeToThinkAgain');
      assert.deepEqual(wait.condition, { NumericLessThan: { 'kms:ScheduleKeyDeletionPendingWindowInDays': 30 } });
    }
  });

  test('the copy of the log has a key of its own account, which that of the main account cannot end', () => {
    const copy = statements(one(logCopies, 'AWS::KMS::Key').Properties.KeyPolicy);
    assert.deepEqual(named(copy, 'OnlyTheAdministratorEndsIt').condition['ArnNotEquals'], {
      'aws:PrincipalArn': administrator.replace('111111111111', '222222222222'),
    });
    const fromMain = copy.filter((one) => JSON.stringify(one.principal).includes('111111111111'));
    assert.deepEqual(fromMain.map((one) => one.sid), ['Replication']);
    assert.deepEqual(fromMain[0]?.actions.toSorted(), ['kms:Encrypt', 'kms:GenerateDataKey']);
  });
});
