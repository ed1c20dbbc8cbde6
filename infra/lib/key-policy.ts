import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import { Settings } from './settings';

/** Using a symmetric key, as services do for their callers. */
const USE = [
  'kms:Decrypt',
  'kms:DescribeKey',
  'kms:Encrypt',
  'kms:GenerateDataKey',
  'kms:GenerateDataKeyWithoutPlaintext',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
];

/** Everything that reads, writes or signs with a key. */
const CRYPTOGRAPHY = [
  'kms:Decrypt',
  'kms:DeriveSharedSecret',
  'kms:Encrypt',
  'kms:GenerateDataKey',
  'kms:GenerateDataKeyPair',
  'kms:GenerateDataKeyPairWithoutPlaintext',
  'kms:GenerateDataKeyWithoutPlaintext',
  'kms:GenerateMac',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
  'kms:Sign',
];

const ADMINISTER = [
  'kms:CreateAlias',
  'kms:DeleteAlias',
  'kms:DescribeKey',
  'kms:DisableKeyRotation',
  'kms:EnableKey',
  'kms:EnableKeyRotation',
  'kms:GetKeyPolicy',
  'kms:GetKeyRotationStatus',
  'kms:ListGrants',
  'kms:ListKeyPolicies',
  'kms:ListKeyRotations',
  'kms:ListResourceTags',
  'kms:PutKeyPolicy',
  'kms:RevokeGrant',
  'kms:TagResource',
  'kms:UntagResource',
  'kms:UpdateAlias',
  'kms:UpdateKeyDescription',
];

const LOOK = ['kms:DescribeKey', 'kms:GetKeyPolicy', 'kms:GetKeyRotationStatus', 'kms:ListResourceTags'];

/** Days between asking for the deletion of a key and its end: the longest that KMS offers. */
export const DELETION_DAYS = 30;

/** What a key is used for. */
export interface KeyUse {
  /** Services that use the key for whoever of this account may use it (`kms:ViaService`). */
  readonly services?: string[];
  /** Functions wrap data keys of patients with it themselves, always with an encryption context. */
  readonly dataKeys?: boolean;
  /** Values of the encryption context `zorgsluis` for which functions unwrap secrets with it. */
  readonly secrets?: string[];
  /** Roles that may sign with it. */
  readonly signers?: string[];
  /** DynamoDB copies a table that it encrypts to the other region. */
  readonly replicates?: boolean;
  /** Macie reads through buckets that it encrypts, looking for what should not be there. */
  readonly searched?: boolean;
  /** It protects the log: whoever reads the log may not touch its keys. */
  readonly log?: boolean;
  /** Further statements, for services that act by themselves. */
  readonly more?: iam.PolicyStatement[];
}

/** Where a key stands. */
export interface KeyPlace {
  readonly account: string;
  readonly region: string;
  /** Who deploys there. */
  readonly deploymentRole: string;
  /** Who makes its copy in the other region, for a multi-Region key. */
  readonly copiedBy?: string;
}

/**
 * The policy of a key. KMS asks it before IAM, so what it does not allow nobody can give away in IAM, and
 * what it denies holds for the root user's policies as well.
 */
export function keyPolicy(settings: Settings, place: KeyPlace, use: KeyUse): iam.PolicyDocument {
  const administrator = settings.keyAdministratorRole.replace(settings.mainAccount, place.account);
  const auditor = settings.auditorRole.replace(settings.mainAccount, place.account);
  const { allow, deny } = statements(place.account);
  const by = (...roles: string[]) => ({ ArnEquals: { 'aws:PrincipalArn': roles } });
  const ours = { ArnLike: { 'aws:PrincipalArn': `arn:aws:iam::${place.account}:role/${settings.prefix}-*` } };
  const document = new iam.PolicyDocument({
    statements: [
      allow('Administer', ADMINISTER, by(administrator, place.deploymentRole)),
      // KMS refuses a policy that its maker could not change again: that is checked on named principals. (In the log
      // account nobody but its own people takes this role on: it is bootstrapped without a trust, docs/operations/deploy.md.)
      new iam.PolicyStatement({
        sid: 'Deploy',
        principals: [new iam.ArnPrincipal(place.deploymentRole)],
        actions: ['kms:GetKeyPolicy', 'kms:PutKeyPolicy'],
        resources: ['*'],
      }),
      allow('End', ['kms:CancelKeyDeletion', 'kms:DisableKey', 'kms:ScheduleKeyDeletion'], by(administrator)),
      deny('OnlyTheAdministratorEndsIt', ['kms:DisableKey', 'kms:ScheduleKeyDeletion'], {
        ArnNotEquals: { 'aws:PrincipalArn': administrator },
      }),
      deny('TimeToThinkAgain', ['kms:ScheduleKeyDeletion'], {
        NumericLessThan: { 'kms:ScheduleKeyDeletionPendingWindowInDays': DELETION_DAYS },
      }),
      deny('TheAdministratorNeitherDecryptsNorSigns', [...CRYPTOGRAPHY, 'kms:CreateGrant'], by(administrator)),
      deny('DeploymentUsesItThroughServicesOnly', CRYPTOGRAPHY, {
        ...by(place.deploymentRole),
        Null: { 'kms:ViaService': 'true' },
      }),
      allow('Look', LOOK),
    ],
  });
  if (place.copiedBy) document.addStatements(allow('Copy', ['kms:DescribeKey', 'kms:ReplicateKey'], by(place.copiedBy)));
  const add = (...more: iam.PolicyStatement[]) => document.addStatements(...more);
  if (use.services) {
    const via = { 'kms:ViaService': use.services.map((name) => `${name}.${place.region}.amazonaws.com`) };
    const inside = { 'kms:CallerAccount': place.account };
    add(
      allow('ThroughServices', USE, { StringEquals: { ...inside, ...via } }),
      allow('GrantsForServices', ['kms:CreateGrant'], {
        StringEquals: { ...inside, ...via },
        Bool: { 'kms:GrantIsForAWSResource': 'true' },
      }),
    );
  }
  if (use.dataKeys) {
    add(
      allow('DataKeys', ['kms:Decrypt', 'kms:GenerateDataKey'], {
        ...ours,
        Null: { 'kms:EncryptionContextKeys': 'false' },
      }),
    );
  }
  if (use.secrets) {
    add(
      allow('Secrets', ['kms:Decrypt', 'kms:Encrypt', 'kms:GenerateDataKeyWithoutPlaintext'], {
        ...ours,
        StringEquals: { 'kms:EncryptionContext:zorgsluis': use.secrets },
      }),
    );
  }
  if (use.signers) {
    add(
      allow('Sign', ['kms:Sign'], {
        ...by(...use.signers),
        StringEquals: { 'kms:SigningAlgorithm': 'ED25519_SHA_512', 'kms:MessageType': 'RAW' },
      }),
      // Verification is for everyone in the account: only the public half is given.
      allow('Verify', ['kms:GetPublicKey', 'kms:Verify']),
    );
  }
  if (use.replicates) {
    // A service-linked role, which has no policy of ours: KMS must allow it by itself. Named by condition, since
    // a policy refuses a principal that AWS makes only with the first such table. (Not tried without an account.)
    const role = `role/aws-service-role/replication.dynamodb.amazonaws.com/AWSServiceRoleForDynamoDBReplication`;
    add(
      new iam.PolicyStatement({
        sid: 'ReplicationOfTables',
        principals: [new iam.StarPrincipal()],
        actions: [...USE, 'kms:CreateGrant'],
        resources: ['*'],
        conditions: {
          ...by(`arn:aws:iam::${place.account}:${role}`),
          StringEquals: {
            'kms:CallerAccount': place.account,
            'kms:ViaService': `dynamodb.${place.region}.amazonaws.com`,
          },
        },
      }),
    );
  }
  if (use.searched) {
    // A service-linked role again, named by condition for the same reasons: its own policy knows no key, and it may be
    // made later than this one. (Not tried without an account.)
    const role = 'role/aws-service-role/macie.amazonaws.com/AWSServiceRoleForAmazonMacie';
    add(
      new iam.PolicyStatement({
        sid: 'SearchByMacie',
        principals: [new iam.StarPrincipal()],
        actions: ['kms:Decrypt'],
        resources: ['*'],
        conditions: {
          ...by(`arn:aws:iam::${place.account}:${role}`),
          StringEquals: {
            'kms:CallerAccount': place.account,
            'kms:ViaService': `s3.${place.region}.amazonaws.com`,
          },
        },
      }),
    );
  }
  if (use.log) {
    add(
      deny(
        'WhoReadsTheLogLeavesItsKeysAlone',
        ['kms:CreateGrant', 'kms:DisableKey', 'kms:PutKeyPolicy', 'kms:RevokeGrant', 'kms:ScheduleKeyDeletion', 'kms:Sign'],
        by(auditor),
      ),
    );
  }
  add(...(use.more ?? []));
  return document;
}

/** A key with the policy that it was given: other constructs of CDK, a secret for one, would add wider statements in passing. */
export class GuardedKey extends kms.Key {
  override addToResourcePolicy(): iam.AddToResourcePolicyResult {
    return { statementAdded: false };
  }
}

/** Lets a service that acts by itself use the key, for what the encryption context or source names. */
export function forService(sid: string, service: string, conditions: Record<string, unknown>): iam.PolicyStatement {
  return new iam.PolicyStatement({
    sid,
    principals: [new iam.ServicePrincipal(service)],
    actions: ['kms:Decrypt', 'kms:DescribeKey', 'kms:Encrypt', 'kms:GenerateDataKey', 'kms:ReEncryptFrom', 'kms:ReEncryptTo'],
    resources: ['*'],
    conditions,
  });
}

/** Statements of a key's policy: `Resource: *` there is the key itself. */
function statements(account: string) {
  const make =
    (effect: iam.Effect, principal: iam.IPrincipal) =>
    (sid: string, actions: string[], conditions?: Record<string, unknown>) =>
      new iam.PolicyStatement({ sid, effect, principals: [principal], actions, resources: ['*'], conditions });
  return {
    allow: make(iam.Effect.ALLOW, new iam.AccountPrincipal(account)),
    deny: make(iam.Effect.DENY, new iam.StarPrincipal()),
  };
}
