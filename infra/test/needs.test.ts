import assert from 'node:assert/strict';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { App } from 'aws-cdk-lib';
import { KeysStack } from '../lib/keys';
import { Needs, SHARED } from '../lib/needs';
import { NetworkStack } from '../lib/network';
import { pipeline } from '../lib/pipeline';
import { Settings } from '../lib/settings';
import { StorageStack } from '../lib/storage';
import { TablesStack } from '../lib/tables';
import { CONTEXT } from './app';
import { temporary } from './temporary';

type Json = Record<string, unknown>;

/** The shared files, one of them changed. */
function changed(file: string, change: (json: Json) => Json): string {
  const folder = temporary('needs');
  for (const name of ['actions', 'functions']) cpSync(join(SHARED, name), join(folder, name), { recursive: true });
  const at = join(folder, file);
  writeFileSync(at, JSON.stringify(change(JSON.parse(readFileSync(at, 'utf8')) as Json)));
  return folder;
}

const read = (file: string, change: (json: Json) => Json) => () => new Needs(changed(file, change));

/** The pipeline, synthesized from these files. */
function synthesized(shared: string) {
  const app = new App({ context: CONTEXT, outdir: temporary('cdk') });
  const settings = new Settings(app.node);
  const keys = new KeysStack(app, 'keys', { settings });
  const storage = new StorageStack(app, 'storage', { settings, keys });
  const network = new NetworkStack(app, 'network', { settings, storage });
  const tables = new TablesStack(app, 'tables', { settings, keys });
  return pipeline(app, { settings, keys, storage, network, tables }, new Needs(shared));
}

const more = (key: string, value: unknown) => (json: Json) => ({ ...json, [key]: value });
const ports = (...added: unknown[]) => (json: Json) => ({ ...json, ports: [...(json['ports'] as unknown[]), ...added] });

test('a port that nobody describes fails the synthesis, with the file that names it', () => {
  assert.throws(read('functions/converter.json', ports('crystal-ball')), /functions\/converter\.json: there is no actions\/crystal-ball\.json/);
});

test('a word that is not known fails the synthesis', () => {
  assert.throws(read('functions/converter.json', more('reserved', 3)), /converter\.json: "reserved" is unknown/);
  assert.throws(read('actions/journal.json', more('need', [])), /journal\.json: "need" is unknown/);
});

test('an action with a wildcard fails the synthesis', () => {
  const wild = more('needs', [{ on: 'table/messages', actions: ['dynamodb:*'] }]);
  assert.throws(read('actions/journal.json', wild), /dynamodb:\* is not one action/);
});

test('a file that says that it is another fails the synthesis', () => {
  assert.throws(read('functions/converter.json', more('function', 'enricher')), /converter\.json says that it is enricher/);
});

test('a port of queues says on which, and no other port does', () => {
  assert.throws(read('functions/ingest.json', ports('queue-receive')), /queue-receive must say on which queues/);
  assert.throws(read('functions/ingest.json', ports({ port: 'journal', on: ['queue/audit'] })), /journal takes no "on"/);
});

test('only keys are used on behalf of a caller', () => {
  const via = more('needs', [{ on: 'table/messages', actions: ['dynamodb:GetItem'], via: 's3' }]);
  assert.throws(read('actions/journal.json', via), /only keys are used "via"/);
  const unknown = more('needs', [{ on: 'key/phi', actions: ['kms:Decrypt'], via: 'mail' }]);
  assert.throws(read('actions/journal.json', unknown), /"via" mail is unknown/);
});

for (const [on, says] of [
  ['table/wishes', /no table wishes/],
  ['table/messages/rows', /table\/messages\/rows, which is no resource/],
  ['bucket/imaging', /bucket\/imaging, which no function may use/],
  ['queue/gossip', /queue\/gossip, which is no resource/],
  ['key/logs', /key\/logs, which no function may use/],
  ['moon', /moon, which is no resource/],
] as const) {
  test(`an action on ${on} fails the synthesis`, () => {
    const needs = more('needs', [{ on, actions: ['kms:Decrypt'] }]);
    assert.throws(() => synthesized(changed('actions/journal.json', needs)), says);
  });
}

for (const [what, file, change, says] of [
  ['an unknown variable', 'functions/converter.json', more('environment', ['ZORGSLUIS_WISH']), /ZORGSLUIS_WISH is unknown/],
  ['a batch of 11 from a FIFO queue', 'functions/converter.json', more('batch', 11), /batches of 10 at most/],
  ['a window on a FIFO queue', 'functions/converter.json', more('window', 1), /knows no window/],
  ['a big batch without a window', 'functions/audit-writer.json', more('window', undefined), /needs a window/],
  ['a mapping for one call at a time', 'functions/converter.json', more('concurrency', 1), /2 at least/],
  ['a queue that nobody reads', 'functions/enricher.json', more('queue', undefined), /no function .* reads the queue notes/],
] as const) {
  test(`${what} fails the synthesis`, () => {
    assert.throws(() => synthesized(changed(file, change)), says);
  });
}
