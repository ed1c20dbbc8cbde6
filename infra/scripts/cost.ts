import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * What a million messages cost, and what an always-on alternative would. Prints the tables of docs/cost.md; with
 * `--write` puts them there. Every input stands in `cost-inputs.json`: change it there and run this again.
 *
 *     npx tsx scripts/cost.ts [INPUTS.json] [--write]
 */

interface Input {
  /** US dollars, but for `euroPerDollar`. */
  readonly price: number;
  readonly per: string;
}
interface Quantity {
  readonly amount: number;
  readonly from: 'measured' | 'code' | 'assumed';
  readonly how: string;
}
export interface Inputs {
  readonly euroPerDollar: number;
  readonly prices: Record<string, Input>;
  readonly perMessage: Record<string, Quantity>;
  readonly fixed: { readonly part: string; readonly what: string; readonly amount: number; readonly price: string; readonly optional?: boolean }[];
  readonly alwaysOn: { readonly what: string; readonly amount: number; readonly price: string }[];
}
interface Row {
  readonly part: string;
  readonly what: string;
  readonly euro: number;
  readonly optional?: boolean;
}

export const INPUTS = join(__dirname, 'cost-inputs.json');
export const PAGE = join(__dirname, '../../docs/cost.md');
const MILLION = 1_000_000;

export function readInputs(file = INPUTS): Inputs {
  return JSON.parse(readFileSync(file, 'utf8')) as Inputs;
}

/** Which price each quantity is paid at, and in which part of the bill it stands. */
const PARTS: readonly { part: string; quantity: string; price: string; optional?: boolean }[] = [
  { part: 'API Gateway', quantity: 'apiCalls', price: 'apiCall' },
  { part: 'WAF', quantity: 'apiCalls', price: 'wafRequest' },
  { part: 'Lambda', quantity: 'lambdaRequests', price: 'lambdaRequest' },
  { part: 'Lambda', quantity: 'lambdaGbSeconds', price: 'lambdaGbSecond' },
  { part: 'SQS', quantity: 'sqsFifoRequests', price: 'sqsFifoRequest' },
  { part: 'SQS', quantity: 'sqsRequests', price: 'sqsRequest' },
  { part: 'DynamoDB', quantity: 'dynamodbWrites', price: 'dynamodbWrite' },
  { part: 'DynamoDB', quantity: 'dynamodbReads', price: 'dynamodbRead' },
  { part: 'DynamoDB', quantity: 'dynamodbGigabytes', price: 'dynamodbGigabyteMonth' },
  { part: 'S3', quantity: 's3Puts', price: 's3Put' },
  { part: 'S3', quantity: 's3Gets', price: 's3Get' },
  { part: 'S3', quantity: 's3Gigabytes', price: 's3GigabyteMonth' },
  { part: 'S3', quantity: 's3Replicated', price: 's3Replicated' },
  { part: 'KMS', quantity: 'kmsCalls', price: 'kmsCall' },
  { part: 'KMS', quantity: 'kmsSignatures', price: 'kmsSignature' },
  { part: 'HealthLake', quantity: 'healthLakeWrites', price: 'healthLakeWrite' },
  { part: 'HealthLake', quantity: 'healthLakeReads', price: 'healthLakeRead' },
  { part: 'HealthLake', quantity: 'healthLakeGigabytes', price: 'healthLakeGigabyteMonth' },
  { part: 'SES', quantity: 'mails', price: 'mail' },
  { part: 'CloudWatch', quantity: 'logGigabytes', price: 'logGigabyte' },
  { part: 'X-Ray', quantity: 'traces', price: 'trace' },
  { part: 'CloudTrail', quantity: 'dataEvents', price: 'dataEvent' },
  { part: 'Endpoints', quantity: 'endpointGigabytes', price: 'endpointGigabyte' },
  { part: 'Comprehend Medical', quantity: 'medicalUnits', price: 'medicalUnit', optional: true },
];

export function compute(inputs: Inputs) {
  const price = (name: string): number => {
    const found = inputs.prices[name];
    if (!found) throw new Error(`no price "${name}"`);
    return found.price * inputs.euroPerDollar;
  };
  const quantity = (name: string): number => {
    const found = inputs.perMessage[name];
    if (!found) throw new Error(`no quantity "${name}"`);
    return found.amount;
  };
  const byMessage: Row[] = PARTS.map((one) => ({
    part: one.part,
    what: one.quantity,
    euro: quantity(one.quantity) * MILLION * price(one.price),
    optional: one.optional,
  }));
  const fixed: Row[] = inputs.fixed.map((one) => ({ ...one, euro: one.amount * price(one.price) }));
  const alwaysOn: Row[] = inputs.alwaysOn.map((one) => ({ part: 'alternative', what: one.what, euro: one.amount * price(one.price) }));
  return { byMessage, fixed, alwaysOn };
}

const sum = (rows: readonly Row[]) => rows.filter((row) => !row.optional).reduce((total, { euro }) => total + euro, 0);
const euro = (value: number) => (value >= 100 ? value.toFixed(0) : value.toFixed(2));

/** As a person writes a number: without powers of ten. */
const plain = (value: number) => value.toLocaleString('en', { maximumFractionDigits: 10, useGrouping: false });

/** The tables of the page. */
export function page(inputs: Inputs): string {
  const { byMessage, fixed, alwaysOn } = compute(inputs);
  const parts = [...new Set(byMessage.map(({ part }) => part))].map((part) => {
    const rows = byMessage.filter((row) => row.part === part);
    return { part, euro: rows.reduce((total, row) => total + row.euro, 0), optional: rows.every((row) => row.optional) };
  });
  const perMillion = sum(byMessage);
  const perMonth = sum(fixed);
  const total = (messages: number) => (perMillion * messages) / MILLION + perMonth;
  const cheaper = (sum(alwaysOn) - perMonth) / perMillion;
  return [
    '### By message: euros per million',
    '',
    '| Part | € per million messages |',
    '|---|---:|',
    ...parts.filter(({ optional }) => !optional).map((row) => `| ${row.part} | ${euro(row.euro)} |`),
    `| **Together** | **${euro(perMillion)}** |`,
    ...parts.filter(({ optional }) => optional).map((row) => `| with ${row.part} on, for English notes, in addition | ${euro(row.euro)} |`),
    '',
    '### By the month, whatever comes in',
    '',
    '| Part | What | € a month |',
    '|---|---|---:|',
    ...fixed.filter(({ optional }) => !optional).map((row) => `| ${row.part} | ${row.what} | ${euro(row.euro)} |`),
    `| **Together** | | **${euro(perMonth)}** |`,
    ...fixed.filter(({ optional }) => optional).map((row) => `| ${row.part}, if wished | ${row.what} | ${euro(row.euro)} |`),
    '',
    '### The always-on alternative, by the month',
    '',
    '| What | € a month |',
    '|---|---:|',
    ...alwaysOn.map((row) => `| ${row.what} | ${euro(row.euro)} |`),
    `| **Together** | **${euro(sum(alwaysOn))}** |`,
    '',
    '### Together',
    '',
    '| Messages a month | Zorgsluis on AWS, € | always-on, € | € a million, ours |',
    '|---:|---:|---:|---:|',
    ...[100_000, 1_000_000, 3_000_000, 10_000_000].map(
      (messages) =>
        `| ${messages.toLocaleString('en')} | ${euro(total(messages))} | ${euro(sum(alwaysOn))} | ${euro((total(messages) / messages) * MILLION)} |`,
    ),
    '',
    cheaper > 0
      ? `The always-on alternative costs the same at ${Math.round(cheaper * 10) / 10} million messages a month, and less beyond, as far as one pair of servers carries it.`
      : 'By price alone the always-on alternative costs less at every volume.',
    '',
    '### Inputs: quantities of one message',
    '',
    '| Quantity | Amount | Known from | How |',
    '|---|---:|---|---|',
    ...Object.entries(inputs.perMessage).map(([name, { amount, from, how }]) => `| \`${name}\` | ${plain(amount)} | ${from} | ${how} |`),
    '',
    '### Inputs: prices, **not verified here**',
    '',
    `US dollars, eu-west-1, list prices; € = $ × ${inputs.euroPerDollar}.`,
    '',
    '| Price | $ | Per |',
    '|---|---:|---|',
    ...Object.entries(inputs.prices).map(([name, { price, per }]) => `| \`${name}\` | ${plain(price)} | ${per} |`),
    '',
  ].join('\n');
}

export const MARKS = ['<!-- made by infra/scripts/cost.ts -->\n', '<!-- end -->'] as const;

/** The page with its tables made anew. */
export function rewritten(text: string, inputs: Inputs): string {
  const [from, to] = [text.indexOf(MARKS[0]), text.indexOf(MARKS[1])];
  if (from < 0 || to < from) throw new Error('docs/cost.md has no place for the tables');
  return `${text.slice(0, from + MARKS[0].length)}\n${page(inputs)}\n${text.slice(to)}`;
}

if (require.main === module) {
  const [file] = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
  const inputs = readInputs(file);
  if (process.argv.includes('--write')) writeFileSync(PAGE, rewritten(readFileSync(PAGE, 'utf8'), inputs));
  else process.stdout.write(page(inputs));
}
