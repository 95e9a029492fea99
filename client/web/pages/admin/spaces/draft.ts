import type { CreateSpaceInput, UpdateSpaceInput } from '../../../../sdk/gql/graphql.ts';
import type { AdminSpaceQuery } from '../../../gql/graphql.ts';
import { schemaOf } from './schema.ts';

export type Stored = NonNullable<AdminSpaceQuery['space']>;
type Policy = Stored['policy'];

/** A space as the form holds it. */
export interface Draft {
  id: string;
  title: string;
  description: string;
  prompt: boolean;
  files: boolean;
  accept: string[];
  megabytes: number;
  maxCount: number;
  parameters: boolean;
  /** JSON Schema, as text. */
  schema: string;
  policy: Policy;
  visibility: Stored['visibility'];
  visitors: boolean;
  members: string[];
}

const MEGABYTE = 1024 * 1024;

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

type Whole = Omit<CreateSpaceInput, 'id'>;

function inputOf(draft: Draft): Whole {
  const { title, description, prompt, accept, maxCount, policy, visibility, visitors, members } = draft;
  return {
    title,
    description,
    inputs: {
      prompt,
      files: draft.files ? { accept, maxCount, maxBytes: Math.round(draft.megabytes * MEGABYTE) } : null,
      parameters: draft.parameters ? schemaOf(draft.schema).schema : null,
    },
    policy,
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
