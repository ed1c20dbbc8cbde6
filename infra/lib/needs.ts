import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where code and infrastructure share what each function needs. */
export const SHARED = join(__dirname, '..', '..', 'crates', 'aws');

/** Services that use a key on behalf of whoever calls them. */
const VIA = ['s3', 'dynamodb', 'sqs', 'healthlake'] as const;

/** Actions on one resource, of one port. */
export interface Need {
  /** Such as `table/messages`, `bucket/raw/messages/*`, `queue`, `key/phi`. */
  readonly on: string;
  readonly actions: readonly string[];
  /** The service that calls KMS on the function's behalf. */
  readonly via?: (typeof VIA)[number];
}

/** A port that a function uses; a port of queues says which. */
export interface PortUse {
  readonly port: string;
  readonly on?: readonly string[];
}

/** A queue that calls a function. */
export interface Source {
  readonly queue: string;
  readonly batch: number;
  /** Seconds that a batch is waited for. */
  readonly window?: number;
}

/** What stands in `crates/aws/functions/NAME.json`. */
export interface Program {
  readonly name: string;
  readonly ports: readonly PortUse[];
  readonly environment: readonly string[];
  /** MiB. */
  readonly memory: number;
  /** Seconds; a container has none. */
  readonly timeout?: number;
  readonly concurrency: number;
  readonly sources: readonly Source[];
  /** An expression of EventBridge Scheduler. */
  readonly schedule?: string;
}

/** The one program that is a container and no function. */
export const CONTAINER = 'listener';

type Json = Record<string, unknown>;

/** Reads the folders `functions` and `actions`. What it does not know fails the synthesis, with the file. */
export class Needs {
  /** By name. */
  readonly programs: ReadonlyMap<string, Program>;
  private readonly ports: ReadonlyMap<string, readonly Need[]>;

  constructor(shared = SHARED) {
    this.ports = read(join(shared, 'actions'), port);
    this.programs = read(join(shared, 'functions'), program);
    for (const one of this.programs.values()) this.of(one);
  }

  /** All ports that there are. */
  get names(): string[] {
    return [...this.ports.keys()];
  }

  /** The functions, without the container. */
  get functions(): Program[] {
    return [...this.programs.values()].filter((one) => one.name !== CONTAINER);
  }

  /** The container. */
  get container(): Program {
    return this.program(CONTAINER);
  }

  program(name: string): Program {
    const found = this.programs.get(name);
    if (!found) throw new Error(`crates/aws/functions/${name}.json is missing`);
    return found;
  }

  /** All that a program's ports need, each resource once, actions and resources sorted. */
  of(program: Program): Need[] {
    const merged = new Map<string, { on: string; via?: Need['via']; actions: Set<string> }>();
    for (const use of program.ports) {
      for (const need of this.needsOf(program, use)) {
        const id = `${need.on} via ${need.via ?? 'itself'}`;
        const known = merged.get(id) ?? { on: need.on, via: need.via, actions: new Set<string>() };
        need.actions.forEach((action) => known.actions.add(action));
        merged.set(id, known);
      }
    }
    return [...merged.entries()]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, { on, via, actions }]) => ({ on, actions: [...actions].sort(), ...(via && { via }) }));
  }

  private needsOf(program: Program, use: PortUse): Need[] {
    const needs = this.ports.get(use.port);
    const at = `functions/${program.name}.json`;
    if (!needs) throw new Error(`${at}: there is no actions/${use.port}.json`);
    const generic = needs.some((need) => need.on === 'queue');
    if (generic !== (use.on !== undefined)) {
      throw new Error(`${at}: port ${use.port} ${generic ? 'must say on which queues' : 'takes no "on"'}`);
    }
    return needs.flatMap((need) =>
      need.on === 'queue' ? (use.on ?? []).map((on) => ({ ...need, on })) : [need],
    );
  }
}

function read<T>(folder: string, parse: (at: string, json: Json) => T): Map<string, T> {
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
  return new Map(
    files.sort().map((file) => {
      const at = join(folder, file);
      const name = file.slice(0, -'.json'.length);
      const json = JSON.parse(readFileSync(at, 'utf8')) as Json;
      const said = json['function'] ?? json['port'];
      if (said !== name) throw new Error(`${at} says that it is ${String(said)}`);
      return [name, parse(at, json)];
    }),
  );
}

function port(at: string, json: Json): Need[] {
  only(at, json, ['port', 'needs']);
  return list(at, json, 'needs').map((value) => {
    const need = value as Json;
    only(at, need, ['on', 'actions', 'via']);
    const via = need['via'];
    if (via !== undefined && !(VIA as readonly string[]).includes(String(via))) {
      throw new Error(`${at}: "via" ${String(via)} is unknown`);
    }
    const actions = list(at, need, 'actions').map(String);
    for (const action of actions) {
      if (!/^[a-z0-9-]+:[A-Za-z0-9]+$/.test(action)) throw new Error(`${at}: ${action} is not one action`);
      if (via !== undefined && !action.startsWith('kms:')) throw new Error(`${at}: only keys are used "via"`);
    }
    return { on: String(need['on']), actions, ...(via !== undefined && { via: via as Need['via'] }) };
  });
}

function program(at: string, json: Json): Program {
  only(at, json, [
    ...['function', 'ports', 'environment', 'memory', 'timeout', 'concurrency'],
    ...['queue', 'batch', 'window', 'also', 'schedule'],
  ]);
  const own = json['queue'] === undefined ? [] : [source(at, json)];
  const also = json['also'] === undefined ? [] : list(at, json, 'also');
  const more = also.map((value) => {
    only(at, value as Json, ['queue', 'batch', 'window']);
    return source(at, value as Json);
  });
  const schedule = json['schedule'];
  if (schedule !== undefined && !/^rate\(\d+ [a-z]+\)$/.test(String(schedule))) {
    throw new Error(`${at}: "schedule" must be rate(…)`);
  }
  return {
    name: String(json['function']),
    ports: list(at, json, 'ports').map((value) => use(at, value)),
    environment: list(at, json, 'environment').map(String),
    memory: number(at, json, 'memory'),
    ...(json['timeout'] !== undefined && { timeout: number(at, json, 'timeout') }),
    concurrency: number(at, json, 'concurrency'),
    sources: [...own, ...more],
    ...(schedule !== undefined && { schedule: String(schedule) }),
  };
}

function use(at: string, value: unknown): PortUse {
  if (typeof value === 'string') return { port: value };
  only(at, value as Json, ['port', 'on']);
  return { port: String((value as Json)['port']), on: list(at, value as Json, 'on').map(String) };
}

function source(at: string, json: Json): Source {
  const window = json['window'] === undefined ? {} : { window: number(at, json, 'window') };
  return { queue: String(json['queue']), batch: number(at, json, 'batch'), ...window };
}

function only(at: string, json: Json, known: readonly string[]): void {
  if (typeof json !== 'object' || json === null) throw new Error(`${at}: an object is wanted`);
  for (const key of Object.keys(json)) {
    if (!known.includes(key)) throw new Error(`${at}: "${key}" is unknown`);
  }
}

function list(at: string, json: Json, key: string): unknown[] {
  const value = json[key];
  if (!Array.isArray(value)) throw new Error(`${at}: "${key}" must be a list`);
  return value;
}

function number(at: string, json: Json, key: string): number {
  const value = json[key];
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1) {
    throw new Error(`${at}: "${key}" must be a whole number above zero`);
  }
  return value;
}
