import { isTrackedId, type JobId } from '../domain/ids.ts';
import { isFinished, type Job } from '../domain/job.ts';
import { badInput, Refusal } from '../domain/refusal.ts';
import type { Engine, OutputChunk, Unlisten } from '../engine/engine.ts';
import type { Jobs } from '../service/jobs.ts';

export type OutputPiece = OutputChunk & { job: JobId };

/** How much of a log is read at once. */
const PIECE_BYTES = 64 * 1024;
/** Characters that wait for one watcher; beyond that it reads from the log. */
const MAX_WAITING = 256 * 1024;

/** One job whose output is watched on this process. */
interface Topic {
  id: JobId;
  /** Null: not there (yet). */
  job: Job | null;
  /** How far its log goes, as far as is known. */
  log: { attempt: number; end: number } | null;
  /** The job is over, or gone, and `log` is all there will be. */
  over: boolean;
  watchers: Set<Watcher>;
  ready: Promise<Unlisten>;
}

/** Pulls from the log, which is the truth; what is told meanwhile saves it the reading as long as it keeps up. */
interface Watcher extends AsyncIterableIterator<OutputPiece> {
  hear(chunk: OutputPiece): void;
  /** There is more to read, or the end. */
  wake(): void;
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
    const topic: Topic = { id, job: null, log: null, over: false, watchers: new Set(), ready: listen(id) };
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
    for (const watcher of topic.watchers) watcher.hear(chunk);
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
    const began = job && topic.job && job.attempt !== topic.job.attempt;
    topic.job = job;
    if (job && !isFinished(job)) {
      topic.over = false;
      // A watcher of an older attempt may have come to its end.
      if (began) wake(topic);
      return;
    }
    // Nothing is appended to a finished job: what is there now is all.
    if (job) {
      settle(topic).catch(onError);
    } else {
      topic.log = null;
      finish(topic);
    }
  }

  async function settle(topic: Topic): Promise<void> {
    await measure(topic);
    if (topic.job && isFinished(topic.job)) finish(topic);
  }

  function finish(topic: Topic): void {
    topic.over = true;
    wake(topic);
  }

  function wake(topic: Topic): void {
    for (const watcher of [...topic.watchers]) watcher.wake();
  }

  async function reread(topic: Topic): Promise<void> {
    const had = topic.job !== null;
    const job = await jobs.find(topic.id);
    await measure(topic);
    if (job) became(topic, job);
    else if (had) became(topic, null);
    wake(topic);
  }

  function leave(topic: Topic, watcher: Watcher): void {
    if (!topic.watchers.delete(watcher) || topic.watchers.size > 0) return;
    if (topics.get(topic.id) === topic) topics.delete(topic.id);
    topic.ready.then((unlisten) => unlisten()).catch(() => undefined);
  }

  function createWatcher(topic: Topic, onClose: () => void): Watcher & { begin(attempt: number, at: number): void } {
    let attempt = 0;
    let at = 0;
    let waiting: OutputPiece[] = [];
    let waitingSize = 0;
    let asking: PromiseWithResolvers<IteratorResult<OutputPiece>> | null = null;
    let stepping = false;
    let closed = false;

    function close(): void {
      if (closed) return;
      closed = true;
      waiting = [];
      leave(topic, watcher);
      onClose();
      asking?.resolve({ done: true, value: undefined });
      asking = null;
    }

    function answer(piece: OutputPiece): void {
      at = piece.end;
      const { resolve } = asking!;
      asking = null;
      resolve({ done: false, value: piece });
    }

    function forget(): void {
      waiting = [];
      waitingSize = 0;
    }

    /** Answers who asks with what comes next, if it is there. */
    async function step(): Promise<void> {
      while (asking && !closed) {
        const next = waiting.shift();
        if (next) {
          waitingSize -= next.text.length;
          if (next.attempt === attempt && next.offset === at) answer(next);
          else forget();
          continue;
        }
        const { log } = topic;
        if (log && log.attempt > attempt) {
          attempt = log.attempt;
          at = 0;
        }
        if (log && log.attempt === attempt && log.end > at) {
          const piece = await engine.output.read(topic.id, attempt, at, PIECE_BYTES);
          if (!asking || closed) return;
          // Without a piece the log is another attempt's by now.
          if (piece === null) await lookAgain(topic);
          else answer({ ...piece, job: topic.id });
          continue;
        }
        if (topic.over) close();
        return;
      }
    }

    function run(): void {
      if (stepping || !asking) return;
      stepping = true;
      step()
        .catch((error) => {
          const waiter = asking;
          asking = null;
          close();
          waiter?.reject(error);
        })
        .finally(() => {
          stepping = false;
          // Something may have come after the last look.
          if (asking && !closed && (waiting.length > 0 || topic.over || behind())) run();
        });
    }

    const behind = () =>
      topic.log !== null && (topic.log.attempt > attempt || (topic.log.attempt === attempt && topic.log.end > at));

    const watcher = {
      begin(from: number, after: number) {
        attempt = from;
        at = after;
      },
      hear(chunk: OutputPiece) {
        const last = waiting.at(-1);
        const follows = last
          ? chunk.attempt === last.attempt && chunk.offset === last.end
          : chunk.attempt === attempt && chunk.offset === at;
        if (follows && !stepping && asking) {
          answer(chunk);
          return;
        }
        if (follows && !stepping && waitingSize + chunk.text.length <= MAX_WAITING) {
          waiting.push(chunk);
          waitingSize += chunk.text.length;
        }
        run();
      },
      wake: run,
      next(): Promise<IteratorResult<OutputPiece>> {
        if (closed) return Promise.resolve({ done: true, value: undefined });
        asking = Promise.withResolvers();
        const { promise } = asking;
        run();
        return promise;
      },
      return(): Promise<IteratorResult<OutputPiece>> {
        close();
        return Promise.resolve({ done: true, value: undefined });
      },
      throw(error: unknown): Promise<IteratorResult<OutputPiece>> {
        close();
        return Promise.reject(error);
      },
      [Symbol.asyncIterator]() {
        return watcher;
      },
    };
    return watcher;
  }

  /** Where a watcher begins. Refuses what cannot be served. */
  function beginning(topic: Topic, after: number, wanted: number | null): { attempt: number; at: number } {
    const { job, log } = topic;
    const present = Math.max(job?.attempt ?? 0, log?.attempt ?? 0);
    const attempt = wanted ?? present;
    if (wanted !== null && job && wanted > present) {
      throw badInput('attempt', `job ${topic.id} is in attempt ${present}`, present);
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
    async open(id: JobId, after: number, attempt: number | null, onClose: () => void): Promise<Watcher> {
      const topic = open(id);
      const watcher = createWatcher(topic, onClose);
      topic.watchers.add(watcher);
      try {
        if (!Number.isSafeInteger(after) || after < 0) throw badInput('after', 'must be a number of UTF-8 bytes');
        if (attempt !== null && !(attempt >= 0)) throw badInput('attempt', 'must not be negative');
        await topic.ready;
        if (!topic.job && !isTrackedId(id)) {
          throw new Refusal('NOT_FOUND', `There is no job "${id.slice(0, 200)}"`, { field: 'id' });
        }
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
      for (const topic of topics.values()) topic.ready.then(() => reread(topic)).catch(onError);
    },

    size: () => topics.size,
  };
}
