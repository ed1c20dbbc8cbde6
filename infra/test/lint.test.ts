import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, test } from 'node:test';
import { files } from './templates';

interface Finding {
  Filename: string;
  Rule: { Id: string };
  Message: string;
  Location: { Path?: (string | number)[] };
}

/** Findings that are no fault of a template, each with its reason. Whatever fits none of them fails the test. */
const EXPLAINED: readonly { rule: string; at?: RegExp; why: string }[] = [
  {
    rule: 'W3005',
    at: /\/DependsOn\//,
    why: 'CDK writes the order out where a reference gives it already; to say it twice changes nothing.',
  },
  {
    rule: 'W3010',
    at: /^network: .*Subnet\w+\/Properties\/AvailabilityZone$/,
    why: 'The region is fixed, and its zones stand by name, so that synthesis asks no account (stack.ts).',
  },
];

/** The version of cfn-lint that is pinned: another one finds other things. */
const PINNED = /^cfn-lint==(.+)$/m.exec(readFileSync(join(__dirname, '../../tests/requirements.txt'), 'utf8'))?.[1];

/** Runs cfn-lint, if it is the one that is pinned. */
const PROGRAM = `
import sys
from cfnlint.runner import main
from cfnlint.version import __version__
if __version__ != "${PINNED}":
    sys.exit(f"cfn-lint ${PINNED} is pinned, {__version__} is here")
sys.exit(main())
`;

/** Findings of cfn-lint in the templates of one region. */
async function lint(region: string, templates: string[]): Promise<Finding[]> {
  const python = process.env['ZORGSLUIS_PYTHON'] ?? 'python3';
  const options = ['-c', PROGRAM, '--format', 'json', '--regions', region, '--'];
  const child = spawn(python, [...options, ...templates], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, complaint, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve)),
  ]).catch((error: unknown) => assert.fail(`cfn-lint is missing (ZORGSLUIS_PYTHON=${python}): ${String(error)}`));
  // A bit for each kind of finding; anything else is no answer.
  if (code === null || code > 14 || out === '') {
    assert.fail(`cfn-lint is missing, or broke (ZORGSLUIS_PYTHON=${python}, see tests/requirements.txt): ${complaint}`);
  }
  return JSON.parse(out) as Finding[];
}

async function text(stream: NodeJS.ReadableStream): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk as Buffer));
  return Buffer.concat(chunks).toString('utf8');
}

const place = ({ Filename, Location }: Finding) => `${basename(Filename, '.json')}: ${(Location.Path ?? []).join('/')}`;

describe('cfn-lint', () => {
  const perRegion = new Map<string, string[]>();
  for (const { file, region } of files().values()) perRegion.set(region, [...(perRegion.get(region) ?? []), file]);
  // Started before the other tests run: it takes another core.
  const found = Promise.all([...perRegion].map(([region, templates]) => lint(region, templates)));
  found.catch(() => undefined);

  const explains = (finding: Finding) =>
    EXPLAINED.filter(({ rule, at }) => rule === finding.Rule.Id && (at ?? /^/).test(place(finding)));

  test('finds nothing in any template that is not explained', async () => {
    const unexplained = (await found).flat().filter((finding) => explains(finding).length === 0);
    assert.deepEqual(
      unexplained.map((finding) => `${finding.Rule.Id} ${place(finding)} ${finding.Message}`),
      [],
    );
  });

  test('no explanation is left of a finding that is gone', async () => {
    const used = new Set((await found).flat().flatMap(explains));
    assert.deepEqual(EXPLAINED.filter((one) => !used.has(one)), []);
  });
});
