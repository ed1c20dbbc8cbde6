import { App } from 'aws-cdk-lib';
import { ApiStack } from './api';
import { DevicesStack } from './devices';
import { FhirStoreStack } from './fhir-store';
import { FunctionsStack } from './functions';
import { ImagesStack } from './images';
import { KeysStack } from './keys';
import { ListenerStack } from './listener';
import { MailStack } from './mail';
import { Needs } from './needs';
import { NetworkStack } from './network';
import { Options } from './options';
import { QueuesStack } from './queues';
import { Settings } from './settings';
import { StorageStack } from './storage';
import { TablesStack } from './tables';

/** What the pipeline stands on. */
export interface Base {
  readonly settings: Settings;
  readonly keys: KeysStack;
  readonly storage: StorageStack;
  readonly network: NetworkStack;
  readonly tables: TablesStack;
}

/** The way of a message, and the watch over it, in the order in which the stacks build on one another. */
export function pipeline(app: App, base: Base, needs = new Needs()) {
  const { settings, keys, storage, network, tables } = base;
  const options = new Options(app.node);
  const queues = new QueuesStack(app, 'queues', { settings, keys, needs });
  const fhirStore = new FhirStoreStack(app, 'fhir-store', { settings, keys, options });
  const mail = new MailStack(app, 'mail', { settings, queues });
  const resources = { keys, storage, tables, queues, fhirStore, mail };
  const functions = new FunctionsStack(app, 'functions', { settings, options, needs, network, resources });
  const ingest = functions.functions['ingest'];
  if (!ingest) throw new Error('crates/aws/functions/ingest.json is missing');
  const api = new ApiStack(app, 'api', { settings, options, keys, ingest });
  const images = new ImagesStack(app, 'images', { settings, keys });
  const { listener: repository, certificates } = images;
  const listener = new ListenerStack(app, 'listener', { settings, options, needs, network, resources, repository, certificates });
  const devices = new DevicesStack(app, 'devices', { settings, keys });
  return { options, needs, queues, fhirStore, mail, functions, api, images, listener, devices };
}
