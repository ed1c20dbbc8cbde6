import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { allStacks, template } from './app';

const FOLDER = join(__dirname, 'snapshots');
const WRITE = process.env['ZORGSLUIS_WRITE_SNAPSHOTS'] === '1';

/** A template as text, sorted, without what changes with every build of a function and every release of CDK. */
function masked(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(masked);
  if (typeof value === 'string') return value.replace(/[0-9a-f]{64}/g, '<hash>');
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([name]) => !['Metadata', 'BootstrapVersion', 'CheckBootstrapVersion'].includes(name));
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, inner]) => [name, masked(inner)]));
}

describe('Templates are what they were (`npm run snapshot` rewrites, the diff is reviewed)', () => {
  if (WRITE) rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  for (const [name, stack] of allStacks()) {
    test(name, () => {
      const now = `${JSON.stringify(masked(template(stack).toJSON()), null, 1)}\n`;
      const file = join(FOLDER, `${name}.json`);
      if (WRITE) writeFileSync(file, now);
      assert.ok(existsSync(file), `${name} has no snapshot: npm run snapshot`);
      assert.equal(now, readFileSync(file, 'utf8'));
    });
  }

  test('no snapshot is left of a stack that is gone', () => {
    assert.deepEqual(readdirSync(FOLDER).toSorted(), [...allStacks().keys()].map((name) => `${name}.json`).toSorted());
  });
});
