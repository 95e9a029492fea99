import { checkSchema } from '../domain/acceptance.ts';
import { nearest, type SpaceId, spaceId } from '../domain/ids.ts';
import type { Json } from '../domain/json.ts';
import { Refusal } from '../domain/refusal.ts';
import { createSpace, DEFAULT_AUDIENCE, type Space, type SpaceChange, updateSpace } from '../domain/space.ts';
import type { Viewer } from '../domain/viewer.ts';
import type { Document, Engine } from '../engine/engine.ts';
import { seesSpace } from './permissions.ts';

export const SPACES_TOPIC = 'spaces';
const KIND = 'space';
/** A document of this kind, under the space's id, while what it leaves is being deleted. */
export const DELETION = 'space-deletion';
/** Changes are told at once; a message lost on the way is made up for this much later. */
const REFRESH_MS = 30_000;
/** A conflicting writer wins each time; so many times in a row is no accident. */
const MAX_TRIES = 16;

export type Spaces = ReturnType<typeof createSpaces>;

type SpaceDocument = { space: Space; revision: number };

/** The spaces, kept at hand: every process holds all of them and hears of changes. One that is being deleted counts as gone. */
export function createSpaces(engine: Engine, onError: (error: unknown) => void) {
  const known = new Map<SpaceId, SpaceDocument>();
  const observers = new Set<(id: SpaceId) => void>();
  let loading: Promise<void> | null = null;
  let loadedAt = Number.NEGATIVE_INFINITY;

  const keep = ({ id, value, revision }: Document): SpaceDocument => {
    const before = known.get(id);
    const space = spaceOf(value);
    if (before && before.revision >= revision && before.space.createdAt === space.createdAt) return before;
    const document = { space, revision };
    known.set(id, document);
    return document;
  };

  // In this order: whoever finds no deletion and then the space knows that no deletion has ended in between.
  const stored = async (id: SpaceId): Promise<Document | null> =>
    (await engine.documents.get(DELETION, id)) ? null : engine.documents.get(KIND, id);

  async function load(): Promise<void> {
    const going = new Set((await engine.documents.list(DELETION)).map(({ id }) => id));
    const documents = (await engine.documents.list(KIND)).filter(({ id }) => !going.has(id));
    const ids = new Set(documents.map(({ id }) => id));
    for (const id of known.keys()) if (!ids.has(id)) known.delete(id);
    for (const document of documents) keep(document);
    loadedAt = performance.now();
  }

  /** All spaces as of at most REFRESH_MS ago, but for what was told since. */
  async function fresh(): Promise<void> {
    if (performance.now() - loadedAt < REFRESH_MS) return;
    loading ??= load().finally(() => {
      loading = null;
    });
    await loading;
  }

  async function refresh(id: SpaceId): Promise<SpaceDocument | null> {
    const document = await stored(id);
    if (document) return keep(document);
    known.delete(id);
    return null;
  }

  const listen = () =>
    engine.bus.listen(SPACES_TOPIC, (id) => {
      refresh(id as SpaceId).then(() => {
        for (const observe of observers) observe(id as SpaceId);
      }, onError);
    });
  let listening = listen();
  listening.catch(onError);
  engine.onReady(() => {
    // The storage may have come back with older data than is remembered.
    known.clear();
    loadedAt = Number.NEGATIVE_INFINITY;
    listening = listening.catch(listen);
    listening.catch(onError);
  });

  async function find(id: SpaceId): Promise<Space | null> {
    await fresh();
    return (known.get(id) ?? (await refresh(id)))?.space ?? null;
  }

  async function all(): Promise<Space[]> {
    await fresh();
    return [...known.values()].map(({ space }) => space).sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  const visible = async (viewer: Viewer): Promise<Space[]> => (await all()).filter((space) => seesSpace(viewer, space));

  /** The space, or NOT_FOUND naming the nearest there is; to a viewer, only of those that it sees. */
  async function require(id: SpaceId, field = 'input.space', viewer: Viewer | null = null): Promise<Space> {
    const space = await find(id);
    const seen = (one: Space) => viewer === null || seesSpace(viewer, one);
    if (space && seen(space)) return space;
    const near = nearest(
      id,
      [...known.values()].filter((one) => seen(one.space)).map((one) => one.space.id),
    );
    const hint = near ? `; did you mean "${near}"?` : '';
    throw new Refusal('NOT_FOUND', `There is no space "${id.slice(0, 64)}"${hint}`, { field });
  }

  return {
    find,
    all,
    /** Those that the viewer sees, by id. */
    visible,
    /** Null also for one that the viewer does not see. */
    async findFor(viewer: Viewer, id: SpaceId): Promise<Space | null> {
      const space = await find(id);
      return space && seesSpace(viewer, space) ? space : null;
    },
    /** Called after a space has changed, or is gone, by whichever process. */
    observe: (observer: (id: SpaceId) => void): void => void observers.add(observer),
    /** As far as is known without asking. */
    atHand: (id: SpaceId): Space | undefined => known.get(id)?.space,
    require,

    /** As `require`, by what is stored now: what is remembered may be a message behind. */
    async confirm(id: SpaceId, field = 'input.space', viewer: Viewer | null = null): Promise<Space> {
      await refresh(id);
      return require(id, field, viewer);
    },

    async create(id: string, title: string, change: SpaceChange): Promise<Space> {
      const space = createSpace(id, title, change, engine.now());
      checkSchema(space.inputs.parameters);
      if (await engine.documents.get(DELETION, id)) throw deleting(id);
      if ((await engine.documents.put(KIND, id, space as unknown as Json, 0)) === null) {
        throw new Refusal('ALREADY_EXISTS', `There is a space "${id}" already`, { field: 'input.id' });
      }
      // A deletion of the one before may have begun after the look above. Until it is over nobody else makes one of that id.
      if (!(await refresh(id))) {
        await engine.documents.remove(KIND, id);
        throw deleting(id);
      }
      await engine.bus.publish(SPACES_TOPIC, id);
      return space;
    },

    async update(id: string, change: SpaceChange): Promise<Space> {
      spaceId('input.id', id);
      for (let tries = 0; tries < MAX_TRIES; tries++) {
        // As it is stored: what is remembered may be of before an outage.
        const document = await stored(id);
        known.delete(id);
        if (!document) return require(id, 'input.id');
        const next = updateSpace(spaceOf(document.value), change);
        checkSchema(next.inputs.parameters);
        if ((await engine.documents.put(KIND, id, next as unknown as Json, document.revision)) === null) continue;
        await refresh(id);
        await engine.bus.publish(SPACES_TOPIC, id);
        return next;
      }
      throw new Refusal('CONFLICT', `Space ${id} is being changed by others; try again`, { retryAfterSeconds: 1 });
    },

    /** Nothing is submitted to it from here on. */
    async remove(id: SpaceId): Promise<void> {
      await engine.documents.remove(KIND, id);
      known.delete(id);
      await engine.bus.publish(SPACES_TOPIC, id);
    },

    async stop(): Promise<void> {
      (await listening.catch(() => null))?.();
    },
  };
}

/** One that was stored by an earlier version has the audience of a new one. */
const spaceOf = (value: Json): Space => ({ ...DEFAULT_AUDIENCE, ...(value as unknown as Space) });

const deleting = (id: string): Refusal =>
  new Refusal('CONFLICT', `Space "${id}" is being deleted; try again in a moment`, {
    field: 'input.id',
    retryAfterSeconds: 1,
  });
