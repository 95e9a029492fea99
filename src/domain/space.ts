import { accountKey, accountName } from './account.ts';
import { type SpaceId, spaceId } from './ids.ts';
import { boundedJson, boundedText, type Instant, type Json } from './json.ts';
import { badInput } from './refusal.ts';

/** What a space's submits may bring. */
export interface SpaceInputs {
  prompt: boolean;
  files: FileRules | null;
  /** A JSON Schema (an object with properties), or null where the space takes none. */
  parameters: Json;
}

export interface FileRules {
  /** Media types, `image/*`, `*` + `/*`, or name endings like `.csv`. */
  accept: string[];
  /** Largest size of one file. */
  maxBytes: number;
  maxCount: number;
}

export interface SpacePolicy {
  whenOffline: 'REJECT' | 'QUEUE';
  order: 'FIFO' | 'FAIR';
  maxQueued: number;
  maxQueueSeconds: number;
  maxRunSeconds: number;
  retentionSeconds: number;
  maxAttempts: number;
}

/** Who a space is for. */
export interface Audience {
  /** PUBLIC: everybody sees it, and who is signed in submits to it. PRIVATE: its members and administrators. */
  visibility: 'PUBLIC' | 'PRIVATE';
  /** Whether a public one takes submits of people who are not signed in. */
  visitors: boolean;
  /** Keys of accounts. */
  members: string[];
}

/** A named place that people submit to. */
export interface Space extends Audience {
  id: SpaceId;
  title: string;
  description: string;
  inputs: SpaceInputs;
  policy: SpacePolicy;
  createdAt: Instant;
}

export const DEFAULT_INPUTS: SpaceInputs = { prompt: true, files: null, parameters: null };

export const DEFAULT_FILE_RULES: FileRules = { accept: ['*/*'], maxBytes: 25 * 1024 * 1024, maxCount: 10 };

export const DEFAULT_POLICY: SpacePolicy = {
  whenOffline: 'REJECT',
  order: 'FIFO',
  maxQueued: 1000,
  maxQueueSeconds: 600,
  maxRunSeconds: 120,
  retentionSeconds: 3600,
  maxAttempts: 2,
};

export const DEFAULT_AUDIENCE: Audience = { visibility: 'PUBLIC', visitors: false, members: [] };

const DAY = 86_400;
/** [lowest, highest] of each whole number of a policy. */
const BOUNDS: Record<keyof Omit<SpacePolicy, 'whenOffline' | 'order'>, [number, number]> = {
  maxQueued: [1, 1_000_000],
  maxQueueSeconds: [1, 30 * DAY],
  maxRunSeconds: [1, 30 * DAY],
  retentionSeconds: [60, 365 * DAY],
  maxAttempts: [1, 100],
};

const MAX_MEMBERS = 1000;
export const MAX_SCHEMA_BYTES = 64 * 1024;
const MAX_FILE_BYTES = 1024 ** 4;
const MAX_FILE_COUNT = 100;

/** Null, like left out, means: as it is. */
type Some<T> = { [K in keyof T]?: T[K] | null | undefined };

export interface SpaceChange {
  title?: string | null;
  description?: string | null;
  inputs?: { prompt?: boolean | null; files?: Some<FileRules> | null; parameters?: unknown } | null;
  policy?: Some<SpacePolicy> | null;
  visibility?: Audience['visibility'] | null;
  visitors?: boolean | null;
  members?: readonly string[] | null;
}

export function createSpace(id: string, title: string, change: SpaceChange, now: Instant): Space {
  const blank: Space = {
    id: spaceId('input.id', id),
    title,
    description: '',
    inputs: DEFAULT_INPUTS,
    policy: DEFAULT_POLICY,
    ...DEFAULT_AUDIENCE,
    createdAt: now,
  };
  return updateSpace(blank, { ...change, title });
}

/**
 * The space with the change. Within `inputs`, `files: null` and `parameters: null` mean that the space takes none from now on; what
 * is left out stays.
 */
export function updateSpace(space: Space, change: SpaceChange): Space {
  return {
    ...space,
    title: change.title == null ? space.title : titleText(change.title),
    description:
      change.description == null ? space.description : boundedText('input.description', change.description, 8 * 1024),
    inputs: change.inputs ? nextInputs(space.inputs, change.inputs) : space.inputs,
    policy: change.policy ? nextPolicy(space.policy, change.policy) : space.policy,
    visibility: change.visibility ?? space.visibility,
    visitors: change.visitors ?? space.visitors,
    members: change.members ? memberKeys(change.members) : space.members,
  };
}

function titleText(title: string): string {
  if (title.trim() === '') throw badInput('input.title', 'must not be empty');
  return boundedText('input.title', title, 256);
}

function memberKeys(names: readonly string[]): string[] {
  if (names.length > MAX_MEMBERS) throw badInput('input.members', `at most ${MAX_MEMBERS} members`, MAX_MEMBERS);
  return [...new Set(names.map((name) => accountKey(accountName('input.members', name))))];
}

function nextInputs(before: SpaceInputs, change: NonNullable<SpaceChange['inputs']>): SpaceInputs {
  const { files, parameters } = change;
  return {
    prompt: change.prompt ?? before.prompt,
    files: files === undefined ? before.files : files === null ? null : fileRules(before.files, files),
    parameters: parameters === undefined ? before.parameters : schemaObject(parameters),
  };
}

function fileRules(before: FileRules | null, change: Some<FileRules>): FileRules {
  const { accept, maxBytes, maxCount } = before ?? DEFAULT_FILE_RULES;
  const rules = {
    accept: change.accept ?? accept,
    maxBytes: change.maxBytes ?? maxBytes,
    maxCount: change.maxCount ?? maxCount,
  };
  whole('input.inputs.files.maxBytes', rules.maxBytes, 1, MAX_FILE_BYTES);
  whole('input.inputs.files.maxCount', rules.maxCount, 1, MAX_FILE_COUNT);
  if (rules.accept.length === 0 || rules.accept.length > 100) {
    throw badInput('input.inputs.files.accept', 'must list 1 to 100 types', 100);
  }
  for (const type of rules.accept) {
    if (!/^(\*\/\*|[\w.+-]+\/(\*|[\w.+-]+)|\.[\w-]+)$/.test(type)) {
      throw badInput(
        'input.inputs.files.accept',
        `"${type.slice(0, 40)}" is no media type (image/png, image/*) and no ending (.csv)`,
      );
    }
  }
  return rules;
}

function schemaObject(schema: unknown): Json {
  const json = boundedJson('input.inputs.parameters', schema, MAX_SCHEMA_BYTES);
  if (json !== null && (typeof json !== 'object' || Array.isArray(json) || json.type !== 'object')) {
    throw badInput('input.inputs.parameters', 'must be a JSON Schema with "type": "object"');
  }
  return json;
}

function nextPolicy(before: SpacePolicy, change: Some<SpacePolicy>): SpacePolicy {
  const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value != null));
  const policy: SpacePolicy = { ...before, ...given };
  for (const [name, [low, high]] of Object.entries(BOUNDS)) {
    whole(`input.policy.${name}`, policy[name as keyof typeof BOUNDS], low, high);
  }
  return policy;
}

function whole(field: string, value: number, low: number, high: number): void {
  if (!Number.isInteger(value) || value < low || value > high) {
    throw badInput(field, `must be a whole number from ${low} to ${high}, not ${value}`, value < low ? low : high);
  }
}
