import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks, HIPAASecurityChecks, NIST80053R5Checks } from 'cdk-nag';
import { BackupStack } from './backup';
import { CopiesStack } from './copies';
import { DatabaseStack } from './database';
import { KeysStack } from './keys';
import { LogCopiesStack } from './log-copies';
import { NetworkStack } from './network';
import { pipeline } from './pipeline';
import { Settings } from './settings';
import { StorageStack } from './storage';
import { TablesStack } from './tables';
import { watch } from './watch';

/** Every stack of a deployment, in the order in which they build on one another. */
export function zorgsluis(app: App) {
  const settings = new Settings(app.node);
  const keys = new KeysStack(app, 'keys', { settings });
  const copies = new CopiesStack(app, 'copies', { settings, keys });
  const logCopies = new LogCopiesStack(app, 'log-copies', { settings });
  const storage = new StorageStack(app, 'storage', { settings, keys });
  storage.addStackDependency(copies, 'replication needs where to copy to');
  storage.addStackDependency(logCopies, 'replication needs where to copy to');
  const network = new NetworkStack(app, 'network', { settings, storage });
  const tables = new TablesStack(app, 'tables', { settings, keys });
  tables.addStackDependency(copies, 'the data keys are copied under the copy of their key');
  const database = settings.database ? new DatabaseStack(app, 'database', { settings, keys, network }) : undefined;
  const backup = new BackupStack(app, 'backup', { settings, keys, tables, database });
  backup.addStackDependency(copies, 'backups are copied into its vault');

  const base = { settings, keys, copies, logCopies, storage, network, tables, database, backup };
  const way = pipeline(app, base);
  return { ...base, ...way, ...watch(app, base, way) };
}

/** Has synthesis fail on every finding of cdk-nag that is not explained beside its resource. */
export function check(app: App): void {
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new HIPAASecurityChecks(app), new NIST80053R5Checks(app));
}
