import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const made: string[] = [];

process.on('exit', () => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});

/** A folder of its own, which is gone when the tests have ended. */
export function temporary(what: string): string {
  const folder = mkdtempSync(join(tmpdir(), `zorgsluis-${what}-`));
  made.push(folder);
  return folder;
}
