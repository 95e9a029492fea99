import { type Deliver, isWorthAnother } from './delivery.ts';
import type { ReportedFragment } from './gql/graphql.ts';
import { deferred } from './promises.ts';
import { pause } from './timing.ts';

/** A tracked job as the server has it after a report. */
export type ReportedJob = ReportedFragment;

/** `start` and `end` are borders: nothing after one joins what waits before it. */
export type ReportKind = 'start' | 'progress' | 'output' | 'beat' | 'end';

/** One report, or several that became one. */
export interface Report {
  readonly kind: ReportKind;
  /** Tries once. Called again after an outage: what joined it meanwhile goes along. */
  send(signal: AbortSignal): Promise<ReportedJob>;
  /** It waits no more: it was sent or replaced, or with an error refused. */
  onGone?(error?: Error): void;
}

/** The reports of one job: one is on its way at a time, so that they arrive in order. */
export interface ReportQueue<R extends Report> {
  readonly length: number;
  /** Resolves with the reply; rejects with the refusal. */
  add(report: R): Promise<ReportedJob>;
  /** One since the last border that is not on its way. */
  open(kind: ReportKind): R | undefined;
  /** The oldest one that nobody has tried to send. */
  oldest(kind: ReportKind): R | undefined;
  /** Waits for the reply to that one, too. */
  join(report: R): Promise<ReportedJob>;
  /** Takes an `oldest` out; whoever waits for it hears the reply to `instead`. */
  replace(report: R, instead: R): void;
  /** Refuses those of these that nobody has tried to send. */
  refuse(which: (report: R) => boolean, error: Error): void;
  /** Pauses between reports no more. */
  hurry(): void;
  /** Resolves when nothing waits. */
  settled(): Promise<void>;
}

export interface ReportQueueOptions<R extends Report> {
  deliver: Deliver;
  /** The reply to a report, or why there is none. */
  onAnswer(answer: ReportedJob | Error, report: R): void;
}

/** Shortest time between two of a kind. */
const EVERY_MS: Record<ReportKind, number> = { start: 0, progress: 100, output: 50, beat: 0, end: 0 };

interface Entry<R> {
  report: R;
  /** It was tried: it stays. */
  begun: boolean;
  /** It is on its way: nothing can join it. */
  sending: boolean;
  callers: PromiseWithResolvers<ReportedJob>[];
}

const isBorder = ({ report }: Entry<Report>): boolean => report.kind === 'start' || report.kind === 'end';

export function createReportQueue<R extends Report>({ deliver, onAnswer }: ReportQueueOptions<R>): ReportQueue<R> {
  const entries: Entry<R>[] = [];
  const lastAt = new Map<ReportKind, number>();
  let hurrying = false;
  let goOn = () => {};
  let running = false;
  let settled = Promise.resolve();

  async function run(): Promise<void> {
    running = true;
    // What is reported in one turn leaves together.
    await null;
    for (let entry = entries[0]; entry; entry = entries[0]) {
      await pace(entry.report.kind);
      if (entry === entries[0]) await settle(entry);
    }
    running = false;
  }

  /** Who waits for a border must not wait for the pauses before it. */
  async function pace(kind: ReportKind): Promise<void> {
    if (hurrying || entries.some(isBorder)) return;
    const wait = (lastAt.get(kind) ?? Number.NEGATIVE_INFINITY) + EVERY_MS[kind] - performance.now();
    if (wait <= 0) return;
    const stop = new AbortController();
    goOn = () => stop.abort();
    await pause(wait, stop.signal);
  }

  async function settle(entry: Entry<R>): Promise<void> {
    entry.begun = true;
    lastAt.set(entry.report.kind, performance.now());
    try {
      const reply = await deliver(async (signal) => {
        entry.sending = true;
        try {
          return await entry.report.send(signal);
        } catch (error) {
          // Only what leaves again can take more with it.
          entry.sending = !isWorthAnother(error);
          throw error;
        }
      });
      remove(entry);
      onAnswer(reply, entry.report);
      for (const { resolve } of entry.callers) resolve(reply);
    } catch (error) {
      reject(entry, error as Error);
    }
  }

  function reject(entry: Entry<R>, error: Error): void {
    remove(entry, error);
    onAnswer(error, entry.report);
    for (const caller of entry.callers) caller.reject(error);
  }

  function remove(entry: Entry<R>, error?: Error): void {
    entries.splice(entries.indexOf(entry), 1);
    entry.report.onGone?.(error);
  }

  function entryOf(report: R): Entry<R> | undefined {
    return entries.find((entry) => entry.report === report);
  }

  function join(entry: Entry<R> | undefined): Promise<ReportedJob> {
    const caller = deferred<ReportedJob>();
    // A report that nobody waits for must not end the program; onAnswer tells of its refusal.
    caller.promise.catch(() => {});
    entry?.callers.push(caller);
    return caller.promise;
  }

  return {
    get length() {
      return entries.length;
    },
    add(report) {
      const entry: Entry<R> = { report, begun: false, sending: false, callers: [] };
      entries.push(entry);
      if (isBorder(entry)) goOn();
      if (!running) settled = run();
      return join(entry);
    },
    open(kind) {
      const since = entries.slice(entries.findLastIndex(isBorder) + 1);
      return since.findLast(({ report, sending }) => report.kind === kind && !sending)?.report;
    },
    oldest: (kind) => entries.find(({ report, begun }) => report.kind === kind && !begun)?.report,
    join: (report) => join(entryOf(report)),
    replace(report, instead) {
      const entry = entryOf(report);
      if (!entry) return;
      remove(entry);
      entryOf(instead)?.callers.push(...entry.callers);
    },
    refuse(which, error) {
      for (const entry of entries.filter(({ report, begun }) => !begun && which(report))) {
        reject(entry, error);
      }
    },
    hurry() {
      hurrying = true;
      goOn();
    },
    settled: () => settled,
  };
}
