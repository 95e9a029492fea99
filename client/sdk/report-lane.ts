import { outputLengthQuery, reportOutputMutation, reportProgressMutation } from './documents.ts';
import { SpacedockError } from './errors.ts';
import type { ReportProgressInput } from './gql/graphql.ts';
import type { Ask } from './http.ts';
import { createOutputLog, type OutputLog } from './output-log.ts';
import { createReportQueue, type Report, type ReportedJob, type ReportQueueOptions } from './report-queue.ts';

/** What one report says of the progress. */
export type ProgressReport = Omit<ReportProgressInput, 'job' | 'lease' | 'attempt'>;

/** Sends one report, once. */
export type Send = (signal: AbortSignal) => Promise<ReportedJob>;

/** What of all jobs waits, in characters. */
export interface Outbox {
  size: number;
  readonly limit: number;
}

/** What a reporter has to say of one job, in order. */
export interface Lane {
  readonly idle: boolean;
  /** Begins the job: the output that follows is of a new attempt. */
  start(send: Send): Promise<ReportedJob>;
  /** Takes the place of progress that did not leave yet, with what that said and this leaves open. */
  progress(report: ProgressReport): Promise<ReportedJob>;
  /** Rejects with OUTBOX_FULL. */
  output(text: string): Promise<ReportedJob>;
  /** The last report, of so many characters. All before it is sent first, without the usual pauses. */
  end(send: Send, size: number): Promise<ReportedJob>;
  /** Asks how the job is by a report that changes nothing, unless others wait, whose replies will say it. */
  beat(): void;
  /** Pauses between reports no more. */
  hurry(): void;
  /** Resolves when nothing waits. */
  settled(): Promise<void>;
}

export interface LaneOptions extends ReportQueueOptions {
  job: string;
  ask: Ask;
  outbox: Outbox;
}

/** One attempt's output. Which one it is, and where the output begins, is asked before the first piece. */
interface Attempt {
  log: OutputLog;
  number?: number;
  lastReply?: ReportedJob;
}

interface Entry extends Report {
  attempt?: Attempt;
  progress?: ProgressReport;
  size: number;
}

export function createLane({ job, ask, outbox, ...options }: LaneOptions): Lane {
  const queue = createReportQueue<Entry>(options);
  let current: Attempt = { log: createOutputLog() };

  const isFull = (without?: Entry): boolean => outbox.size - (without?.size ?? 0) >= outbox.limit;

  function add(report: Omit<Entry, 'onGone'>): Promise<ReportedJob> {
    outbox.size += report.size;
    const onGone = () => {
      outbox.size -= report.size;
    };
    return queue.add(Object.assign(report, { onGone }));
  }

  function addProgress(report: ProgressReport): Promise<ReportedJob> {
    const replaced = isFull() ? queue.oldest('progress') : undefined;
    const entry = {
      kind: 'progress' as const,
      progress: report,
      size: sizeOf(report),
      async send(signal: AbortSignal) {
        const { reportProgress } = await ask(reportProgressMutation, { input: { job, ...entry.progress } }, signal);
        return reportProgress;
      },
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

  function addOutput(replaced?: Entry): Promise<ReportedJob> {
    const waiting = queue.open('output');
    const entry = waiting ?? outputOf(current);
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
        queue.refuse((report) => report.attempt === attempt, error);
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
    if (own.number === undefined) {
      const { attempt, outputLength } = await look(signal);
      own.number = attempt;
      own.log.startAt(outputLength);
    }
    for (let piece = own.log.next(); piece; piece = own.log.next()) {
      const sent = piece;
      try {
        const { reportOutput } = await ask(reportOutputMutation, { input: { job, ...sent } }, signal);
        own.lastReply = reportOutput;
        change(own, (log) => log.arrived(sent));
      } catch (error) {
        if (!(await wentBack(own, error as SpacedockError, signal))) throw error;
      }
    }
    return own.lastReply ?? beat(signal);
  }

  /** The server lost what it had: goes back to there, if that is at hand and the attempt is still ours. */
  async function wentBack(own: Attempt, { code, limit }: SpacedockError, signal: AbortSignal): Promise<boolean> {
    if (code !== 'OUTPUT_GAP' || limit === undefined) return false;
    const { attempt } = await look(signal);
    if (attempt === own.number && change(own, (log) => log.rewind(limit))) return true;
    own.number = undefined;
    return false;
  }

  /** A report that adds nothing: a repeat of nothing at the beginning. */
  async function beat(signal: AbortSignal): Promise<ReportedJob> {
    return (await ask(reportOutputMutation, { input: { job, offset: 0, text: '' } }, signal)).reportOutput;
  }

  return {
    get idle() {
      return queue.length === 0;
    },
    start(send) {
      current = { log: createOutputLog() };
      return add({ kind: 'start', send, size: 0 });
    },
    progress(report) {
      const waiting = queue.open('progress');
      return waiting ? joinProgress(waiting, report) : addProgress(report);
    },
    async output(text) {
      const replaced = isFull() ? queue.oldest('progress') : undefined;
      if (isFull(replaced)) {
        throw new SpacedockError(
          'OUTBOX_FULL',
          `${outbox.size} characters wait for the server: await what reportOutput returns`,
          { limit: outbox.limit },
        );
      }
      change(current, (log) => log.write(text));
      return addOutput(replaced);
    },
    end(send, size) {
      change(current, (log) => log.finish());
      if (current.log.waiting > 0) void addOutput();
      return add({ kind: 'end', send, size });
    },
    beat() {
      if (queue.length === 0) void add({ kind: 'beat', send: beat, size: 0 });
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
