import { SingleBar } from 'cli-progress';
import type { JobSnapshot } from '../sdk/index.ts';
import { resultText, terminalResult } from './result-view.ts';
import { bytes, manyLines, oneLine, paint, seconds } from './style.ts';

type Format = Parameters<typeof paint>[0];

const COLOURS: Record<JobSnapshot['status'], Format> = {
  QUEUED: 'yellow',
  RUNNING: 'cyan',
  CANCELLING: 'yellow',
  COMPLETED: 'green',
  FAILED: 'red',
  CANCELLED: 'magenta',
  TIMED_OUT: 'red',
};

/** Exit codes of `submit --watch` and `watch`; 0 to a job that has not ended. */
const EXIT_CODES: Partial<Record<JobSnapshot['status'], number>> = { FAILED: 1, CANCELLED: 3, TIMED_OUT: 4 };

export function exitCodeOf(job: JobSnapshot): number {
  return EXIT_CODES[job.status] ?? 0;
}

export function paintStatus(status: JobSnapshot['status'], stream: NodeJS.WriteStream): string {
  return paint(COLOURS[status], status, stream);
}

/** Where a job stands, in words: `place 2 in the queue, starts in about 4 to 10 s`, `40 % recognizing: page 1`. */
export function situation(
  job: Pick<JobSnapshot, 'status' | 'estimatedWait' | 'queuePosition' | 'progress' | 'stage' | 'message'>,
): string {
  if (job.status === 'QUEUED') {
    const wait = job.estimatedWait;
    const place = job.queuePosition === null ? 'in the queue' : `place ${job.queuePosition} in the queue`;
    return wait ? `${place}, starts in about ${range(wait)}` : place;
  }
  if (job.status === 'CANCELLING') return 'waiting for the work to stop';
  const percent = `${Math.round(job.progress * 100)} %`;
  const words = [job.stage, job.message].filter(Boolean).map((text) => oneLine(text as string));
  return [percent, words.join(': ')].filter(Boolean).join(' ');
}

function range({ low, high }: { low: number; high: number }): string {
  const [least, most] = [Math.round(low), Math.round(high)];
  return least === most ? seconds(most) : `${least} to ${seconds(most)}`;
}

/** Everything about a job for a person to read. */
export function jobCard(job: JobSnapshot, stream: NodeJS.WriteStream = process.stdout): string {
  const rows: [string, string | null | undefined][] = [
    ['Status', `${paintStatus(job.status, stream)} ${isOver(job) ? '' : situation(job)}`.trim()],
    ['Space', job.space && `${job.space.id} (${job.space.title})`],
    ['Title', job.title],
    ['Prompt', job.input?.prompt],
    ['Parameters', job.input?.parameters ? JSON.stringify(job.input.parameters) : null],
    ['Files', job.input?.files.map(fileLine).join(', ')],
    ['App', job.app?.name],
    ['Submitted by', job.submitter?.name],
    ['Attempt', job.attempt > 1 ? String(job.attempt) : null],
    ['Priority', job.priority === 0 ? null : String(job.priority)],
    ['Created', job.createdAt],
    ['Started', job.startedAt],
    ['Finished', job.finishedAt],
    ['Took', job.processingTime === null ? null : seconds(job.processingTime / 1000)],
    ['Kept until', job.keptUntil],
    ['Confidence', job.confidence === null ? null : `${Math.round(job.confidence * 100)} %`],
    ['Error', job.error && `${job.error.code}: ${job.error.message}`],
    ['Cancelled', job.cancellation && cancellationLine(job.cancellation)],
    ['Result', job.result === null ? null : shownResult(job, stream)],
    ['Result files', job.files.map(fileLine).join(', ')],
  ];
  const shown = rows.filter((row): row is [string, string] => Boolean(row[1]));
  const width = Math.max(...shown.map(([label]) => label.length)) + 2;
  const body = shown.map(([label, value]) => {
    const text = label === 'Status' ? value : manyLines(value);
    return paint('dim', label.padEnd(width), stream) + text.replaceAll('\n', `\n${' '.repeat(width)}`);
  });
  const events = job.events.map((event) =>
    `  ${event.at}  ${event.status.padEnd(10)}  ${oneLine([event.stage, event.message].filter(Boolean).join(': '))}`.trimEnd(),
  );
  return [paint('bold', job.id, stream), ...body, paint('dim', 'What happened', stream), ...events].join('\n');
}

/** Whole in a pipe; on a terminal short, with how to get the rest. */
function shownResult(job: JobSnapshot, stream: NodeJS.WriteStream): string {
  if (!stream.isTTY) return resultText(job);
  const { text, rest } = terminalResult(job);
  return rest === undefined ? text : `${text}\n\n${rest}`;
}

export function fileLine(file: { name: string; type: string; size: number }): string {
  return `${file.name} (${file.type}, ${bytes(file.size)})`;
}

function cancellationLine(cancellation: NonNullable<JobSnapshot['cancellation']>): string {
  const { requestedAt, deliveredAt, confirmedAt } = cancellation;
  return [`asked ${requestedAt}`, deliveredAt && `delivered ${deliveredAt}`, confirmedAt && `confirmed ${confirmedAt}`]
    .filter(Boolean)
    .join(', ');
}

export function isOver(job: Pick<JobSnapshot, 'finishedAt'>): boolean {
  return job.finishedAt !== null;
}

/** Shows a job as it changes, until it ends: how it ended is for others to say. */
export interface JobView {
  show(job: JobSnapshot): void;
  /** Says something beside the job, on a line of its own that stays. */
  note(line: string): void;
  /** Writes output to the terminal, as it comes: the bar steps aside while a line is unfinished. */
  text(text: string): void;
  /** Leaves the terminal as it should be; nothing is shown after it. */
  close(): void;
}

/** A bar on a terminal, a line for each change anywhere else. */
export function createJobView(stream: NodeJS.WriteStream): JobView {
  return stream.isTTY ? barView(stream) : lineView(stream);
}

function lineView(stream: NodeJS.WriteStream): JobView {
  let last = '';
  let inLine = false;

  function endLine(): void {
    if (inLine) process.stdout.write('\n');
    inLine = false;
  }

  return {
    show(job) {
      const line = `${job.status} ${situation(job)}`;
      if (line !== last && !isOver(job)) stream.write(`${line}\n`);
      last = line;
    },
    note(line) {
      endLine();
      stream.write(`${line}\n`);
    },
    text(text) {
      process.stdout.write(text);
      inLine = !text.endsWith('\n');
    },
    close: endLine,
  };
}

function barView(stream: NodeJS.WriteStream): JobView {
  const bar = new SingleBar({
    stream,
    hideCursor: true,
    gracefulExit: false,
    clearOnComplete: true,
    barsize: 24,
    format: (options, { progress }, { job }: { job: JobSnapshot }) => {
      const done = Math.round(progress * (options.barsize ?? 24));
      const drawn = job.status === 'QUEUED' ? '' : `${'█'.repeat(done)}${'░'.repeat((options.barsize ?? 24) - done)} `;
      // A line that wraps cannot be drawn over.
      const words = situation(job).slice(
        0,
        Math.max(10, (stream.columns || 80) - drawn.length - job.status.length - 2),
      );
      return `${paintStatus(job.status, stream)} ${paint('cyan', drawn, stream)}${words}`;
    },
  });
  let last: JobSnapshot | undefined;
  let drawn = false;
  let inLine = false;

  function draw(): void {
    if (!last || inLine) return;
    if (drawn) bar.update(last.progress, { job: last });
    else bar.start(1, last.progress, { job: last });
    drawn = true;
  }

  function clear(): void {
    if (drawn) bar.stop();
    drawn = false;
  }

  function text(text: string): void {
    if (text === '') return;
    clear();
    process.stdout.write(text);
    inLine = !text.endsWith('\n');
    draw();
  }

  return {
    show(job) {
      last = job;
      draw();
    },
    note(line) {
      clear();
      stream.write(`${inLine ? '\n' : ''}${line}\n`);
      inLine = false;
      draw();
    },
    text,
    close() {
      clear();
      if (inLine) process.stdout.write('\n');
    },
  };
}
