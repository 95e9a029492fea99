import type { Json } from './json.ts';
import { unlessAborted } from './promises.ts';

/** Says how far one part of the work is: 0 to 1, clamped. */
export type ReportPart<T> = (progress: number, message?: string, metadata?: Json) => T;

/** One stage while it runs. */
export interface Stage<T> {
  /** How far this stage is, from 0 to 1: it becomes the job's progress by the stage's weight. */
  report: ReportPart<T>;
  /** `each` of the job, within this stage. */
  each<I>(items: Iterable<I> | AsyncIterable<I>, options?: { total?: number }): AsyncIterable<I>;
  /** Aborted when the job is to stop. */
  signal: AbortSignal;
}

/** A pipeline of stages that make up the whole job. */
export interface Stages<N extends string, T> {
  /** Runs one of the stages: the job's progress goes from where the stage begins to where it ends. A stage may run again. */
  run<R>(name: N, work: (stage: Stage<T>) => R | Promise<R>): Promise<R>;
}

export interface StagesOptions<T> {
  signal: AbortSignal;
  report(stage: string, progress: number, message?: string, metadata?: Json): T;
}

/** @param weights how much of the whole each stage is, in their order. Throws a TypeError that names the wrong one. */
export function createStages<N extends string, T>(
  weights: Record<N, number>,
  { signal, report }: StagesOptions<T>,
): Stages<N, T> {
  const entries = Object.entries<number>(weights);
  for (const [name, weight] of entries) {
    if (!(weight > 0 && Number.isFinite(weight))) {
      throw new TypeError(`The weight of stage "${name}" must be a number above 0, not ${weight}`);
    }
  }
  const total = entries.reduce((sum, [, weight]) => sum + weight, 0);

  return {
    async run(name, work) {
      const index = entries.findIndex(([known]) => known === name);
      const entry = entries[index];
      if (!entry) {
        throw new TypeError(`There is no stage "${name}"; there are ${entries.map(([known]) => known).join(', ')}`);
      }
      signal.throwIfAborted();
      const before = entries.slice(0, index).reduce((sum, [, weight]) => sum + weight, 0);
      const part: ReportPart<T> = (progress, message, metadata) => {
        if (Number.isNaN(progress)) throw new TypeError('progress must be a number from 0 to 1; it is NaN');
        const done = Math.min(1, Math.max(0, progress)) * entry[1];
        return report(name, (before + done) / total, message, metadata);
      };
      part(0);
      const result = await work({
        report: part,
        signal,
        each: (items, options) => countEach(items, { ...options, signal, report: part }),
      });
      part(1);
      return result;
    },
  };
}

export interface EachOptions {
  signal: AbortSignal;
  /** How many items there are. @default that of an array, a Set or a Map; else unknown */
  total?: number;
  report(progress: number | undefined, message: string): unknown;
}

/** Gives the items on, and tells how many are done. Throws the signal's reason, also while it waits for an item. */
export async function* countEach<I>(
  items: Iterable<I> | AsyncIterable<I>,
  { signal, total = sizeOf(items), report }: EachOptions,
): AsyncGenerator<I, void, undefined> {
  const iterator = iteratorOf(items);
  let done = 0;
  const tell = () =>
    total === undefined ? report(undefined, `${done}`) : report(total === 0 ? 1 : done / total, `${done} of ${total}`);
  let finished = false;
  try {
    tell();
    for (;;) {
      signal.throwIfAborted();
      const { done: ended, value } = await unlessAborted(Promise.resolve(iterator.next()), signal);
      finished = ended === true;
      if (finished) return;
      yield value as I;
      done++;
      tell();
    }
  } finally {
    // Not waited for: a generator that is blocked hears of it only when it goes on.
    if (!finished) void Promise.resolve(iterator.return?.()).catch(() => {});
  }
}

function iteratorOf<I>(items: Iterable<I> | AsyncIterable<I>): Iterator<I> | AsyncIterator<I> {
  return Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
}

function sizeOf(items: object): number | undefined {
  if (Array.isArray(items)) return items.length;
  return items instanceof Set || items instanceof Map ? items.size : undefined;
}
