import type { SpaceId } from '../domain/ids.ts';
import { Refusal } from '../domain/refusal.ts';
import type { Viewer } from '../domain/viewer.ts';
import type { Engine, Unlisten } from '../engine/engine.ts';
import type { Connections, SpaceConnection } from '../service/connections.ts';
import { seesSpace } from '../service/permissions.ts';
import type { Spaces } from '../service/spaces.ts';
import { createStream, type Stream } from '../service/stream.ts';
import { patiently } from './patient.ts';

/** Counts are told at most five times a second. */
const COUNTS_MS = 200;

interface Topic {
  space: SpaceId;
  state: SpaceConnection | null;
  seen: string;
  watchers: Map<Stream<SpaceConnection>, Viewer>;
  reading: boolean;
  again: boolean;
  counting: NodeJS.Timeout | null;
  turning: NodeJS.Timeout | null;
  statuses: Map<string, string>;
  ready: Promise<Unlisten[]>;
}

export const spaceDeleted = (space: SpaceId): Refusal =>
  new Refusal('NOT_FOUND', `Space "${space}" is not there any more, or not yours to see`, { field: 'space' });

export interface ConnectionWatchParts {
  engine: Engine;
  spaces: Spaces;
  connections: Connections;
  onError(error: unknown): void;
}

/** The connection state of watched spaces, read once per process and change, whatever the number of watchers. */
export function createConnectionWatch({ engine, spaces, connections, onError }: ConnectionWatchParts) {
  const topics = new Map<SpaceId, Topic>();

  function open(space: SpaceId): Topic {
    const known = topics.get(space);
    if (known) return known;
    const topic: Topic = {
      space,
      state: null,
      seen: '',
      watchers: new Map(),
      reading: false,
      again: false,
      counting: null,
      turning: null,
      statuses: new Map(),
      ready: Promise.resolve([]),
    };
    topic.ready = listen(topic);
    topics.set(space, topic);
    return topic;
  }

  async function listen(topic: Topic): Promise<Unlisten[]> {
    const { space, statuses } = topic;
    const signals = await engine.bus.listenSpace(space, (signal) => {
      if (signal.type === 'deleted') end(topic);
      else if (signal.type === 'presence') read(topic);
      else count(topic);
    });
    try {
      // Of all changes of its jobs, those of status move the counts.
      const changes = await engine.bus.listenJobs(space, (job) => {
        if (statuses.get(job.id) === job.status) return;
        if ('finishedAt' in job) statuses.delete(job.id);
        else statuses.set(job.id, job.status);
        count(topic);
      });
      return [signals, changes];
    } catch (error) {
      signals();
      throw error;
    }
  }

  /** The space is no more: whoever watches it is told. Another of its name is another topic. */
  function end(topic: Topic): void {
    const { space, watchers } = topic;
    if (topics.get(space) === topic) topics.delete(space);
    for (const watcher of [...watchers.keys()]) watcher.fail(spaceDeleted(space));
  }

  function count(topic: Topic): void {
    topic.counting ??= setTimeout(() => {
      topic.counting = null;
      read(topic);
    }, COUNTS_MS);
  }

  function read(topic: Topic): void {
    if (topic.reading) {
      topic.again = true;
      return;
    }
    topic.reading = true;
    patiently(
      () => look(topic),
      () => topic.watchers.size > 0,
    )
      .catch(onError)
      .finally(() => {
        topic.reading = false;
        if (!topic.again) return;
        topic.again = false;
        if (topic.watchers.size > 0) read(topic);
      });
  }

  async function look(topic: Topic): Promise<void> {
    const state = await connections.state(topic.space);
    if (topic.watchers.size === 0) return;
    const found = await spaces.find(topic.space);
    if (!found) return end(topic);
    for (const [watcher, viewer] of [...topic.watchers]) {
      if (!seesSpace(viewer, found)) watcher.fail(spaceDeleted(topic.space));
    }
    if (topic.turning) clearTimeout(topic.turning);
    topic.turning = null;
    if (state.nextChange !== null) {
      topic.turning = setTimeout(() => read(topic), Math.max(50, state.nextChange - engine.now() + 1));
    }
    const { nextChange: _, changedAt: __, lastConnectedAt: ___, ...facts } = state;
    const seen = JSON.stringify({ ...facts, apps: facts.apps.map(({ lastSeenAt: ____, ...app }) => app) });
    topic.state = state;
    if (seen === topic.seen) return;
    topic.seen = seen;
    for (const watcher of topic.watchers.keys()) watcher.push(state);
  }

  function leave(topic: Topic, stream: Stream<SpaceConnection>): void {
    if (!topic.watchers.delete(stream) || topic.watchers.size > 0) return;
    if (topics.get(topic.space) === topic) topics.delete(topic.space);
    if (topic.counting) clearTimeout(topic.counting);
    if (topic.turning) clearTimeout(topic.turning);
    topic.ready
      .then((unlistens) => {
        for (const unlisten of unlistens) unlisten();
      })
      .catch(() => undefined);
  }

  return {
    async open(space: SpaceId, viewer: Viewer, onClose: () => void): Promise<Stream<SpaceConnection>> {
      const topic = open(space);
      const stream: Stream<SpaceConnection> = createStream<SpaceConnection>({
        keyOf: () => topic,
        onClose: () => {
          leave(topic, stream);
          onClose();
        },
      });
      topic.watchers.set(stream, viewer);
      try {
        await topic.ready;
        const known = topic.state;
        if (known) stream.push(known);
        else await look(topic);
      } catch (error) {
        if (topics.get(space) === topic) topics.delete(space);
        await stream.return?.();
        throw error;
      }
      return stream;
    },
    /** Something of the space itself has changed. */
    look(space: SpaceId): void {
      const topic = topics.get(space);
      if (topic) read(topic);
    },
    reread(): void {
      for (const topic of topics.values()) read(topic);
    },
    size: () => topics.size,
    stop(): void {
      for (const { counting, turning } of topics.values()) {
        if (counting) clearTimeout(counting);
        if (turning) clearTimeout(turning);
      }
    },
  };
}
