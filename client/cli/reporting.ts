import { InvalidArgumentError, Option } from 'commander';
import { createProgressReporter, type Json, type ProgressReporter, type ReportedJob } from '../sdk/index.ts';
import { pause } from '../sdk/timing.ts';
import { signInOf } from './caller.ts';
import { situation } from './job-view.ts';
import { type ServerOptions, secondsFrom } from './options.ts';
import { EXIT, Problem } from './problem.ts';

/** Exit code of a job that somebody cancelled, as of those who watch it. */
export const CANCELLED = 3;

/** What may wait for a server that is away, beside `MOST_KEPT` of output. */
const OUTBOX_CHARACTERS = 24 * 1024 * 1024;

export interface ReportingOptions extends ServerOptions {
  wait: number;
}

export function waitOption(): Option {
  return new Option('--wait <seconds>', 'how long to try while the server is away')
    .default(10)
    .argParser(secondsFrom(0));
}

export function openReporter(options: ServerOptions): ProgressReporter {
  const { token } = signInOf(options);
  return createProgressReporter({ url: options.url, token, outboxCharacters: OUTBOX_CHARACTERS });
}

/** Settles with the promise; after `wait` seconds throws what to tell of a server that is away. */
export async function inTime<T>(promise: Promise<T>, { url, wait }: ReportingOptions): Promise<T> {
  const over = new AbortController();
  const late = pause(wait * 1000, over.signal).then(() => {
    throw new Problem(`${url} did not take the report within ${wait} s.`, {
      hint: 'Is the server running (spacedock serve)? Is --url or SPACEDOCK_URL its address? --wait tries longer.',
      exitCode: EXIT.unreachable,
    });
  });
  late.catch(() => {});
  try {
    return await Promise.race([promise, late]);
  } finally {
    over.abort();
  }
}

/** `RUNNING 40 % compiling: main.c` */
export function statusLine(job: ReportedJob): string {
  if (job.status === 'CANCELLING') return job.status;
  return `${job.status} ${situation({ ...job, estimatedWait: null, queuePosition: null })}`;
}

export const isCancelled = ({ status }: Pick<ReportedJob, 'status'>): boolean =>
  status === 'CANCELLING' || status === 'CANCELLED';

/** A tracked job's id. */
export function trackedId(text: string): string {
  if (/^[A-Za-z0-9_-]{1,128}$/.test(text)) return text;
  throw new InvalidArgumentError('It must be 1 to 128 of the characters A-Z a-z 0-9 _ -');
}

export function fraction(text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (value >= 0 && value <= 1) return value;
  throw new InvalidArgumentError('It must be a number from 0 to 1, such as 0.4.');
}

/** JSON where it can be read as that, else text; what begins like an object or array must be one. */
export function looseJson(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    if (/^\s*[{[]/.test(text)) throw new InvalidArgumentError(`It is not JSON: ${(error as Error).message}.`);
    return text;
  }
}

/** Writes bytes as they are, at the pace of whoever reads them. One that has gone is told of elsewhere (program.ts). */
export const passOn = (stream: NodeJS.WriteStream, bytes: Uint8Array): Promise<void> =>
  new Promise((resolve) => stream.write(bytes, () => resolve()));
