import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Options } from './options';

const ROOT = join(__dirname, '..', '..');
const PLACEHOLDER = join(__dirname, '..', 'placeholder');

/**
 * A function's code as `make build` leaves it. Where it was not built, a folder that can only fail stands for
 * it, so that `make synth` needs no Rust; stderr says so, and a deployment refuses it.
 */
export function codeOf(name: string, options: Options): lambda.Code {
  const folder = join(ROOT, 'target', 'lambda', name);
  if (existsSync(join(folder, 'bootstrap'))) return lambda.Code.fromAsset(folder);
  if (options.refusePlaceholders) throw new Error(`target/lambda/${name} is missing: run make build first`);
  console.error(`target/lambda/${name} is not built: a placeholder stands for it, which cannot be deployed`);
  return lambda.Code.fromAsset(PLACEHOLDER);
}
