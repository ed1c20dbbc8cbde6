import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { allStacks, template } from './app';
import { temporary } from './temporary';

/** A template of a stack, as text would say it, to be read by tools or changed by a test. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- templates have the shape that CloudFormation gives them
export type Json = any;

/** A folder of its own for what a tool reads. */
export function folder(): string {
  return temporary('templates');
}

/** A copy of the template of a stack of `app()`, which a test may change. */
export function copyOf(stack: string): Json {
  const found = allStacks().get(stack);
  if (!found) throw new Error(`there is no stack ${stack}`);
  return structuredClone(template(found).toJSON());
}

let written: Map<string, { file: string; region: string }> | undefined;

/** The templates of all stacks as files, by the id of their stack; written once. */
export function files(): Map<string, { file: string; region: string }> {
  if (written) return written;
  const into = folder();
  written = new Map(
    [...allStacks()].map(([name, stack]) => {
      const file = join(into, `${name}.json`);
      writeFileSync(file, JSON.stringify(template(stack).toJSON()));
      return [name, { file, region: stack.region }];
    }),
  );
  return written;
}
