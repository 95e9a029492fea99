import { mkdir } from 'node:fs/promises';
import { parseAddress } from '../sdk/address.ts';
import { saveFile } from '../sdk/downloads.ts';
import { type Connection, type JobSnapshot, watchJob } from '../sdk/index.ts';
import { createJobView, exitCodeOf, paintStatus, resultText } from './job-view.ts';
import { EXIT, Problem } from './problem.ts';
import { manyLines, paint, printJson, seconds } from './style.ts';

export interface FollowOptions {
  /** The whole job as JSON on stdout, whatever its outcome. */
  json?: boolean;
  /** A directory for the files of the result. */
  out?: string;
}

/** What commands that follow a job say in their help. */
export const OUTCOMES = `
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
    const job = await watchToEnd(server, id, stop.signal);
    process.exitCode = exitCodeOf(job);
    if (options.out !== undefined && job.files.length > 0) await download(server, job, options.out);
    if (options.json) printJson(job);
    else if (job.status === 'COMPLETED' && job.result !== null) {
      process.stdout.write(`${process.stdout.isTTY ? manyLines(resultText(job)) : resultText(job)}\n`);
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    const resume = `Watch it again: spacedock watch ${id}\nCancel it: spacedock cancel ${id}`;
    process.stderr.write(`Stopped watching; the job goes on.\n${resume}\n`);
    process.exitCode = EXIT.interrupted;
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

/** Shows a job on stderr until it ended, its outcome last. Throws the signal's reason when that is aborted first. */
export async function watchToEnd(server: Connection, id: string, signal: AbortSignal): Promise<JobSnapshot> {
  const view = createJobView(process.stderr);
  let last: JobSnapshot | undefined;
  try {
    for await (const job of watchJob(server, id, { signal })) {
      last = job;
      view.show(job);
    }
  } finally {
    view.close();
  }
  signal.throwIfAborted();
  if (!last) throw new Problem(`The server told nothing of ${id}.`, { exitCode: EXIT.failed });
  process.stderr.write(`${outcomeLine(last)}\n`);
  return last;
}

function outcomeLine(job: JobSnapshot): string {
  const took = job.processingTime === null ? '' : ` after ${seconds(job.processingTime / 1000)}`;
  const confidence = job.confidence === null ? '' : `, confidence ${Math.round(job.confidence * 100)} %`;
  const error = job.error ? `: ${job.error.message} (${job.error.code})` : '';
  return `${paintStatus(job.status, process.stderr)}${took}${confidence}${manyLines(error)}`;
}

async function download(server: Connection, job: JobSnapshot, directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  const access = { address: parseAddress(server.url), token: undefined, signal: undefined };
  for (const file of job.files) {
    const path = await saveFile(access, file, directory);
    process.stderr.write(`${paint('dim', 'saved', process.stderr)} ${path}\n`);
  }
}
