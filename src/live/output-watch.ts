import { isTrackedId, type JobId, noSuchJob } from '../domain/ids.ts';
import { isFinished, type Job } from '../domain/job.ts';
import { badInput, Refusal } from '../domain/refusal.ts';
import type { Viewer } from '../domain/viewer.ts';
import type { Engine, Unlisten } from '../engine/engine.ts';
import type { Jobs } from '../service/jobs.ts';
import { seesJob } from '../service/permissions.ts';
import { deleted } from './deleted.ts';
import { createOutputWatcher, type OutputPiece, type OutputTopic, type OutputWatcher } from './output-watcher.ts';
import { patiently } from './patient.ts';

interface Topic extends OutputTopic {
  /** Null: not there (yet). */
  job: Job | null;
  /** With whom each shows it to. */
  watchers: Map<OutputWatcher, Viewer>;
  ready: Promise<Unlisten>;
}

export interface OutputWatchParts {
  engine: Engine;
  jobs: Jobs;
  onError(error: unknown): void;
}

export function createOutputWatch({ engine, jobs, onError }: OutputWatchParts) {
  const topics = new Map<JobId, Topic>();

  function open(id: JobId): Topic {
    const known = topics.get(id);
    if (known) return known;
    const topic: Topic = { id, job: null, log: null, over: null, watchers: new Map(), ready: listen(id) };
    topics.set(id, topic);
    return topic;
  }

  async function listen(id: JobId): Promise<Unlisten> {
    // The topic is in the map by then.
    await null;
    const topic = topics.get(id)!;
    const unlistens: Unlisten[] = [];
    const unlisten = () => {
      for (const each of unlistens) each();
    };
    try {
      unlistens.push(await engine.bus.listenOutput(id, (chunk) => appended(topic, { ...chunk, job: id })));
      unlistens.push(await engine.bus.listenJob(id, (job) => became(topic, job)));
      await reread(topic);
    } catch (error) {
      unlisten();
      throw error;
    }
    return unlisten;
  }

  function appended(topic: Topic, chunk: OutputPiece): void {
    if (!extended(topic, chunk)) return;
    for (const watcher of topic.watchers.keys()) watcher.hear(chunk);
  }

  /** Takes a log to be so long, unless it is known to be longer: an answer may be older than what was told meanwhile. */
  function extended(topic: Topic, log: { attempt: number; end: number } | null): boolean {
    const known = topic.log;
    if (!log) return false;
    if (known && (log.attempt < known.attempt || (log.attempt === known.attempt && log.end <= known.end))) return false;
    topic.log = { attempt: log.attempt, end: log.end };
    return true;
  }

  /** The log that was there is not any more: another attempt's stands there, or none. */
  async function lookAgain(topic: Topic): Promise<void> {
    const log = await engine.output.length(topic.id);
    if (!extended(topic, log)) topic.log = log;
  }

  const measure = async (topic: Topic) => extended(topic, await engine.output.length(topic.id));

  function became(topic: Topic, job: Job | null): void {
    if (job && topic.job && job.revision < topic.job.revision) return;
    const before = topic.job;
    const began = job && before && job.attempt !== before.attempt;
    topic.job = job;
    if (job) dismiss(topic, job);
    if (job && !isFinished(job)) {
      topic.over = null;
      // A watcher of an older attempt may have come to its end.
      if (began) wake(topic);
      return;
    }
    // Nothing is appended to a finished job: what is there now is all.
    if (job) {
      settle(topic).catch(onError);
    } else {
      topic.log = null;
      forget(topic, before);
    }
  }

  /** The job is gone. For who could not see it it never was: a tracked one may still begin. */
  function forget(topic: Topic, before: Job | null): void {
    const error = before && !isFinished(before) ? deleted(topic.id) : undefined;
    const blind = (viewer: Viewer) => before !== null && !seesJob(viewer, before);
    if (![...topic.watchers.values()].some(blind)) {
      finish(topic, error);
      return;
    }
    topic.over = null;
    for (const [watcher, viewer] of [...topic.watchers]) if (!blind(viewer)) watcher.fail(error);
  }

  /** An inference job that a viewer may not see any more is not there for it. */
  function dismiss(topic: Topic, job: Job): void {
    if (job.space === null) return;
    for (const [watcher, viewer] of [...topic.watchers]) if (!seesJob(viewer, job)) watcher.fail(noSuchJob(job.id));
  }

  const isWatched = ({ watchers }: Topic) => watchers.size > 0;

  async function settle(topic: Topic): Promise<void> {
    await patiently(
      () => measure(topic),
      () => isWatched(topic),
    );
    if (topic.job && isFinished(topic.job)) finish(topic);
  }

  function finish(topic: Topic, error?: unknown): void {
    topic.over = { error };
    wake(topic);
  }

  function wake(topic: Topic): void {
    for (const watcher of [...topic.watchers.keys()]) watcher.wake();
  }

  async function reread(topic: Topic): Promise<void> {
    const had = topic.job !== null;
    const job = await jobs.find(topic.id);
    await measure(topic);
    if (job) became(topic, job);
    else if (had) became(topic, null);
    wake(topic);
  }

  async function rereadLater(topic: Topic): Promise<void> {
    await topic.ready;
    await patiently(
      () => reread(topic),
      () => isWatched(topic),
    );
  }

  function leave(topic: Topic, watcher: OutputWatcher): void {
    if (!topic.watchers.delete(watcher) || topic.watchers.size > 0) return;
    if (topics.get(topic.id) === topic) topics.delete(topic.id);
    topic.ready.then((unlisten) => unlisten()).catch(() => undefined);
  }

  /** Whether what is known goes as far as what a watcher has seen. */
  function reaches({ job, log }: Topic, after: number, wanted: number | null): boolean {
    const present = Math.max(job?.attempt ?? 0, log?.attempt ?? 0);
    if (wanted !== null && present !== wanted) return present > wanted;
    return after <= (log?.attempt === present ? log.end : 0);
  }

  /** Where a watcher begins. Refuses what cannot be served. */
  function beginning(
    { id, job, log }: Pick<Topic, 'id' | 'job' | 'log'>,
    after: number,
    wanted: number | null,
  ): { attempt: number; at: number } {
    const present = Math.max(job?.attempt ?? 0, log?.attempt ?? 0);
    const attempt = wanted ?? present;
    if (wanted !== null && job && wanted > present) {
      throw badInput('attempt', `job ${id} is in attempt ${present}`, present);
    }
    if (log && log.attempt > attempt) {
      throw new Refusal(
        'OUTPUT_TRUNCATED',
        `The output of attempt ${attempt} is gone; attempt ${log.attempt} has begun`,
        {
          field: 'attempt',
          limit: log.attempt,
        },
      );
    }
    const end = log?.attempt === attempt ? log.end : 0;
    if (after > end) throw badInput('after', `the output of attempt ${attempt} has ${end} bytes`, end);
    return { attempt, at: after };
  }

  return {
    /** To who may not see it an inference job is unknown, and a tracked one has not begun. */
    async open(
      id: JobId,
      after: number,
      attempt: number | null,
      viewer: Viewer,
      onClose: () => void,
    ): Promise<OutputWatcher> {
      const topic = open(id);
      const watcher: OutputWatcher = createOutputWatcher({
        topic,
        output: engine.output,
        hidden: () => (topic.job ? !seesJob(viewer, topic.job) : topic.over === null),
        lookAgain: () => lookAgain(topic),
        onClose: () => {
          leave(topic, watcher);
          onClose();
        },
      });
      topic.watchers.set(watcher, viewer);
      try {
        if (!Number.isSafeInteger(after) || after < 0) throw badInput('after', 'must be a number of UTF-8 bytes');
        if (attempt !== null && !(attempt >= 0)) throw badInput('attempt', 'must not be negative');
        await topic.ready;
        const hidden = topic.job !== null && !seesJob(viewer, topic.job);
        if ((!topic.job || hidden) && !isTrackedId(id)) throw noSuchJob(id);
        if (hidden) {
          beginning({ id, job: null, log: null }, after, attempt);
          return watcher;
        }
        // Its client may have seen more, told by another process.
        if (!reaches(topic, after, attempt)) await reread(topic);
        const from = beginning(topic, after, attempt);
        watcher.begin(from.attempt, from.at);
        return watcher;
      } catch (error) {
        await watcher.return?.();
        throw error;
      }
    },

    /** After an outage, in which messages were lost. */
    reread(): void {
      for (const topic of topics.values()) rereadLater(topic).catch(onError);
    },

    size: () => topics.size,
  };
}
