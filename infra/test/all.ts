import { readdirSync } from 'node:fs';
import { join } from 'node:path';

// One process for all files, so that the app is synthesized once; each file also runs by itself.
for (const file of readdirSync(__dirname).sort()) {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- found at run time
  if (file.endsWith('.test.ts')) require(join(__dirname, file));
}
