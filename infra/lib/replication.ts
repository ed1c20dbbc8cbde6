import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { replicationAlarms } from './copy-alarms';
import { explain } from './explain';
import { Settings } from './settings';

/** One bucket's copy in the other region. */
export interface Copy {
  readonly from: s3.Bucket;
  /** What the objects are encrypted with here. */
  readonly key: kms.IKey;
  /** Only what begins so; everything without it. */
  readonly under?: string[];
}

/** A bucket that has a copy. */
export type Kind = 'imaging' | 'raw' | 'settings' | 'log';

/** Where a kind of bucket is copied to: the log into an account whose administrators are other people. */
export function copyOf(settings: Settings, kind: Kind) {
  const account = kind === 'log' ? settings.logAccount : settings.mainAccount;
  const bucketName = settings.bucketName(`${kind}-copy`, account, settings.copyRegion);
  return {
    account,
    bucketName,
    bucketArn: `arn:aws:s3:::${bucketName}`,
    keyAlias: `${settings.prefix}-copies`,
    /** By its alias: the id is AWS's to choose, and this stack must not wait for that one. */
    key: `arn:aws:kms:${settings.copyRegion}:${account}:alias/${settings.prefix}-copies`,
    role: settings.roleName(`copy-${kind}`),
  };
}

const ruleId = (prefix: string) => prefix || 'all';

/** Copies versions, their locks included, within minutes; deletion markers are not copied. */
export function replicate(scope: Construct, settings: Settings, copies: Record<Kind, Copy>): void {
  for (const [kind, copy] of Object.entries(copies) as [Kind, Copy][]) {
    const to = copyOf(settings, kind);
    const role = copyRole(scope, settings, kind, copy);
    const rule = (prefix: string, priority: number): s3.CfnBucket.ReplicationRuleProperty => ({
      id: ruleId(prefix),
      priority,
      status: 'Enabled',
      filter: { prefix },
      // The log must show a marker where it was laid, not pass it on; the others allow none but erasure's.
      deleteMarkerReplication: { status: 'Disabled' },
      sourceSelectionCriteria: { sseKmsEncryptedObjects: { status: 'Enabled' } },
      destination: {
        account: to.account,
        bucket: to.bucketArn,
        encryptionConfiguration: { replicaKmsKeyId: to.key },
        ...(to.account !== settings.mainAccount && { accessControlTranslation: { owner: 'Destination' } }),
        // 15 minutes for nearly everything, and metrics that say when not.
        replicationTime: { status: 'Enabled', time: { minutes: 15 } },
        metrics: { status: 'Enabled', eventThreshold: { minutes: 15 } },
      },
    });
    const bucket = copy.from.node.defaultChild as s3.CfnBucket;
    bucket.replicationConfiguration = { role: role.roleArn, rules: (copy.under ?? ['']).map(rule) };
  }
  const watched = (Object.entries(copies) as [Kind, Copy][]).map(([kind, { under = [''] }]) => ({
    kind,
    from: settings.bucketName(kind),
    to: copyOf(settings, kind).bucketName,
    rules: under.map(ruleId),
  }));
  replicationAlarms(scope, settings, watched);
}

function copyRole(scope: Construct, settings: Settings, kind: Kind, { key, under = [''] }: Copy): iam.Role {
  const to = copyOf(settings, kind);
  const via = (region: string, bucketArn: string) => ({
    StringEquals: { 'kms:ViaService': `s3.${region}.amazonaws.com` },
    // A bucket key is asked for with the bucket as its context, an object's own with the object.
    StringLike: { 'kms:EncryptionContext:aws:s3:arn': [bucketArn, `${bucketArn}/*`] },
  });
  const source = `arn:aws:s3:::${settings.bucketName(kind)}`;
  const role = new iam.Role(scope, `copy-${kind}`, {
    roleName: to.role,
    description: `Copies ${kind} to ${settings.copyRegion}`,
    assumedBy: new iam.ServicePrincipal('s3.amazonaws.com', {
      conditions: { StringEquals: { 'aws:SourceAccount': settings.mainAccount }, ArnEquals: { 'aws:SourceArn': source } },
    }),
  });
  const policy = new iam.ManagedPolicy(scope, `copy-${kind}-policy`, { managedPolicyName: to.role, roles: [role] });
  const allow = (actions: string[], resources: string[], conditions?: Record<string, unknown>) =>
    policy.addStatements(new iam.PolicyStatement({ actions, resources, conditions }));
  allow(['s3:GetReplicationConfiguration', 's3:ListBucket'], [source]);
  const read = ['s3:GetObjectVersionForReplication', 's3:GetObjectVersionTagging', 's3:GetObjectLegalHold', 's3:GetObjectRetention'];
  const sources = under.map((prefix) => `${source}/${prefix}*`);
  const targets = under.map((prefix) => `${to.bucketArn}/${prefix}*`);
  allow(read, sources);
  allow(['s3:ObjectOwnerOverrideToBucketOwner', 's3:ReplicateObject', 's3:ReplicateTags'], targets);
  allow(['kms:Decrypt'], [key.keyArn], via(settings.region, source));
  // The copy's key by its account, since its id is not known here; its own policy names this role.
  const keys = `arn:aws:kms:${settings.copyRegion}:${to.account}:key/*`;
  allow(['kms:Encrypt', 'kms:GenerateDataKey'], [keys], via(settings.copyRegion, to.bucketArn));

  explain(
    policy,
    'The role of replication: it reads every object of its one bucket (of the log only what is locked) and writes every object of its one copy.',
    ...[...sources, ...targets].map((resource) => `AwsSolutions-IAM5[Resource::${resource}]`),
  );
  explain(
    policy,
    'AWS chooses the id of the key of the copies. The condition holds it to S3 and to that bucket, and the key\'s own policy names this role.',
    `AwsSolutions-IAM5[Resource::${keys}]`,
  );
  return role;
}
