import type { CreateSpaceInput, UpdateSpaceInput } from '../../../../sdk/gql/graphql.ts';
import type { AdminSpaceQuery } from '../../../gql/graphql.ts';
import { schemaOf } from './schema.ts';

export type Stored = NonNullable<AdminSpaceQuery['space']>;
type Policy = Stored['policy'];

/** Lowest and highest of each number. */
export const BOUNDS = {
  maxRunSeconds: [1, 2_592_000],
  maxQueueSeconds: [1, 2_592_000],
  retentionSeconds: [60, 31_536_000],
  maxQueued: [1, 1_000_000],
  maxAttempts: [1, 100],
  megabytes: [0.001, 1_048_576],
  maxCount: [1, 100],
} as const;
export type Bounded = keyof typeof BOUNDS;
/** As it was typed. */
export type Typed = number | string;

export function isWithin(name: Bounded, value: Typed): boolean {
  const [low, high] = BOUNDS[name];
  return value !== '' && Number(value) >= low && Number(value) <= high;
}

/** A space as the form holds it. */
export interface Draft {
  id: string;
  title: string;
  description: string;
  prompt: boolean;
  files: boolean;
  accept: string[];
  megabytes: Typed;
  maxCount: Typed;
  parameters: boolean;
  /** JSON Schema, as text. */
  schema: string;
  policy: { [K in keyof Policy]: K extends Bounded ? Typed : Policy[K] };
  visibility: Stored['visibility'];
  visitors: boolean;
  members: string[];
}

export const MEGABYTE = 1e6;

/** As the server makes one of which only the id and the title are said. */
export const NEW: Draft = {
  id: '',
  title: '',
  description: '',
  prompt: true,
  files: false,
  accept: ['*/*'],
  megabytes: 25,
  maxCount: 10,
  parameters: false,
  schema: '',
  policy: {
    whenOffline: 'REJECT',
    order: 'FIFO',
    maxQueued: 1000,
    maxQueueSeconds: 600,
    maxRunSeconds: 120,
    retentionSeconds: 3600,
    maxAttempts: 2,
  },
  visibility: 'PUBLIC',
  visitors: false,
  members: [],
};

export function draftOf({ inputs: { prompt, files, parameters }, policy, members, ...space }: Stored): Draft {
  const { accept, maxBytes, maxCount } = files ?? { accept: NEW.accept, maxBytes: 25 * MEGABYTE, maxCount: 10 };
  return {
    ...NEW,
    id: space.id,
    title: space.title,
    description: space.description,
    visibility: space.visibility,
    visitors: space.visitors,
    prompt,
    files: files !== null && files !== undefined,
    accept: [...accept],
    megabytes: maxBytes / MEGABYTE,
    maxCount,
    parameters: parameters != null,
    schema: parameters == null ? '' : JSON.stringify(parameters, null, 2),
    policy: { ...policy },
    members: [...(members ?? [])],
  };
}

/** Whether every field holds what can be sent. */
export const isSound = (draft: Draft): boolean =>
  (!draft.parameters || schemaOf(draft.schema).problem === null) &&
  (!draft.files || (isWithin('megabytes', draft.megabytes) && isWithin('maxCount', draft.maxCount))) &&
  Object.entries(draft.policy).every(([name, value]) => !(name in BOUNDS) || isWithin(name as Bounded, value));

type Whole = Omit<CreateSpaceInput, 'id'>;

function inputOf(draft: Draft): Whole {
  const { title, description, prompt, accept, visibility, visitors, members } = draft;
  const maxCount = Number(draft.maxCount);
  const maxBytes = Math.round(Number(draft.megabytes) * MEGABYTE);
  const numbers = Object.entries(draft.policy).map(([name, value]) => [name, name in BOUNDS ? Number(value) : value]);
  return {
    title,
    description,
    inputs: {
      prompt,
      files: draft.files ? { accept, maxCount, maxBytes } : null,
      parameters: draft.parameters ? schemaOf(draft.schema).schema : null,
    },
    policy: Object.fromEntries(numbers) as Policy,
    visibility,
    visitors,
    members,
  };
}

export const created = (draft: Draft): CreateSpaceInput => ({ id: draft.id, ...inputOf(draft) });

/** What differs from before alone: what others changed meanwhile stays. Null: nothing does. */
export function changed(before: Draft, draft: Draft): UpdateSpaceInput | null {
  const changes = difference(inputOf(before), inputOf(draft));
  return changes && { id: before.id, ...(changes as Omit<UpdateSpaceInput, 'id'>) };
}

/** Of two levels: groups are told by their members. */
function difference(before: object, after: object, deep = true): Record<string, unknown> | null {
  const old = before as Record<string, unknown>;
  const found = Object.entries(after).flatMap(([name, value]) => {
    if (JSON.stringify(value) === JSON.stringify(old[name])) return [];
    const isGroup = deep && (name === 'inputs' || name === 'policy');
    return [[name, isGroup ? difference(old[name] as object, value as object, false) : value] as const];
  });
  return found.length > 0 ? Object.fromEntries(found) : null;
}
