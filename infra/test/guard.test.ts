import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { Template } from 'aws-cdk-lib/assertions';
import { app, build } from './app';
import { BROKEN } from './broken';
import { copyOf, files, folder, Json } from './templates';

const RULES = join(__dirname, '../rules');

/** CloudFormation Guard as AWS packs it for CDK. */
function tool(): string {
  const system = { linux: 'ubuntu', darwin: 'macos' }[process.platform as string];
  const processor = { x64: 'x86_64', arm64: 'aarch64' }[process.arch as string];
  const packed = dirname(require.resolve('@cdklabs/cdk-validator-cfnguard/package.json'));
  const found = join(packed, 'bin', system ?? process.platform, processor ?? process.arch, 'cfn-guard');
  assert.ok(existsSync(found), `cfn-guard is missing: ${found}`);
  return found;
}

interface Verdict {
  name: string;
  compliant: string[];
  not_applicable: string[];
  not_compliant: { Rule: { name: string; checks: unknown } }[];
}

/** What rules say of each file: one verdict for each, by its name without `.json`. */
function judge(data: string[], by = RULES): Map<string, { kept: Set<string>; broken: Map<string, string> }> {
  const options = ['validate', '--structured', '--output-format', 'json', '--show-summary', 'none'];
  const ran = spawnSync(tool(), [...options, '--rules', by, '--data', ...data], { encoding: 'utf8', maxBuffer: 1 << 28 });
  // It goes on without a file of rules that it cannot read, so what it complains of counts.
  assert.equal(ran.stderr, '', 'cfn-guard complains');
  const verdicts = new Map<string, { kept: Set<string>; broken: Map<string, string> }>();
  for (const verdict of JSON.parse(ran.stdout) as Verdict[]) {
    const name = basename(verdict.name, '.json');
    const so = verdicts.get(name) ?? { kept: new Set(), broken: new Map() };
    for (const rule of verdict.compliant) so.kept.add(rule);
    for (const { Rule } of verdict.not_compliant) so.broken.set(Rule.name, JSON.stringify(Rule.checks));
    verdicts.set(name, so);
  }
  assert.equal(verdicts.size, data.length, 'a verdict for each file');
  return verdicts;
}

/** The names of the rules in each file of them. */
const ruleFiles = new Map(
  readdirSync(RULES)
    .filter((file) => file.endsWith('.guard'))
    .map((file) => [join(RULES, file), [...readFileSync(join(RULES, file), 'utf8').matchAll(/^rule (\w+)/gm)].map(([, name]) => String(name))]),
);
const rules = [...ruleFiles.values()].flat();

const manifest = (): Json => JSON.parse(readFileSync(join(app().app.synth().directory, 'manifest.json'), 'utf8'));

describe('Rules of our own (cfn-guard)', () => {
  test('every template keeps them, and each rule has something to say', () => {
    const into = folder();
    const list = join(into, 'manifest.json');
    writeFileSync(list, JSON.stringify(manifest()));
    // The name of the API stands in no template without mutual TLS.
    const tls = join(into, 'api-with-mutual-tls.json');
    const context = { trustStore: 's3://trust/clients.pem', apiCertificate: 'arn:aws:acm:eu-west-1:111111111111:certificate/0' };
    const { api } = build(context).stacks;
    writeFileSync(tls, JSON.stringify(Template.fromStack(api).toJSON()));
    const verdicts = judge([...[...files().values()].map(({ file }) => file), list, tls]);
    const broken = [...verdicts].flatMap(([name, { broken }]) => [...broken].map(([rule, why]) => `${name}: ${rule} ${why}`));
    assert.deepEqual(broken, []);
    const kept = new Set([...verdicts.values()].flatMap((verdict) => [...verdict.kept]));
    // No volume of EC2 stands anywhere: the rule waits for the first.
    assert.deepEqual(rules.filter((rule) => !kept.has(rule)), ['volumes_encrypted']);
  });

  test('each rule can fail, and does so for the slip that it is there for', () => {
    assert.deepEqual(Object.keys(BROKEN).toSorted(), rules.toSorted(), 'a broken template for each rule');
    const into = folder();
    for (const [by, names] of ruleFiles) {
      const slips = names.flatMap((rule) =>
        (BROKEN[rule] ?? []).map(({ of, how }, index) => {
          const template = of === 'manifest' ? manifest() : copyOf(of);
          how(template);
          const file = join(into, `${rule}-${index}.json`);
          writeFileSync(file, JSON.stringify(template));
          return { rule, file };
        }),
      );
      const verdicts = judge(slips.map(({ file }) => file), by);
      const unnoticed = slips.filter(({ rule, file }) => !verdicts.get(basename(file, '.json'))?.broken.has(rule));
      assert.deepEqual(unnoticed.map(({ file }) => basename(file, '.json')), []);
    }
  });
});

test('no template names a region outside the EU, but to alarm about it', () => {
  const regions = /\b(?:us|ca|sa|af|me|il|ap|mx|cn)-(?:gov-)?(?:north|south|east|west|central)[a-z]*-\d\b|\beu-west-2\b|\beu-central-2\b/g;
  const named = [...files()].flatMap(([stack, { file }]) => [...readFileSync(file, 'utf8').matchAll(regions)].map(([region]) => `${stack}: ${region}`));
  // The alarm on what is made outside the EU names what is not meant, and what looks like the EU and is not.
  assert.deepEqual(named.filter((one) => !one.startsWith('alarms: ')), []);
});
