import { type Attempt, createAttempt, type Fence, fenced } from './attempt.ts';
import type { Deliver } from './delivery.ts';
import { outputLengthQuery, reportOutputMutation, reportProgressMutation } from './documents.ts';
import { SpacedockError } from './errors.ts';
import type { ReportProgressInput } from './gql/graphql.ts';
import type { Ask } from './http.ts';
import type { OutputLog, OutputPiece } from './output-log.ts';
import { createReportQueue, type Report, type ReportedJob } from './report-queue.ts';

/** What one report says of the progress. */
export type ProgressReport = Omit<ReportProgressInput, 'job' | 'lease' | 'attempt'>;

/** Sends one report, once. */
export type Send = (signal: AbortSignal, fence: Fence) => Promise<ReportedJob>;

/** What of all jobs waits, in characters. */
export interface Outbox {
  size: number;
  readonly limit: number;
}

/** What a reporter has to say of one job, in order: of its latest attempt, unless another one is named. */
export interface Lane {
  readonly idle: boolean;
  /** The latest attempt. */
  readonly attempt: Attempt;
  /** Begins the job, and with it a new attempt. */
  start(send: Send): Promise<ReportedJob>;
  /** What follows is of this attempt, which others began. */
  resume(attempt: number): void;
  /** Takes the place of progress that did not leave yet, with what that said and this leaves open. */
  progress(report: ProgressReport, attempt?: Attempt): Promise<ReportedJob>;
  /** Rejects with OUTBOX_FULL. */
  output(text: string, attempt?: Attempt): Promise<ReportedJob>;
  /** The last report, of so many characters. All before it is sent first, without the usual pauses. */
  end(send: Send, size: number, attempt?: Attempt): Promise<ReportedJob>;
  /** Asks how the job is by a report that changes nothing, unless others wait, whose replies will say it. */
  beat(attempt?: Attempt): void;
  /** Pauses between reports no more. */
  hurry(): void;
  /** Resolves when nothing waits. */
  settled(): Promise<void>;
}

export interface LaneOptions {
  job: string;
  ask: Ask;
  deliver: Deliver;
  outbox: Outbox;
  /** A report was refused, or given up. */
  onRefused(error: Error): void;
}

interface Entry extends Report {
  attempt: Attempt;
  progress?: ProgressReport;
  size: number;
}

export function createLane({ job, ask, deliver, outbox, onRefused }: LaneOptions): Lane {
  const queue = createReportQueue<Entry>({
    deliver,
    onAnswer(answer, { attempt }) {
      attempt.onAnswer?.(answer);
      if (answer instanceof Error) onRefused(answer);
    },
  });
  let current = createAttempt();

  const isFull = (without?: Entry): boolean => outbox.size - (without?.size ?? 0) >= outbox.limit;

  function add(report: Omit<Entry, 'onGone'>): Promise<ReportedJob> {
    outbox.size += report.size;
    const onGone = () => {
      outbox.size -= report.size;
    };
    return queue.add(Object.assign(report, { onGone }));
  }

  /** One of the attempt that waits and is not on its way. */
  function open(kind: 'progress' | 'output', attempt: Attempt): Entry | undefined {
    const waiting = queue.open(kind);
    return waiting?.attempt === attempt ? waiting : undefined;
  }

  function replaceable(attempt: Attempt): Entry | undefined {
    const oldest = isFull() ? queue.oldest('progress') : undefined;
    return oldest?.attempt === attempt ? oldest : undefined;
  }

  function addProgress(report: ProgressReport, attempt: Attempt): Promise<ReportedJob> {
    const replaced = replaceable(attempt);
    const entry = {
      kind: 'progress' as const,
      attempt,
      progress: report,
      size: sizeOf(report),
      send: (signal: AbortSignal) =>
        fenced(attempt, async (fence) => {
          const input = { job, ...fence, ...entry.progress };
          return (await ask(reportProgressMutation, { input }, signal)).reportProgress;
        }),
    };
    const reply = add(entry);
    if (replaced) queue.replace(replaced, entry);
    return reply;
  }

  function joinProgress(entry: Entry, newer: ProgressReport): Promise<ReportedJob> {
    entry.progress = merge(entry.progress, newer);
    const size = sizeOf(entry.progress);
    outbox.size += size - entry.size;
    entry.size = size;
    return queue.join(entry);
  }

  function addOutput(attempt: Attempt, replaced?: Entry): Promise<ReportedJob> {
    const waiting = open('output', attempt);
    const entry = waiting ?? outputOf(attempt);
    const reply = waiting ? queue.join(waiting) : queue.add(entry);
    if (replaced) queue.replace(replaced, entry);
    return reply;
  }

  function outputOf(attempt: Attempt): Entry {
    return {
      kind: 'output',
      attempt,
      size: 0,
      send: (signal) => sendOutput(attempt, signal),
      onGone(error) {
        if (!error) return;
        // What follows on refused output would leave a hole that nobody sees.
        change(attempt, (log) => log.clear());
        queue.refuse((report) => report.kind === 'output' && report.attempt === attempt, error);
      },
    };
  }

  /** Changes what waits in a log, and the outbox with it. */
  function change<T>({ log }: Attempt, how: (log: OutputLog) => T): T {
    const before = log.waiting;
    const result = how(log);
    outbox.size += log.waiting - before;
    return result;
  }

  async function look(signal: AbortSignal): Promise<{ attempt: number; outputLength: number }> {
    const { job: seen } = await ask(outputLengthQuery, { id: job }, signal);
    return seen ?? { attempt: 1, outputLength: 0 };
  }

  async function sendOutput(own: Attempt, signal: AbortSignal): Promise<ReportedJob> {
    if (!own.placed && !own.over) {
      const { attempt, outputLength } = await look(signal);
      own.number ??= attempt;
      own.log.startAt(attempt === own.number ? outputLength : 0);
      own.placed = true;
    }
    for (let piece = own.log.next(); piece; piece = own.log.next()) {
      const sent = piece;
      try {
        own.lastReply = await report(own, sent, signal);
        change(own, (log) => log.arrived(sent));
      } catch (error) {
        if (!(await wentBack(own, error as SpacedockError, signal))) throw error;
      }
    }
    return own.lastReply ?? beat(own, signal);
  }

  const report = (own: Attempt, piece: OutputPiece, signal: AbortSignal): Promise<ReportedJob> =>
    fenced(own, async (fence) => {
      const { reportOutput } = await ask(reportOutputMutation, { input: { job, ...fence, ...piece } }, signal);
      return reportOutput;
    });

  /** The server lost what it had: goes back to there, if that is at hand. */
  async function wentBack(own: Attempt, { code, limit }: SpacedockError, signal: AbortSignal): Promise<boolean> {
    if (code !== 'OUTPUT_GAP' || limit === undefined) return false;
    const { attempt } = await look(signal);
    if (attempt === own.number && change(own, (log) => log.rewind(limit))) return true;
    own.placed = false;
    return false;
  }

  /** A report that adds nothing: a repeat of nothing at the beginning. */
  const beat = (own: Attempt, signal: AbortSignal) => report(own, { offset: 0, text: '' }, signal);

  return {
    get idle() {
      return queue.length === 0;
    },
    get attempt() {
      return current;
    },
    start(send) {
      const own = createAttempt();
      current = own;
      return add({ kind: 'start', attempt: own, send: (signal) => fenced(own, () => send(signal, {})), size: 0 });
    },
    resume(number) {
      current = createAttempt(number);
    },
    progress(report, attempt = current) {
      const waiting = open('progress', attempt);
      return waiting ? joinProgress(waiting, report) : addProgress(report, attempt);
    },
    async output(text, attempt = current) {
      const replaced = replaceable(attempt);
      if (isFull(replaced)) {
        throw new SpacedockError(
          'OUTBOX_FULL',
          `${outbox.size} characters wait for the server: await what reportOutput returns`,
          { limit: outbox.limit },
        );
      }
      change(attempt, (log) => log.write(text));
      return addOutput(attempt, replaced);
    },
    end(send, size, attempt = current) {
      change(attempt, (log) => log.finish());
      if (attempt.log.waiting > 0) void addOutput(attempt);
      const sendFenced = (signal: AbortSignal) => fenced(attempt, (fence) => send(signal, fence));
      return add({ kind: 'end', attempt, send: sendFenced, size });
    },
    beat(attempt = current) {
      if (queue.length === 0) void add({ kind: 'beat', attempt, send: (signal) => beat(attempt, signal), size: 0 });
    },
    hurry: queue.hurry,
    settled: queue.settled,
  };
}

/** The server keeps progress and metadata until replaced, while a message goes with its report. */
const merge = (older: ProgressReport | undefined, newer: ProgressReport): ProgressReport => ({
  ...(older?.progress !== undefined && { progress: older.progress }),
  ...(older?.metadata !== undefined && { metadata: older.metadata }),
  ...newer,
});

/** Characters of a report, roughly. */
const sizeOf = ({ message, metadata }: ProgressReport): number =>
  100 + (message?.length ?? 0) + (metadata == null ? 0 : lengthOf(metadata));

/** Characters of a value as JSON, 0 of what is none: that is refused when it is sent. */
export function lengthOf(value: unknown): number {
  try {
    return JSON.stringify(value)?.length ?? 0;
  } catch {
    return 0;
  }
}
