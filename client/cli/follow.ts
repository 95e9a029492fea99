import { mkdir } from 'node:fs/promises';
import { Option } from 'commander';
import { parseAddress } from '../sdk/address.ts';
import { saveFile } from '../sdk/downloads.ts';
import { type Connection, errorCode, type JobSnapshot, watchJob, watchOutput } from '../sdk/index.ts';
import { createJobView, exitCodeOf, fileLine, paintStatus } from './job-view.ts';
import { createAppNotices, tellConnection } from './notices.ts';
import { createOutputView, type OutputView } from './output-view.ts';
import { EXIT, Problem } from './problem.ts';
import { resultText, terminalResult } from './result-view.ts';
import { manyLines, oneLine, paint, printJson, seconds } from './style.ts';

export interface FollowOptions {
  /** The whole job as JSON on stdout, whatever its outcome. */
  json?: boolean;
  /** Streamed output on stdout as it comes. @default true, but for `json` */
  output?: boolean;
  /** A directory for the files of the result. */
  out?: string;
}

export const noOutputOption = () => new Option('--no-output', 'do not show streamed output');

/** What commands that follow a job say in their help. */
export const OUTCOMES = `
Following a job, stdout gets its streamed output as it comes and as it is, and then its result, unless that is the output once more; how
it goes is told on stderr. For scripts: --no-output leaves the result alone on stdout, --json the whole job, and nothing else.
Exit codes: 0 completed, 1 failed, 2 wrong usage or refused, 3 cancelled, 4 timed out,
            5 the server cannot be reached, 130 stopped watching with Ctrl-C (the job goes on)`;

/**
 * Follows a job to its end: how it goes on stderr, its result on stdout, its outcome as the exit code. Ctrl-C ends the watching
 * and not the job.
 */
export async function followJob(server: Connection, id: string, options: FollowOptions): Promise<void> {
  const stop = new AbortController();
  const interrupt = () => stop.abort();
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  try {
    const { job, output } = await watchToEnd(server, id, stop.signal, !options.json && options.output !== false);
    process.exitCode = exitCodeOf(job);
    if (options.out !== undefined) await saveFiles(server, job, options.out);
    if (options.json) return printJson(job);
    if (job.status === 'COMPLETED' && job.result !== null && !output?.isResult(job.result)) {
      output?.endLine();
      printResult(job);
    }
    if (options.out === undefined) mentionFiles(job);
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    const resume = `Watch it again: spacedock watch ${id}\nCancel it: spacedock cancel ${id}`;
    process.stderr.write(`Stopped watching; the job goes on.\n${resume}\n`);
    process.exitCode = EXIT.interrupted;
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

/** A job that has ended, and what was shown of its output. */
export interface Followed {
  job: JobSnapshot;
  output?: OutputView;
}

/** Shows a job on stderr, and its output on stdout, until it ended, its outcome last. Throws the signal's reason when that is aborted first. */
export async function watchToEnd(
  server: Connection,
  id: string,
  signal: AbortSignal,
  withOutput = false,
): Promise<Followed> {
  const view = createJobView(process.stderr);
  const say = (line: string) => view.note(paint('dim', line, process.stderr));
  const over = new AbortController();
  const app = createAppNotices(server, say, over.signal);
  const endTelling = tellConnection(server, say);
  const output = withOutput ? createOutputView(view) : undefined;
  const shown = output && showOutput(server, id, output, say, AbortSignal.any([signal, over.signal]));
  let last: JobSnapshot | undefined;
  try {
    for await (const job of watchJob(server, id, { signal })) {
      last = job;
      view.show(job);
      app.show(job);
    }
    // It ends with the job.
    await shown;
  } finally {
    over.abort();
    endTelling();
    view.close();
  }
  signal.throwIfAborted();
  if (!last) throw new Problem(`The server told nothing of ${id}.`, { exitCode: EXIT.failed });
  process.stderr.write(`${outcomeLine(last)}\n`);
  return { job: last, ...(output && { output }) };
}

async function showOutput(
  server: Connection,
  id: string,
  output: OutputView,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  try {
    for await (const chunk of watchOutput(server, id, { signal })) output.show(chunk);
  } catch (error) {
    // The job is followed to its end all the same; what is wrong with it is told there.
    if (!signal.aborted && errorCode(error) !== 'NOT_FOUND')
      say(`its output is not shown: ${(error as Error).message}`);
  }
}

function outcomeLine(job: JobSnapshot): string {
  const took = job.processingTime === null ? '' : ` after ${seconds(job.processingTime / 1000)}`;
  const confidence = job.confidence === null ? '' : `, confidence ${Math.round(job.confidence * 100)} %`;
  const error = job.error ? `: ${job.error.message} (${job.error.code})` : '';
  return `${paintStatus(job.status, process.stderr)}${took}${confidence}${manyLines(error)}`;
}

function printResult(job: JobSnapshot): void {
  if (!process.stdout.isTTY) return void process.stdout.write(`${resultText(job)}\n`);
  const { text, rest } = terminalResult(job);
  process.stdout.write(`${text}\n`);
  if (rest !== undefined) process.stderr.write(`${paint('dim', rest, process.stderr)}\n`);
}

function mentionFiles({ id, files }: JobSnapshot): void {
  for (const file of files)
    process.stderr.write(`${paint('dim', 'file', process.stderr)} ${oneLine(fileLine(file))}\n`);
  if (files.length > 0)
    process.stderr.write(`${paint('dim', `Save with: spacedock job ${id} --out DIR`, process.stderr)}\n`);
}

/** Saves the files of the result into a directory, which is made; says where each one is. */
export async function saveFiles(server: Connection, job: JobSnapshot, directory: string): Promise<void> {
  if (job.files.length === 0) return void process.stderr.write('There are no result files to save.\n');
  await mkdir(directory, { recursive: true });
  const access = { address: parseAddress(server.url), signal: undefined };
  for (const file of job.files) {
    const path = await saveFile(access, file, directory);
    process.stderr.write(`${paint('dim', 'saved', process.stderr)} ${path}\n`);
  }
}
