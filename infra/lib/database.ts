import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as rds from 'aws-cdk-lib/aws-rds';
import { Construct } from 'constructs';
import { both, explain } from './explain';
import { KeysStack } from './keys';
import { ISOLATED, NetworkStack, PORTS } from './network';
import { Common, ZorgsluisStack } from './stack';

export interface DatabaseProps extends Common {
  readonly keys: KeysStack;
  readonly network: NetworkStack;
}

/**
 * What PostgreSQL is told. Statements and the values in them stay out of the log, which leaves the database
 * for CloudWatch: pgaudit names the objects that were touched instead (for tables granted to `rds_pgaudit`),
 * and errors are told without the failing statement and without the line of detail that quotes the row.
 */
export const PARAMETERS = {
  'rds.force_ssl': '1',
  ssl_min_protocol_version: 'TLSv1.2',
  shared_preload_libraries: 'pg_stat_statements,pgaudit',
  'pgaudit.role': 'rds_pgaudit',
  'pgaudit.log': 'ddl,role',
  'pgaudit.log_parameter': '0',
  'pgaudit.log_statement': '0',
  log_statement: 'none',
  log_min_duration_statement: '-1',
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
  log_parameter_max_length: '0',
  log_parameter_max_length_on_error: '0',
  log_connections: '1',
  log_disconnections: '1',
} as const;

/** The registry of patients and providers of organisations that have one (context `database`). */
export class DatabaseStack extends ZorgsluisStack {
  readonly instance: rds.DatabaseInstance;

  constructor(scope: Construct, id: string, props: DatabaseProps) {
    super(scope, id, props, 'registry of patients and providers');
    const { settings, keys, network } = props;
    const engine = rds.DatabaseInstanceEngine.postgres({ version: rds.PostgresEngineVersion.of('17.6', '17') });
    const name = `${settings.prefix}-registry`;

    // Made before the database: PostgreSQL's first lines would else go into a group without key and term.
    const groups = ['postgresql', 'upgrade'].map(
      (log) =>
        new logs.LogGroup(this, `${log}-log`, {
          logGroupName: `/aws/rds/instance/${name}/${log}`,
          encryptionKey: keys.logs,
          retention: logs.RetentionDays.ONE_YEAR,
          removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
        }),
    );

    const monitoring = new iam.Role(this, 'Monitoring', {
      roleName: settings.roleName('registry-monitoring'),
      assumedBy: new iam.ServicePrincipal('monitoring.rds.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': this.account } },
      }),
      managedPolicies: [iam.ManagedPolicy.fromAwsManagedPolicyName('service-role/AmazonRDSEnhancedMonitoringRole')],
    });
    explain(
      monitoring,
      'The policy that AWS prescribes for enhanced monitoring: writing one log group of its own.',
      'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole]',
    );

    this.instance = new rds.DatabaseInstance(this, 'Instance', {
      instanceIdentifier: name,
      engine,
      instanceType: ec2.InstanceType.of(ec2.InstanceClass.T4G, ec2.InstanceSize.MEDIUM),
      vpc: network.vpc,
      vpcSubnets: ISOLATED,
      securityGroups: [network.database],
      publiclyAccessible: false,
      multiAz: true,
      port: PORTS.postgres,
      databaseName: 'registry',
      // RDS makes, keeps and rotates the password; nobody has to know it. PostgreSQL on RDS refuses `admin`.
      manageMasterUserPassword: true,
      credentials: rds.Credentials.fromUsername('registry_owner', { encryptionKey: keys.phi as kms.IKey }),
      iamAuthentication: true,
      caCertificate: rds.CaCertificate.RDS_CA_RSA2048_G1,
      storageType: rds.StorageType.GP3,
      allocatedStorage: 50,
      maxAllocatedStorage: 500,
      storageEncrypted: true,
      storageEncryptionKey: keys.phi,
      parameterGroup: new rds.ParameterGroup(this, 'Parameters', {
        engine,
        description: 'TLS forced, pgaudit, no statements in the log',
        parameters: { ...PARAMETERS },
      }),
      backupRetention: Duration.days(35),
      preferredBackupWindow: '01:00-01:30',
      preferredMaintenanceWindow: 'sun:02:30-sun:03:00',
      copyTagsToSnapshot: true,
      deleteAutomatedBackups: false,
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
      autoMinorVersionUpgrade: true,
      enablePerformanceInsights: true,
      performanceInsightEncryptionKey: keys.phi,
      performanceInsightRetention: rds.PerformanceInsightRetention.DEFAULT,
      monitoringInterval: Duration.seconds(60),
      monitoringRole: monitoring,
      cloudwatchLogsExports: ['postgresql', 'upgrade'],
    });
    this.instance.node.addDependency(...groups);
    explain(
      this.instance,
      'The port is no secret: the security group lets in the functions and nobody else.',
      'AwsSolutions-RDS11',
    );
    explain(
      this.instance,
      'It is in the plan of the stack backup, by its ARN.',
      ...both('RDSInBackupPlan'),
    );
  }
}
