import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The actions of a service (`s3`, `sqs`) that any adapter calls, as `crates/aws/actions/*.json` say. */
export function calledActions(service: string): string[] {
  const folder = join(__dirname, '../../crates/aws/actions');
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
  const actions = files.flatMap((file) => {
    const port = JSON.parse(readFileSync(join(folder, file), 'utf8')) as { needs: { actions: string[]; via?: string }[] };
    // What a service does on the caller's behalf does not come through the caller's endpoint.
    return port.needs.filter((need) => !need.via).flatMap((need) => need.actions);
  });
  return [...new Set(actions)].filter((action) => action.startsWith(`${service}:`)).sort();
}
