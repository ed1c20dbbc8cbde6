import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { compute, MARKS, PAGE, readInputs, rewritten } from '../scripts/cost';
import { allStacks, resources } from './app';

const ROOT = join(__dirname, '../..');
const OPERATIONS = join(ROOT, 'docs/operations');
const read = (path: string) => readFileSync(path, 'utf8');

/** Names in the first column of a page's tables, in backticks. */
const firstColumn = (text: string): string[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, name]) => String(name)));

describe('docs/operations', () => {
  test('monitoring.md names each alarm and each rule that rings, and no other', () => {
    const page = read(join(OPERATIONS, 'monitoring.md'));
    const rows = firstColumn(page);
    const patterns = rows.map((row) => new RegExp(`^${row.replaceAll('*', '.+')}$`));
    const made = [...allStacks().values()].flatMap((stack) => [
      ...Object.values(resources(stack, 'AWS::CloudWatch::Alarm')).map(({ Properties }) => String(Properties.AlarmName)),
      ...Object.values(resources(stack, 'AWS::Events::Rule')).map(({ Properties }) => String(Properties.Name)),
    ]);
    const names = made.map((name) => name.replace(/^zorgsluis-/, ''));
    assert.ok(names.length > 40);
    const carried = [...(/^(.*) are rules that carry events and ring nothing\.$/m.exec(page)?.[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, name]) => name);
    assert.deepEqual(names.filter((name) => !carried.includes(name) && !patterns.some((pattern) => pattern.test(name))), [], 'not in monitoring.md');
    assert.deepEqual(rows.filter((_, index) => !names.some((name) => patterns[index]?.test(name))), [], 'rings no more');
  });

  test('deploy.md names each value that the context may hold, and no other', () => {
    const code = ['settings', 'options'].map((name) => read(join(ROOT, `infra/lib/${name}.ts`))).join('\n');
    const values = [...code.matchAll(/\b(?:text|optional|flag|object|whole|read|role)\('(\w+)'/g)].map(([, name]) => String(name));
    const table = read(join(OPERATIONS, 'deploy.md')).split('## 3.')[1]?.split('## 4.')[0] ?? '';
    assert.deepEqual([...new Set(firstColumn(table))].toSorted(), [...new Set(values)].toSorted());
  });

  test('deploy.md says of each condition on the source of a call that it is to be tried, by the file where it stands', () => {
    const lib = join(ROOT, 'infra/lib');
    const files = readdirSync(lib).filter((name) => /'aws:Source(Account|Arn)'/.test(read(join(lib, name))));
    const table = read(join(OPERATIONS, 'deploy.md')).split('## 10.')[1] ?? '';
    const named = [...table.matchAll(/`(\w[\w-]*\.ts)`(?=,)/g)].map(([, name]) => String(name));
    assert.ok(files.length > 10);
    assert.deepEqual([...new Set(named)].toSorted(), files.toSorted());
  });

  test('pages, sources and tests that pages name stand where they say', () => {
    const pages = [
      ...readdirSync(OPERATIONS).map((name) => join(OPERATIONS, name)),
      join(ROOT, 'docs/controls.md'),
      PAGE,
    ];
    const gone = pages.flatMap((page) => {
      const text = read(page);
      const links = [...text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(([, to]) => join(page, '..', String(to)));
      const sources = [...text.matchAll(/`((?:infra|crates|docs|tests|events)\/[\w./-]+)`/g)].map(([, to]) => join(ROOT, String(to)));
      return [...links, ...sources].filter((path) => !existsSync(path)).map((path) => `${page}: ${path}`);
    });
    assert.deepEqual(gone, []);
  });

  test('every page of operations is on the map', () => {
    const map = read(join(OPERATIONS, 'README.md'));
    for (const page of readdirSync(OPERATIONS)) {
      if (page !== 'README.md') assert.ok(map.includes(`](${page})`), page);
    }
  });
});

describe('docs/cost.md', () => {
  test('its tables are those that the script makes of the inputs', () => {
    const page = read(PAGE);
    assert.equal(rewritten(page, readInputs()), page, 'npx tsx scripts/cost.ts --write');
    assert.ok(page.includes(MARKS[0]));
  });

  test('a price counts as often as the message needs it, and each input is used', () => {
    const inputs = readInputs();
    const { byMessage, fixed } = compute(inputs);
    const kms = byMessage.find(({ what }) => what === 'kmsCalls');
    const expected = (inputs.perMessage['kmsCalls']?.amount ?? NaN) * 1_000_000 * (inputs.prices['kmsCall']?.price ?? NaN) * inputs.euroPerDollar;
    assert.ok(kms && Math.abs(kms.euro - expected) < 1e-6);
    assert.deepEqual(byMessage.map(({ what }) => what).filter((name, at, all) => all.indexOf(name) === at).toSorted(), Object.keys(inputs.perMessage).toSorted());
    assert.ok(fixed.every(({ euro }) => euro > 0));
    assert.throws(() => compute({ ...inputs, prices: {} }), /no price/);
  });
});
