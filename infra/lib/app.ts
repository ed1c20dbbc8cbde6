import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks, HIPAASecurityChecks, NIST80053R5Checks } from 'cdk-nag';
import { KeysStack } from './keys';
import { NetworkStack } from './network';
import { Settings } from './settings';
import { StorageStack } from './storage';
import { TablesStack } from './tables';

/** Every stack of a deployment, in the order in which they build on one another. */
export function zorgsluis(app: App) {
  const settings = new Settings(app.node);
  const keys = new KeysStack(app, 'keys', { settings });
  const storage = new StorageStack(app, 'storage', { settings, keys });
  const network = new NetworkStack(app, 'network', { settings, storage });
  const tables = new TablesStack(app, 'tables', { settings, keys });

  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new HIPAASecurityChecks(app), new NIST80053R5Checks(app));
  return { settings, keys, storage, network, tables };
}
