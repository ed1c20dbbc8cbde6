import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Stack } from 'aws-cdk-lib';
import { app, bucketPolicy, flat, named, one, Resource, resources, Statement, statements } from './app';

const { storage, copies, logCopies, settings } = app().stacks;
const MAIN = '111111111111-eu-west-1';
const COPY = '111111111111-eu-central-1';
const LOG_COPY = '222222222222-eu-central-1';

const bucket = (name: string, stack: Stack = storage): Resource => one(stack, 'AWS::S3::Bucket', (one) => one.BucketName === name);
const PHI = ['imaging', 'raw', 'settings'].map((kind) => `zorgsluis-${kind}-${MAIN}`);
const LOG = `zorgsluis-log-${MAIN}`;
const RAW = `zorgsluis-raw-${MAIN}`;
const SETTINGS = `zorgsluis-settings-${MAIN}`;
const DATA = [...PHI, LOG];
const COPIES: [Stack, string][] = [
  ...['imaging', 'raw', 'settings'].map((kind): [Stack, string] => [copies, `zorgsluis-${kind}-copy-${COPY}`]),
  [logCopies, `zorgsluis-log-copy-${LOG_COPY}`],
];
const PLAIN: [Stack, string][] = [
  [storage, `zorgsluis-access-logs-${MAIN}`],
  [storage, `zorgsluis-flow-logs-${MAIN}`],
  [copies, `zorgsluis-access-logs-${COPY}`],
  [logCopies, `zorgsluis-access-logs-${LOG_COPY}`],
];
const EVERY: [Stack, string][] = [...DATA.map((name): [Stack, string] => [storage, name]), ...COPIES, ...PLAIN];

const rules = (name: string, stack: Stack = storage) => bucket(name, stack).Properties.LifecycleConfiguration.Rules as Record<string, never>[];
const rule = (name: string, id: string) => rules(name).find((one) => one['Id'] === id) as Record<string, unknown> | undefined;
const denied = (statement: Statement) => {
  assert.equal(statement.effect, 'Deny', statement.sid);
  return statement;
};
const exempt = (statement: Statement) => statement.condition['ArnNotEquals']?.['aws:PrincipalArn'];

describe('Storage: CMK, versions, TLS 1.2+ only, public access blocked, owner enforced', () => {
  test('there are no other buckets than these', () => {
    for (const stack of [storage, copies, logCopies]) {
      const known = EVERY.filter(([where]) => where === stack).length;
      assert.equal(Object.keys(resources(stack, 'AWS::S3::Bucket')).length, known, stack.node.id);
    }
  });

  test('every bucket keeps versions, one owner, no public access, and outlives its stack', () => {
    for (const [stack, name] of EVERY) {
      const { Properties, DeletionPolicy } = bucket(name, stack);
      assert.deepEqual(Properties.VersioningConfiguration, { Status: 'Enabled' }, name);
      assert.deepEqual(Properties.OwnershipControls, { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] }, name);
      assert.deepEqual(Object.values(Properties.PublicAccessBlockConfiguration), [true, true, true, true], name);
      assert.equal(DeletionPolicy, 'RetainExceptOnCreate', name);
    }
  });

  test('every bucket refuses plain HTTP and TLS older than 1.2, for everyone', () => {
    for (const [stack, name] of EVERY) {
      const refusals = bucketPolicy(stack, name).filter((one) => one.effect === 'Deny' && one.actions.includes('s3:*'));
      const conditions = refusals.map((one) => one.condition);
      assert.ok(conditions.some((one) => one['Bool']?.['aws:SecureTransport'] === 'false'), name);
      assert.ok(conditions.some((one) => one['NumericLessThan']?.['s3:TlsVersion'] === 1.2), name);
      for (const one of refusals) {
        assert.deepEqual(one.principal, { AWS: '*' }, name);
        assert.equal(one.resources.length, 2, `${name}: the bucket and its objects`);
      }
    }
  });

  test('data is encrypted by the key of its class, the log by its own', () => {
    const key = (name: string, stack: Stack = storage) => {
      const [rule] = bucket(name, stack).Properties.BucketEncryption.ServerSideEncryptionConfiguration;
      assert.equal(rule.ServerSideEncryptionByDefault.SSEAlgorithm, 'aws:kms', name);
      assert.equal(rule.BucketKeyEnabled, true, name);
      return flat(rule.ServerSideEncryptionByDefault.KMSMasterKeyID);
    };
    for (const name of PHI) assert.match(key(name), /keys:.*phi/);
    assert.match(key(LOG), /keys:.*audit/);
    for (const [stack, name] of COPIES) assert.match(key(name, stack), /^<Key/);
  });

  test('an upload cannot bring an encryption, a key or a secret of its own', () => {
    for (const name of DATA) {
      const policy = bucketPolicy(storage, name);
      assert.deepEqual(denied(named(policy, 'NoOtherEncryption')).condition, {
        StringNotEqualsIfExists: { 's3:x-amz-server-side-encryption': 'aws:kms' },
      });
      const { StringNotEqualsIfExists } = denied(named(policy, 'NoOtherKey')).condition;
      assert.match(flat(StringNotEqualsIfExists?.['s3:x-amz-server-side-encryption-aws-kms-key-id']), name === LOG ? /audit/ : /phi/);
      assert.deepEqual(denied(named(policy, 'NoKeyOfTheCaller')).condition, {
        Null: { 's3:x-amz-server-side-encryption-customer-algorithm': 'false' },
      });
    }
  });

  test('who calls a bucket of data is logged, and those logs lie apart under SSE-S3 without lock', () => {
    for (const [stack, name] of [...DATA.map((name): [Stack, string] => [storage, name]), ...COPIES]) {
      assert.match(flat(bucket(name, stack).Properties.LoggingConfiguration.DestinationBucketName), /^<AccessLogs/, name);
    }
    for (const [stack, name] of PLAIN) {
      const { Properties } = bucket(name, stack);
      const [rule] = Properties.BucketEncryption.ServerSideEncryptionConfiguration;
      assert.equal(rule.ServerSideEncryptionByDefault.SSEAlgorithm, 'AES256', name);
      assert.equal(Properties.ObjectLockEnabled, undefined, name);
    }
  });
});

const retention = (name: string) => bucket(name).Properties.ObjectLockConfiguration?.Rule?.DefaultRetention;

describe('Storage: Object Lock with the right mode and term for each', () => {
  test('imaging is locked for the 20 years of the dossier, in a mode that leaves room for erasure', () => {
    const { Mode, Days } = retention(`zorgsluis-imaging-${MAIN}`);
    assert.equal(Mode, 'GOVERNANCE');
    assert.ok(Days >= 20 * 365 + 5, '20 years with their leap days');
  });

  test('raw messages are locked for a year', () => {
    assert.deepEqual(retention(RAW), { Mode: 'GOVERNANCE', Days: 365 });
  });

  test('the log can lock, and leaves it to the writer which objects', () => {
    assert.equal(bucket(LOG).Properties.ObjectLockEnabled, true);
    assert.equal(retention(LOG), undefined);
  });

  test('settings change, so they have versions and no lock', () => {
    assert.equal(bucket(SETTINGS).Properties.ObjectLockEnabled, undefined);
  });

  test('a lock is gone past by the erasure role only, on the log by nobody', () => {
    for (const kind of ['imaging', 'raw']) {
      const holds = denied(named(bucketPolicy(storage, `zorgsluis-${kind}-${MAIN}`), 'LocksHold'));
      assert.deepEqual(holds.actions, ['s3:BypassGovernanceRetention']);
      assert.equal(exempt(holds), settings.erasureRole);
    }
    for (const [stack, name] of [[storage, LOG], [logCopies, `zorgsluis-log-copy-${LOG_COPY}`]] as const) {
      assert.deepEqual(denied(named(bucketPolicy(stack, name), 'LocksHold')).condition, {});
    }
  });
});

describe('Storage: the create-only and no-delete policies of the design', () => {
  test('nobody lays a deletion marker on the log, and versions fall to the erasure role behind their lock', () => {
    for (const [stack, name] of [[storage, LOG], [logCopies, `zorgsluis-log-copy-${LOG_COPY}`]] as const) {
      const policy = bucketPolicy(stack, name);
      const nothing = denied(named(policy, 'NothingIsDeleted'));
      assert.deepEqual(nothing.actions, ['s3:DeleteObject']);
      assert.deepEqual(nothing.condition, {});
      assert.equal(nothing.principal, '*');
      assert.match(String(exempt(denied(named(policy, 'OnlyOneRoleDestroysVersions')))), /role\/zorgsluis-erasure$/);
    }
  });

  test('raw messages and images are deleted by the erasure role only', () => {
    for (const kind of ['raw', 'imaging']) {
      const policy = bucketPolicy(storage, `zorgsluis-${kind}-${MAIN}`);
      for (const sid of ['NothingIsDeleted', 'OnlyOneRoleDestroysVersions']) {
        assert.equal(exempt(denied(named(policy, sid))), settings.erasureRole);
        assert.match(named(policy, sid).resources.join(), /\.Arn>\/\*$/);
      }
    }
  });

  test('entries, daily checkpoints, tombstones, raw messages and wrapped keys are created once', () => {
    const places: [string, string[]][] = [
      [LOG, ['/log/example/checkpoints/*', '/log/example/entries/*', '/tombstones/example/*']],
      [RAW, ['/messages/*']],
      [SETTINGS, ['/keys/*']],
    ];
    for (const [name, expected] of places) {
      const create = denied(named(bucketPolicy(storage, name), 'CreateOnly'));
      assert.deepEqual(create.actions, ['s3:PutObject'], name);
      assert.deepEqual(create.condition, { Null: { 's3:if-none-match': 'true' } }, name);
      assert.deepEqual(create.resources.map((resource) => resource.replace(/^<[^>]*>/, '')).toSorted(), expected, name);
      assert.equal(create.principal, '*', name);
    }
  });

  test('nothing is replicated into the buckets that copies are made of, which would go past every one of these', () => {
    for (const name of [`zorgsluis-imaging-${MAIN}`, RAW, LOG, SETTINGS]) {
      const one = denied(named(bucketPolicy(storage, name), 'NothingIsReplicatedInto'));
      assert.deepEqual(one.actions.toSorted(), ['s3:ReplicateDelete', 's3:ReplicateObject'], name);
      assert.deepEqual(one.condition, {}, `${name}: for everyone`);
      assert.match(one.resources.join(), /\.Arn>\/\*$/);
    }
  });

  test('notes, which are written again, are created without a condition, and what stood there is kept', () => {
    const policy = bucketPolicy(storage, RAW);
    for (const one of policy.filter(({ actions, condition }) => actions.includes('s3:PutObject') && condition['Null']?.['s3:if-none-match'])) {
      assert.ok(!one.resources.some((resource) => /(\.Arn>|\/notes)\/\*$/.test(resource)), one.sid);
    }
    assert.match(named(policy, 'OnlyOneRoleDestroysVersions').resources.join(), /\.Arn>\/\*$/);
    assert.equal(retention(RAW).Mode, 'GOVERNANCE');
    assert.ok(rule(RAW, 'old versions, behind their lock'), 'and goes when nothing holds it any more');
  });

  test('an entry without COMPLIANCE, without a term or with less than five years is refused', () => {
    const policy = bucketPolicy(storage, LOG);
    assert.deepEqual(denied(named(policy, 'EntriesInComplianceMode')).condition, {
      StringNotEquals: { 's3:object-lock-mode': 'COMPLIANCE' },
    });
    assert.deepEqual(denied(named(policy, 'EntriesWithATerm')).condition, {
      Null: { 's3:object-lock-remaining-retention-days': 'true' },
    });
    assert.deepEqual(denied(named(policy, 'EntriesForFiveYears')).condition, {
      NumericLessThan: { 's3:object-lock-remaining-retention-days': '1826' },
    });
    for (const sid of ['EntriesInComplianceMode', 'EntriesWithATerm', 'EntriesForFiveYears']) {
      assert.deepEqual(named(policy, sid).resources, named(policy, 'CreateOnly').resources);
      assert.equal(named(policy, sid).principal, '*');
    }
  });

  test('wrapped keys are taken away by the break-glass role only', () => {
    const policy = bucketPolicy(storage, SETTINGS);
    for (const sid of ['NothingIsDeleted', 'OnlyOneRoleDestroysVersions']) {
      assert.equal(exempt(denied(named(policy, sid))), settings.breakGlassRole);
      assert.match(named(policy, sid).resources.join(), /\/keys\/\*$/);
    }
  });

  test('what guards a bucket is changed by the break-glass role only', () => {
    for (const name of DATA) {
      const stay = denied(named(bucketPolicy(storage, name), 'GuardsStay'));
      assert.equal(exempt(stay), settings.breakGlassRole, name);
      for (const action of [
        's3:PutBucketPolicy',
        's3:DeleteBucketPolicy',
        's3:PutBucketObjectLockConfiguration',
        's3:PutBucketVersioning',
        's3:PutLifecycleConfiguration',
        's3:PutReplicationConfiguration',
        's3:PutBucketPublicAccessBlock',
        's3:DeleteBucket',
      ]) {
        assert.ok(stay.actions.includes(action), `${name} ${action}`);
      }
    }
  });
});

describe('Storage: lifecycle (Intelligent-Tiering 90 d, Glacier 365 d) that cannot outrun the lock', () => {
  const transitions = (name: string) =>
    rules(name).flatMap((one) => ((one as Record<string, unknown>)['Transitions'] ?? []) as { StorageClass: string; TransitionInDays: number }[]);

  test('images and raw messages cool down at 90 days and are archived at 365, still there at once', () => {
    for (const kind of ['imaging', 'raw']) {
      assert.deepEqual(transitions(`zorgsluis-${kind}-${MAIN}`), [
        { StorageClass: 'INTELLIGENT_TIERING', TransitionInDays: 90 },
        { StorageClass: 'GLACIER_IR', TransitionInDays: 365 },
      ]);
    }
  });

  test('the log is not archived: verification reads all of it', () => {
    assert.deepEqual(transitions(LOG), [{ StorageClass: 'INTELLIGENT_TIERING', TransitionInDays: 90 }]);
  });

  test('no object of data expires by itself', () => {
    for (const [stack, name] of [...DATA.map((name): [Stack, string] => [storage, name]), ...COPIES]) {
      for (const one of rules(name, stack)) {
        assert.ok(!('ExpirationInDays' in one) && !('ExpirationDate' in one) && !('Expiration' in one), name);
      }
    }
  });

  test('old versions go, and only behind their lock', () => {
    const days = (name: string) => {
      const found = rule(name, 'old versions, behind their lock')?.['NoncurrentVersionExpiration'] as { NoncurrentDays: number };
      return found.NoncurrentDays;
    };
    for (const kind of ['imaging', 'raw']) {
      const name = `zorgsluis-${kind}-${MAIN}`;
      assert.ok(days(name) > bucket(name).Properties.ObjectLockConfiguration.Rule.DefaultRetention.Days, name);
    }
    assert.ok(rules(SETTINGS).some((one) => 'NoncurrentVersionExpiration' in one && one['Prefix'] === ('profiles/' as never)));
  });

  test('old versions go from what is derived in the log, never from its entries', () => {
    const prefixes = rules(LOG)
      .filter((one) => 'NoncurrentVersionExpiration' in one)
      .map((one) => String(one['Prefix']));
    assert.deepEqual(prefixes.toSorted(), ['log/example/checkpoint', 'log/example/tile/']);
    assert.ok(prefixes.every((prefix) => !'log/example/entries/0'.startsWith(prefix)));
  });

  test('uploads that nobody finished are gone after a week', () => {
    for (const [stack, name] of EVERY) {
      assert.ok(
        rules(name, stack).some((one) => (one as Record<string, { DaysAfterInitiation?: number }>)['AbortIncompleteMultipartUpload']?.DaysAfterInitiation === 7),
        name,
      );
    }
  });
});

describe('Storage: entries replicated with Object Lock to a log account in eu-central-1', () => {
  const replication = (kind: string) => bucket(`zorgsluis-${kind}-${MAIN}`).Properties.ReplicationConfiguration;

  test('what is locked of the log goes to the log account, and the copy can lock', () => {
    const { Rules } = replication('log');
    assert.deepEqual(Rules.map((one: { Filter: { Prefix: string } }) => one.Filter.Prefix), [
      'log/example/entries/',
      'log/example/checkpoints/',
      'tombstones/example/',
    ]);
    for (const one of Rules) {
      assert.equal(one.Destination.Account, '222222222222');
      assert.equal(one.Destination.Bucket, `arn:aws:s3:::zorgsluis-log-copy-${LOG_COPY}`);
      assert.equal(one.Destination.EncryptionConfiguration.ReplicaKmsKeyID, 'arn:aws:kms:eu-central-1:222222222222:alias/zorgsluis-copies');
      assert.deepEqual(one.Destination.AccessControlTranslation, { Owner: 'Destination' });
    }
    assert.equal(bucket(`zorgsluis-log-copy-${LOG_COPY}`, logCopies).Properties.ObjectLockEnabled, true);
    assert.equal(logCopies.region, 'eu-central-1');
    assert.equal(logCopies.account, '222222222222');
  });

  test('images, raw messages and settings have their copy in the other region, with their locks', () => {
    for (const kind of ['imaging', 'raw', 'settings']) {
      const [one, ...more] = replication(kind).Rules;
      assert.deepEqual(more, []);
      assert.equal(one.Filter.Prefix, '');
      assert.equal(one.Destination.Bucket, `arn:aws:s3:::zorgsluis-${kind}-copy-${COPY}`);
      const copy = bucket(`zorgsluis-${kind}-copy-${COPY}`, copies).Properties;
      assert.equal(copy.ObjectLockEnabled ?? false, kind !== 'settings');
    }
  });

  test('every rule copies encrypted objects within 15 minutes, says when not, and passes no marker on', () => {
    for (const kind of ['log', 'imaging', 'raw', 'settings']) {
      for (const one of replication(kind).Rules) {
        assert.equal(one.Status, 'Enabled');
        assert.equal(one.DeleteMarkerReplication.Status, 'Disabled');
        assert.equal(one.SourceSelectionCriteria.SseKmsEncryptedObjects.Status, 'Enabled');
        assert.deepEqual(one.Destination.ReplicationTime, { Status: 'Enabled', Time: { Minutes: 15 } });
        assert.deepEqual(one.Destination.Metrics, { Status: 'Enabled', EventThreshold: { Minutes: 15 } });
      }
    }
  });

  test('a copy that fails or falls behind rings for every rule', () => {
    const alarms = Object.values(resources(storage, 'AWS::CloudWatch::Alarm')).map(({ Properties }) => Properties);
    for (const kind of ['log', 'imaging', 'raw', 'settings']) {
      for (const { Id, Destination } of replication(kind).Rules) {
        for (const [name, above] of [['OperationsFailedReplication', 0], ['ReplicationLatency', 900]] as const) {
          const found = alarms.filter((one) => {
            const of = Object.fromEntries(one.Dimensions.map((one: { Name: string; Value: string }) => [one.Name, one.Value]));
            return one.MetricName === name && of['RuleId'] === Id && `arn:aws:s3:::${of['DestinationBucket']}` === Destination.Bucket;
          });
          assert.equal(found.length, 1, `${kind} ${Id} ${name}`);
          assert.equal(found[0].Threshold, above);
          assert.deepEqual(found[0].AlarmActions, ['arn:aws:sns:eu-west-1:111111111111:zorgsluis-security']);
        }
      }
    }
  });

  test('each copy has a role of its own that reads one bucket and writes one', () => {
    for (const kind of ['log', 'imaging', 'raw', 'settings']) {
      const policy = one(storage, 'AWS::IAM::ManagedPolicy', (one) => one.ManagedPolicyName === `zorgsluis-copy-${kind}`);
      for (const statement of statements(policy.Properties.PolicyDocument)) {
        for (const resource of statement.resources) {
          assert.ok(resource.includes(`zorgsluis-${kind}-`) || /:key\/|<zorgsluis-keys:/.test(resource), `${kind} ${resource}`);
          if (/:key\/\*$|<zorgsluis-keys:/.test(resource)) {
            assert.ok(statement.condition['StringEquals']?.['kms:ViaService'], kind);
            assert.match(String(statement.condition['StringLike']?.['kms:EncryptionContext:aws:s3:arn']), new RegExp(`zorgsluis-${kind}-`));
          }
        }
      }
      const role = one(storage, 'AWS::IAM::Role', (one) => one.RoleName === `zorgsluis-copy-${kind}`);
      const [trust] = statements(role.Properties.AssumeRolePolicyDocument);
      assert.deepEqual(trust?.principal, { Service: 's3.amazonaws.com' });
      assert.deepEqual(trust?.condition['ArnEquals'], { 'aws:SourceArn': `arn:aws:s3:::zorgsluis-${kind}-${MAIN}` });
    }
  });

  test('nothing but replication writes into the copy of the log', () => {
    const policy = bucketPolicy(logCopies, `zorgsluis-log-copy-${LOG_COPY}`);
    assert.deepEqual(denied(named(policy, 'OnlyReplicationWrites')).actions, [
      's3:PutObject',
      's3:PutObjectLegalHold',
      's3:PutObjectRetention',
    ]);
    const allowed = policy.filter((one) => one.effect === 'Allow');
    assert.deepEqual(allowed.map((one) => one.sid), ['Replication']);
    assert.deepEqual(allowed[0]?.condition['ArnEquals'], {
      'aws:PrincipalArn': 'arn:aws:iam::111111111111:role/zorgsluis-copy-log',
    });
  });
});
