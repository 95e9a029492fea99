import { isJobId, isTrackedId, type JobId, noSuchJob, type SpaceId } from '../domain/ids.ts';
import { isFinished, type Job } from '../domain/job.ts';
import type { Refusal } from '../domain/refusal.ts';
import type { Viewer } from '../domain/viewer.ts';
import type { Unlisten } from '../engine/engine.ts';
import type { Log } from '../log.ts';
import type { Place } from '../service/connections.ts';
import { seesJob } from '../service/permissions.ts';
import type { Services } from '../service/services.ts';
import type { ServerStats } from '../service/stats.ts';
import { createStream, type Stream } from '../service/stream.ts';
import { createConnectionWatch } from './connection-watch.ts';
import { deleted } from './deleted.ts';
import { createFeeds } from './feeds.ts';
import { createOutputWatch } from './output-watch.ts';
import type { OutputPiece } from './output-watcher.ts';
import { patiently } from './patient.ts';

/** Queue position and expected wait are looked at this often; a watcher hears of them when they changed. */
const QUEUE_MS = 1000;
const STATS_MS = 1000;

/** One job watched on this process: one listener and one record, whatever the number of watchers. */
interface Topic {
  id: JobId;
  /** The newest that is known. Null: not there (yet). */
  job: Job | null;
  /** With whom each is shown it to. */
  watchers: Map<Stream<Job>, Viewer>;
  /** The place in the queue that watchers were shown. Null: none yet. */
  queue: string | null;
  ready: Promise<Unlisten>;
}

export type Watch = ReturnType<typeof createWatch>;

/**
 * What a viewer is shown of a job's changes. A job that it may not see looks like one that is not there: of an inference job that is an
 * end, of a tracked one silence.
 */
export const gateOf =
  (viewer: Viewer) =>
  (job: Job): 'show' | 'hide' | Refusal => {
    if (seesJob(viewer, job)) return 'show';
    return job.space === null ? 'hide' : noSuchJob(job.id);
  };

/** Live views: listen, then read, then stream what is newer. */
export function createWatch(services: Services, log: Log) {
  const { engine, jobs, connections, spaces, counters } = services;
  const topics = new Map<JobId, Topic>();
  const onError = (error: unknown) => log.warn({ err: error }, 'A live view could not be read; it will be tried again');
  const connectionWatch = createConnectionWatch({ engine, spaces, connections, onError });
  const outputWatch = createOutputWatch({ engine, jobs, onError });
  const feeds = createFeeds({ engine, spaces, counters, onError });
  // Who may see it may have changed.
  spaces.observe((changed) => {
    connectionWatch.look(changed);
    feeds.look(changed);
  });

  function open(id: JobId): Topic {
    const known = topics.get(id);
    if (known) return known;
    const topic: Topic = {
      id,
      job: null,
      watchers: new Map(),
      queue: null,
      ready: engine.bus.listenJob(id, (job) => news(topic, job)),
    };
    topic.ready = topic.ready.then(async (unlisten) => {
      try {
        await reread(topic);
      } catch (error) {
        unlisten();
        throw error;
      }
      return unlisten;
    });
    topics.set(id, topic);
    return topic;
  }

  function news(topic: Topic, job: Job | null): void {
    if (!job) {
      const before = topic.job;
      topic.job = null;
      // Those who heard of the end have it already. For who could not see it it never was.
      for (const [watcher, viewer] of [...topic.watchers]) {
        if (!before || gateOf(viewer)(before) !== 'hide') watcher.fail(deleted(topic.id));
      }
      return;
    }
    if (topic.job && job.revision <= topic.job.revision) return;
    topic.job = job;
    show(topic, job);
  }

  function show(topic: Topic, job: Job): void {
    for (const [watcher, viewer] of topic.watchers) showTo(watcher, viewer, job);
  }

  function showTo(watcher: Stream<Job>, viewer: Viewer, job: Job): void {
    const given = gateOf(viewer)(job);
    if (given === 'show') {
      watcher.push(job);
      if (isFinished(job)) watcher.end();
    } else if (given !== 'hide') {
      watcher.fail(given);
    }
  }

  async function reread(topic: Topic): Promise<void> {
    const before = topic.job;
    const job = await jobs.find(topic.id);
    if (job) news(topic, job);
    // One that has come meanwhile is not gone: the answer is older.
    else if (before && topic.job === before) news(topic, null);
  }

  async function rereadLater(topic: Topic): Promise<void> {
    await topic.ready;
    await patiently(
      () => reread(topic),
      () => topic.watchers.size > 0,
    );
  }

  function leave(topic: Topic, stream: Stream<Job>): void {
    if (!topic.watchers.delete(stream)) return;
    counters.watchers--;
    if (topic.watchers.size > 0) return;
    if (topics.get(topic.id) === topic) topics.delete(topic.id);
    topic.ready.then((unlisten) => unlisten()).catch(() => undefined);
  }

  /** Queued jobs move up without changing. */
  async function lookAtQueues(): Promise<void> {
    const waiting = new Map<SpaceId, Topic[]>();
    for (const topic of topics.values()) {
      if (topic.job?.status !== 'QUEUED' || topic.job.space === null) continue;
      const list = waiting.get(topic.job.space);
      if (list) list.push(topic);
      else waiting.set(topic.job.space, [topic]);
    }
    for (const [space, list] of waiting) {
      const places = await connections.places(
        space,
        list.map(({ id }) => id),
      );
      for (const topic of list) {
        const place = places.get(topic.id);
        if (!place || topic.job?.status !== 'QUEUED') continue;
        const seen = JSON.stringify(place);
        const changed = topic.queue !== null && topic.queue !== seen;
        topic.queue = seen;
        if (changed) show(topic, topic.job);
      }
    }
  }
  let looking = false;
  const ticker = setInterval(() => {
    if (looking || topics.size === 0) return;
    looking = true;
    lookAtQueues()
      .catch(onError)
      .finally(() => {
        looking = false;
      });
  }, QUEUE_MS);
  ticker.unref();

  // Messages during an outage are lost: whatever is live is read again.
  engine.onReady(() => {
    for (const topic of topics.values()) rereadLater(topic).catch(onError);
    connectionWatch.reread();
    outputWatch.reread();
  });

  return {
    /**
     * The job as it is, then as it becomes, newest only, until it is finished. An unknown tracked id waits for its first report;
     * any other unknown one is NOT_FOUND. To who may not see it a job is unknown.
     */
    async job(id: JobId, viewer: Viewer): Promise<Stream<Job>> {
      if (!isJobId(id)) throw noSuchJob(id);
      const topic = open(id);
      const stream: Stream<Job> = createStream<Job>({ keyOf: () => topic, onClose: () => leave(topic, stream) });
      topic.watchers.set(stream, viewer);
      counters.watchers++;
      const before = topic.job;
      try {
        await topic.ready;
      } catch (error) {
        leave(topic, stream);
        if (topics.get(id) === topic) topics.delete(id);
        throw error;
      }
      try {
        // Who may not see what is known may by what is stored.
        if (before && topic.job === before && !seesJob(viewer, before)) await reread(topic);
        if (!isTrackedId(id) && !(topic.job && seesJob(viewer, topic.job))) throw noSuchJob(id);
      } catch (error) {
        await stream.return?.();
        throw error;
      }
      // Who comes to a topic that is known already has heard nothing yet.
      if (before && topic.job === before) showTo(stream, viewer, before);
      return stream;
    },

    /** Streamed output from byte `after` of the attempt on, then of later ones, until the job ends. */
    async output(
      id: JobId,
      after: number,
      attempt: number | null,
      viewer: Viewer,
    ): Promise<AsyncIterableIterator<OutputPiece>> {
      if (!isJobId(id)) throw noSuchJob(id);
      counters.watchers++;
      return outputWatch.open(id, after, attempt, viewer, () => counters.watchers--);
    },

    /** See `createFeeds`. */
    jobs: feeds.open,

    /** The space's connection state as it is, then every change. */
    async connection(space: SpaceId, viewer: Viewer) {
      await spaces.require(space, 'space', viewer);
      counters.watchers++;
      return connectionWatch.open(space, viewer, () => counters.watchers--);
    },

    /** The server's figures now, then every second. */
    stats(): Stream<ServerStats> {
      const read = () => services.stats.read().then(stream.push, onError);
      const timer = setInterval(read, STATS_MS);
      timer.unref();
      const stream = createStream<ServerStats>({
        keyOf: () => 'stats',
        onClose: () => {
          clearInterval(timer);
          counters.watchers--;
        },
      });
      counters.watchers++;
      read();
      return stream;
    },

    /** A queued job was shown at this place: whoever watches it hears when that has changed. */
    shown(id: JobId, place: Place): void {
      const topic = topics.get(id);
      if (topic) topic.queue ??= JSON.stringify(place);
    },

    /** The job as it is, if it is watched on this process. */
    atHand: (id: JobId): Job | null => topics.get(id)?.job ?? null,

    /** Of this process, for tests and figures. */
    topics: () => topics.size + connectionWatch.size() + outputWatch.size(),

    stop(): void {
      clearInterval(ticker);
      connectionWatch.stop();
      feeds.stop();
    },
  };
}
