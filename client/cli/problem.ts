import { CommanderError } from 'commander';
import { errorCode } from '../sdk/index.ts';
import { manyLines, paint } from './style.ts';

/** Exit codes, beside those by which a job's outcome is told. */
export const EXIT = { failed: 1, usage: 2, unreachable: 5, replaced: 6, interrupted: 130, brokenPipe: 141 } as const;

/** Something a person can put right, with what to do next. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly hint?: string;
  readonly exitCode: number;

  constructor(message: string, { hint, exitCode = EXIT.usage }: { hint?: string; exitCode?: number } = {}) {
    super(message);
    if (hint !== undefined) this.hint = hint;
    this.exitCode = exitCode;
  }
}

/** What a command was given as its arguments: hints name it. */
export interface Subject {
  space?: string;
  job?: string;
}

/** What to do next, by the server's code. */
const HINTS: Partial<Record<string, string | ((subject: Required<Subject>) => string)>> = {
  CONNECTION_LOST: 'Is the server running (spacedock serve)? Is --url or SPACEDOCK_URL its address?',
  NOT_FOUND: 'List what there is with: spacedock space list',
  SPACE_NOT_CONNECTED: ({ space }) =>
    `Start an app for it (spacedock app --spaces ${space}), or let jobs wait: spacedock space update ${space} --when-offline queue`,
  QUEUE_FULL: ({ space }) => `Try again later, add an app, or raise it: spacedock space update ${space} --max-queued N`,
  INPUT_NOT_ACCEPTED: 'See what the space takes: spacedock space list --json',
  FILE_TYPE_NOT_ACCEPTED: 'See what the space takes: spacedock space list --json',
  FILE_TOO_LARGE: ({ space }) => `Send a smaller file, or raise it: spacedock space update ${space} --max-bytes SIZE`,
  ALREADY_EXISTS: ({ space }) => `Choose another id, or change it with: spacedock space update ${space}`,
  JOB_FINISHED: ({ job }) =>
    job.includes('.')
      ? `A finished job does not change; run it once more with: spacedock retry ${job}`
      : `A finished job does not change; begin it anew with: spacedock report ${job} --restart`,
  LEASE_LOST: 'Its job was begun anew elsewhere, and goes on there: what this run does is not reported.',
  SERVER_DRAINING: 'The server is about to restart: try again in a moment.',
  INTERNAL_SERVER_ERROR: 'The server has logged what went wrong.',
};

/** What to do next depends on more than the code: from now on this. */
export function setHints(hints: Partial<Record<string, string>>): void {
  Object.assign(HINTS, hints);
}

const EXIT_CODES: Partial<Record<string, number>> = { CONNECTION_LOST: EXIT.unreachable, LEASE_LOST: EXIT.replaced };

export interface Explanation {
  message: string;
  hint?: string;
  exitCode: number;
}

/** The space that a job's id begins with; undefined for a tracked job. */
function spaceOf(job: string | undefined): string | undefined {
  return job?.includes('.') ? job.slice(0, job.indexOf('.')) : undefined;
}

function hintFor(code: string, { job, space = spaceOf(job) }: Subject): string | undefined {
  if (code === 'NOT_FOUND' && job !== undefined) return noSuchJobHint(job);
  const hint = HINTS[code];
  return typeof hint === 'function' ? hint({ space: space ?? 'SPACE', job: job ?? 'JOB' }) : hint;
}

/** Why a job may not be there, and where to look. */
export function noSuchJobHint(job: string): string {
  const space = spaceOf(job);
  if (space === undefined) {
    return 'Nobody has reported on it yet, or it ended and was deleted, which the server does after TRACKED_SECONDS. List those that are there with: spacedock jobs';
  }
  return `Finished jobs are deleted after the retention of their space, and those of others are not shown. List those that are there with: spacedock jobs ${space}`;
}

/** Turns whatever was thrown into what a person needs. */
export function explain(error: unknown, subject: Subject = {}): Explanation {
  if (error instanceof Problem)
    return { message: error.message, exitCode: error.exitCode, ...(error.hint && { hint: error.hint }) };
  const message = error instanceof Error ? error.message : String(error);
  const code = errorCode(error);
  if (code === undefined)
    return { message, hint: 'Run it again with --debug to see where this comes from.', exitCode: EXIT.usage };
  const hint = hintFor(code, subject);
  return {
    message: code === 'CONNECTION_LOST' ? message : `${message} (${code})`,
    exitCode: EXIT_CODES[code] ?? EXIT.usage,
    ...(hint && { hint }),
  };
}

/** Writes it to stderr and sets the exit code. */
export function reportProblem(error: unknown, { debug, subject }: { debug: boolean; subject: Subject }): void {
  if (error instanceof CommanderError) {
    // Commander has said what is wrong; help and the version are no errors.
    process.exitCode = error.exitCode === 0 ? 0 : EXIT.usage;
    return;
  }
  const { message, hint, exitCode } = explain(error, subject);
  process.stderr.write(`${paint('red', 'error:', process.stderr)} ${manyLines(message)}\n`);
  if (hint) process.stderr.write(`${paint('dim', hint, process.stderr)}\n`);
  if (debug && error instanceof Error)
    process.stderr.write(`${error.stack}\n${error.cause ? `caused by ${error.cause}\n` : ''}`);
  process.exitCode = exitCode;
}
