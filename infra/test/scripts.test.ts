import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { CERTIFICATE_FIELDS } from '../lib/listener';
import { Needs } from '../lib/needs';
import { tableFiles } from '../lib/tables';
import { allStacks, app } from './app';
import { folder } from './templates';

const SCRIPTS = join(__dirname, '../scripts');
const STUBS = join(__dirname, 'stub');
const OWN = { mainAccount: '444455556666', logAccount: '777788889999', mailDomain: 'ziekenhuis.nl', production: true };

/** Runs a script before a stub that stands for AWS: what it said, and what it would have had done. */
function run(script: string, options: string[], context: object = OWN, environment: Record<string, string> = {}, scripts = SCRIPTS) {
  const into = folder();
  const file = join(into, 'deployment.json');
  const record = join(into, 'record');
  writeFileSync(file, JSON.stringify(context));
  writeFileSync(record, '');
  const ran = spawnSync(join(scripts, script), [file, ...options], {
    encoding: 'utf8',
    env: { ...process.env, PATH: `${STUBS}:${process.env['PATH']}`, RECORD: record, ACCOUNT: OWN.mainAccount, ...environment },
  });
  const calls = readFileSync(record, 'utf8').split('\n').filter((line) => line !== '');
  return { status: ran.status, out: ran.stdout, said: ran.stderr, calls, into };
}

const changing = (calls: string[]) => calls.filter((call) => !/sts get-caller-identity|head-object|head-bucket|get-account-settings|get-secret-value/.test(call));
const READING = /sts get-caller|get-account-settings|describe-|list-|head-object| scan | wait /;

describe('Scripts of operators', () => {
  test('shellcheck finds nothing', () => {
    const python = process.env['ZORGSLUIS_PYTHON'] ?? 'python3';
    const tool = join(dirname(python), 'shellcheck');
    assert.ok(existsSync(tool), `shellcheck is missing: ${tool} (tests/requirements.txt)`);
    const scripts = [SCRIPTS, STUBS].flatMap((at) => readdirSync(at).map((name) => join(at, name)));
    const shell = scripts.filter((file) => /^#(!.*| shellcheck shell=)bash/.test(readFileSync(file, 'utf8')));
    assert.ok(shell.length >= 7);
    const ran = spawnSync(tool, ['--external-sources', '--source-path=SCRIPTDIR', ...shell], { encoding: 'utf8' });
    assert.equal(ran.stdout + ran.stderr, '');
  });
});

describe('first-keys', () => {
  test('makes each pseudonym key inside KMS under its purpose, and puts it only where there is none', () => {
    const { status, calls } = run('first-keys', []);
    assert.equal(status, 0);
    for (const purpose of ['identity', 'pseudonym']) {
      const made = calls.find((call) => call.includes(`purpose=${purpose}`)) ?? '';
      assert.match(made, /generate-data-key-without-plaintext --key-id alias\/zorgsluis-pseudonyms --number-of-bytes 32/);
      assert.match(made, /--encryption-context zorgsluis=pseudonym,/);
      const put = calls.find((call) => call.includes(`put-object`) && call.includes(`--key keys/${purpose}`)) ?? '';
      assert.match(put, /--bucket zorgsluis-settings-444455556666-eu-west-1 .*--if-none-match \*/);
    }
  });

  test('the purposes are those that the functions unwrap', () => {
    const code = readFileSync(join(__dirname, '../../crates/aws/src/keys.rs'), 'utf8');
    const [, names] = /for name in \[([^\]]*)\]/.exec(code) ?? [];
    assert.equal(names, '"identity", "pseudonym"');
  });

  test('keys that stand are left, and one that cannot be looked for is not made again', () => {
    assert.deepEqual(changing(run('first-keys', [], OWN, { KEYS_STAND: 'yes' }).calls), []);
    const refused = run('first-keys', [], OWN, { HEAD_ERROR: '403' });
    assert.equal(refused.status, 1);
    assert.deepEqual(changing(refused.calls), []);
  });

  test('profiles and what signs mails are put where the functions read them', () => {
    const into = folder();
    const [key, certificate] = [join(into, 'key.pem'), join(into, 'certificate.pem')];
    const made = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=test', '-days', '30'];
    assert.equal(spawnSync('openssl', [...made, '-keyout', key, '-out', certificate]).status, 0, 'openssl');
    writeFileSync(join(into, 'linde.toml'), '');
    const mail = ['--mail-certificate', certificate, '--mail-key', key, '--mail-name', 'Ziekenhuis Linde'];
    const { status, said, calls } = run('first-keys', ['--profiles', into, ...mail]);
    assert.equal(status, 0, said);
    const wrapped = calls.find((call) => call.startsWith('aws kms encrypt')) ?? '';
    assert.match(wrapped, /--encryption-context zorgsluis=mail-signing/);
    const put = calls.filter((call) => call.includes('put-object')).map((call) => /--key (\S+)/.exec(call)?.[1]);
    assert.deepEqual(put, ['keys/identity', 'keys/pseudonym', 'mail/key', 'mail/certificate.pem', 'mail/name', 'profiles/linde.toml']);
    assert.ok(!calls.some((call) => call.includes('put-object') && call.includes(key)), 'the key goes up in clear');
    const stranger = join(into, 'stranger.pem');
    spawnSync('openssl', ['genpkey', '-algorithm', 'ed25519', '-out', stranger]);
    const other = run('first-keys', ['--mail-certificate', certificate, '--mail-key', stranger], OWN, { KEYS_STAND: 'yes' });
    assert.equal(other.status, 1);
    assert.deepEqual(changing(other.calls), []);
  });

  test('nothing is changed with --dry-run, or with credentials of another account', () => {
    const dry = run('first-keys', ['--dry-run']);
    assert.equal(dry.status, 0);
    assert.deepEqual(changing(dry.calls), []);
    assert.match(dry.out, /\+ aws kms generate-data-key-without-plaintext/);
    const other = run('first-keys', [], OWN, { ACCOUNT: '123123123123' });
    assert.equal(other.status, 1);
    assert.deepEqual(changing(other.calls), []);
  });
});

describe('deploy', () => {
  const listed = (name: string) => /\(([^)]*)\)/.exec(readFileSync(join(SCRIPTS, 'deploy'), 'utf8').split(`\n${name}=`)[1] ?? '')?.[1]?.split(' ') ?? [];
  const order = [...listed('LOG'), ...listed('BASE'), ...listed('REST')];

  test('knows every stack, each behind those that it builds on', () => {
    const stacks = allStacks();
    assert.deepEqual(order.toSorted(), [...stacks.keys()].toSorted());
    app().app.synth();
    for (const [name, stack] of stacks) {
      for (const before of stack.dependencies) {
        assert.ok(order.indexOf(before.node.id) < order.indexOf(name), `${name} comes before ${before.node.id}`);
      }
    }
  });

  test('refuses accounts and domains that stand for examples, and credentials of another account', () => {
    const refused: [object, Record<string, string>, RegExp][] = [
      [{ ...OWN, mainAccount: '111111111111' }, {}, /111111111111 stands for an example/],
      [{ ...OWN, logAccount: undefined }, {}, /222222222222 stands for an example/],
      [{ ...OWN, mailDomain: undefined }, {}, /mailDomain stands for an example/],
      [OWN, { ACCOUNT: '123123123123' }, /credentials of account 123123123123/],
    ];
    for (const [context, environment, reason] of refused) {
      const { status, said, calls } = run('deploy', ['--base'], context, environment);
      assert.equal(status, 1);
      assert.match(said, reason);
      assert.deepEqual(changing(calls), []);
    }
  });

  test('refuses functions and images that were not made', () => {
    const { status, said, calls } = run('deploy', ['--rest']);
    assert.equal(status, 1);
    assert.match(said, /bootstrap is missing|listenerDigest is missing/);
    assert.deepEqual(changing(calls), []);
  });

  test('what stands in the log account is deployed by that account alone, and the rest by the main account alone', () => {
    const inLog = [...allStacks()].filter(([, stack]) => stack.account === app().stacks.settings.logAccount).map(([name]) => name);
    assert.deepEqual(listed('LOG'), inLog);
    const own = run('deploy', ['--log'], OWN, { ACCOUNT: OWN.logAccount });
    assert.equal(own.status, 0, own.said);
    const [call = '', ...more] = changing(own.calls);
    assert.deepEqual(more, []);
    assert.match(call, /^npx --no-install cdk deploy --exclusively .* log-copies$/);
    for (const [part, account] of [['--log', OWN.mainAccount], ['--base', OWN.logAccount], ['--rest', OWN.logAccount]] as const) {
      const refused = run('deploy', [part], OWN, { ACCOUNT: account });
      assert.equal(refused.status, 1, part);
      assert.deepEqual(changing(refused.calls), [], part);
    }
    // With a trust an administrator of the main account would take on the role that may change the key of the copy.
    const page = readFileSync(join(__dirname, '../../docs/operations/deploy.md'), 'utf8');
    const commands = [...page.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, text]) => text).join('\n');
    assert.match(commands, /cdk bootstrap aws:\/\/LOG/);
    assert.doesNotMatch(commands, /--trust/);
    assert.match(commands, /scripts\/deploy deployment\.json --log/);
  });

  test('the base waits for the copy of the log, of which the main account sees only that it stands', () => {
    const missing = run('deploy', ['--base'], OWN, { LOG_COPY: '404' });
    assert.equal(missing.status, 1);
    assert.match(missing.said, /zorgsluis-log-copy-777788889999-eu-central-1 is missing.* --log/);
    assert.deepEqual(changing(missing.calls), []);
    assert.equal(run('deploy', ['--base'], OWN, { LOG_COPY: '500' }).status, 1);
    assert.equal(run('deploy', ['--base'], OWN, { LOG_COPY: '403' }).status, 0);
  });

  test('the base goes first, with the context of the file, without what is switched off', () => {
    const { status, calls } = run('deploy', ['--base'], { ...OWN, database: false, alarms: { security: 'a@ziekenhuis.nl', privacy: 'b@ziekenhuis.nl' } });
    assert.equal(status, 0);
    const [call = '', ...more] = changing(calls);
    assert.deepEqual(more, []);
    assert.match(call, /^npx --no-install cdk deploy --exclusively --no-notices -c mainAccount=444455556666 /);
    assert.match(call, /-c alarms=\{"security":"a@ziekenhuis.nl","privacy":"b@ziekenhuis.nl"\}/);
    assert.ok(call.endsWith(' keys copies storage network tables backup queues fhir-store mail images'), call);
  });
});

describe('deploy: what must stand before functions and the listener', () => {
  /** The scripts in a tree where the functions are built. */
  function built(): string {
    const tree = folder();
    for (const path of ['infra/scripts', 'infra/cdk.json', 'crates/aws/functions']) {
      cpSync(join(__dirname, '../..', path), join(tree, path), { recursive: true });
    }
    for (const { name } of new Needs().functions) {
      mkdirSync(join(tree, 'target/lambda', name), { recursive: true });
      writeFileSync(join(tree, 'target/lambda', name, 'bootstrap'), '', { mode: 0o755 });
    }
    return join(tree, 'infra/scripts');
  }
  const ready = { ...OWN, listenerDigest: `sha256:${'1'.repeat(64)}` };
  const pem = (what: string) => `-----BEGIN ${what}-----\nAAAA\n-----END ${what}-----\n`;
  const filled = { certificate: pem('CERTIFICATE'), key: pem('PRIVATE KEY'), 'client-ca': pem('CERTIFICATE') };
  const rest = (secret: string, more: Record<string, string> = {}, options = ['--rest']) =>
    run('deploy', options, ready, { KEYS_STAND: 'yes', SECRET: secret, ...more }, built());

  test('with keys, certificates and room for functions, all is deployed', () => {
    const { status, said, calls } = rest(JSON.stringify(filled));
    assert.equal(status, 0, said);
    assert.match(changing(calls).join('\n'), /^npx .* -c refusePlaceholders=true functions api listener devices trail [^\n]*$/);
    assert.deepEqual(Object.keys(filled), Object.values(CERTIFICATE_FIELDS), 'the fields that the listener reads');
  });

  test('certificates that were not put in stop it before anything is deployed, and are never shown', () => {
    const without = (name: string) => JSON.stringify({ ...filled, [name]: undefined });
    const cases: [string, RegExp][] = [
      // What Secrets Manager puts into a secret that was just made.
      ['k3!vQ"z{', /no PEM text in: certificate, key, client-ca/],
      ['null', /no PEM text in: certificate, key, client-ca/],
      ...Object.keys(filled).map((name): [string, RegExp] => [without(name), new RegExp(`no PEM text in: ${name}\n`)]),
      [JSON.stringify({ ...filled, key: filled.certificate }), /no PEM text in: key\n/],
    ];
    for (const [secret, says] of cases) {
      const { status, out, said, calls } = rest(secret);
      assert.equal(status, 1, secret);
      assert.match(said, says);
      assert.match(said, /zorgsluis\/listener\/certificates is not filled/);
      assert.ok(!`${out}${said}`.includes('AAAA'));
      assert.deepEqual(changing(calls), []);
    }
  });

  test('an account that runs few functions at once is told so before anything is deployed', () => {
    const reserved = new Needs().functions.filter(({ sources }) => sources.length === 0).reduce((sum, { concurrency }) => sum + concurrency, 0);
    assert.ok(reserved > 0);
    for (const [allowed, status] of [[10, 1], [reserved + 99, 1], [reserved + 100, 0]] as const) {
      const tried = rest(JSON.stringify(filled), { CONCURRENT: String(allowed) }, []);
      assert.equal(tried.status, status, tried.said);
      if (status === 0) continue;
      assert.match(tried.said, new RegExp(`runs ${allowed} functions at once in this account; ${reserved + 100} are needed`));
      assert.deepEqual(changing(tried.calls), []);
    }
  });
});

describe('drill', () => {
  const listed = /TABLES=\(([^)]*)\)/.exec(readFileSync(join(SCRIPTS, 'drill'), 'utf8'))?.[1]?.split(' ') ?? [];

  test('restores a copy of every table but that of data keys', () => {
    assert.deepEqual(listed, tableFiles().map(({ name }) => name).filter((name) => name !== 'keys'));
    const { status, out, calls, said } = run('drill', ['--key', '/dev/null']);
    assert.equal(status, 0, said);
    const restored = calls.filter((call) => call.includes('restore-table-to-point-in-time'));
    for (const name of listed) {
      assert.ok(restored.some((call) => new RegExp(`--source-table-name zorgsluis-${name} --target-table-name zorgsluis-drill-\\d+-${name} `).test(call)));
      assert.match(out, new RegExp(`table ${name} +\\d+ s +\\d+ s +42 of 42 items`));
    }
    assert.equal(restored.length, listed.length);
  });

  test('changes nothing but its own copies, and takes those away again', () => {
    const { calls } = run('drill', []);
    const changes = calls.filter((call) => call.startsWith('aws ') && !READING.test(call) && !call.includes('restore-table-to-point-in-time'));
    assert.equal(changes.length, listed.length);
    for (const call of changes) assert.match(call, /^aws dynamodb delete-table --table-name zorgsluis-drill-/);
    assert.ok(!run('drill', ['--keep']).calls.some((call) => call.includes('delete-table')));
  });

  test('verifies the log where it stands and where it is copied', () => {
    const { calls } = run('drill', ['--key', '/dev/null']);
    const verified = calls.filter((call) => call.startsWith('zorgsluis audit verify'));
    assert.match(verified[0] ?? '', /--bucket zorgsluis-log-444455556666-eu-west-1 .*--signing-key alias\/zorgsluis-log-signing/);
    assert.match(verified[1] ?? '', /--bucket zorgsluis-log-copy-777788889999-eu-central-1 --region eu-central-1 --key/);
  });

  test('what is missing is told, and fails', () => {
    const tables = run('drill', [], OWN, { RESTORED: '-30' });
    assert.equal(tables.status, 1);
    assert.match(tables.out, /10 of 42 items/);
    const objects = run('drill', [], OWN, { COPIED: 'a' });
    assert.equal(objects.status, 1);
    assert.match(objects.out, /raw\/messages\/ .*3 objects, 2 missing in eu-central-1/);
  });

  test('--dry-run only says what it would do', () => {
    const { status, out, calls } = run('drill', ['--dry-run', '--key', '/dev/null']);
    assert.equal(status, 0);
    assert.deepEqual(changing(calls), []);
    assert.match(out, /\+ aws dynamodb restore-table-to-point-in-time --source-table-name zorgsluis-messages/);
  });
});
