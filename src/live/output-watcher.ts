import { setTimeout as pass } from 'node:timers/promises';
import type { JobId } from '../domain/ids.ts';
import { EngineUnavailable, type Output, type OutputChunk } from '../engine/engine.ts';

export type OutputPiece = OutputChunk & { job: JobId };

/** How much of a log is read at once. */
const PIECE_BYTES = 64 * 1024;
/** What cannot be read while the storage is away is tried again after this. */
const RETRY_MS = 500;
/** Characters that wait for one watcher; beyond that it reads from the log. */
const MAX_WAITING = 256 * 1024;

/** One job whose output is watched on this process. */
export interface OutputTopic {
  id: JobId;
  /** How far its log goes, as far as is known. */
  log: { attempt: number; end: number } | null;
  /** The job is over, or gone, and `log` is all there will be; with what its watchers are told instead of an end. */
  over: { error?: unknown } | null;
}

/** Pulls from the log, which is the truth; what is told meanwhile saves it the reading as long as it keeps up. */
export interface OutputWatcher extends AsyncIterableIterator<OutputPiece> {
  /** Where it begins; before it is asked. */
  begin(attempt: number, at: number): void;
  hear(chunk: OutputPiece): void;
  /** There is more to read, or the end. */
  wake(): void;
  /** Ends it, with what it throws. */
  fail(error: unknown): void;
}

export interface OutputWatcherParts {
  topic: OutputTopic;
  output: Output;
  /** Nothing of it is to be shown, now. */
  hidden(): boolean;
  /** The log that was there is not any more. */
  lookAgain(): Promise<void>;
  onClose(): void;
}

/** One who reads a job's output, at its own place. */
export function createOutputWatcher({ topic, output, hidden, lookAgain, onClose }: OutputWatcherParts): OutputWatcher {
  let attempt = 0;
  let at = 0;
  let waiting: OutputPiece[] = [];
  let waitingSize = 0;
  let asking: PromiseWithResolvers<IteratorResult<OutputPiece>> | null = null;
  let stepping = false;
  let closed = false;

  function close(error?: unknown): void {
    if (closed) return;
    closed = true;
    waiting = [];
    onClose();
    if (error === undefined) asking?.resolve({ done: true, value: undefined });
    else asking?.reject(error);
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
    while (asking && !closed && !hidden()) {
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
        await read();
        continue;
      }
      if (topic.over) close(topic.over.error);
      return;
    }
  }

  /** Whoever reads on goes on when the storage is back. */
  async function read(): Promise<void> {
    try {
      const piece = await output.read(topic.id, attempt, at, PIECE_BYTES);
      if (!asking || closed) return;
      // The log is another attempt's by now, or has lost its end with the storage.
      if (piece === null || piece.end <= at) await lookAgain();
      else answer({ ...piece, job: topic.id });
    } catch (error) {
      if (!(error instanceof EngineUnavailable)) throw error;
      await pass(RETRY_MS, undefined, { ref: false });
    }
  }

  function run(): void {
    if (stepping || !asking) return;
    stepping = true;
    step()
      .catch(close)
      .finally(() => {
        stepping = false;
        // Something may have come after the last look.
        if (asking && !closed && !hidden() && (waiting.length > 0 || topic.over !== null || behind())) run();
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
      if (follows && !stepping && asking && !hidden()) {
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
    fail: close,
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
