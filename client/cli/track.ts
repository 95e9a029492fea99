import { basename } from 'node:path';
import { StringDecoder } from 'node:string_decoder';
import type { Command } from 'commander';
import { errorCode, JobFailure, type ProgressReporter, type Tracked } from '../sdk/index.ts';
import { pause } from '../sdk/timing.ts';
import { type RunningCommand, shellCode, startCommand } from './command.ts';
import { createLineFilter } from './line-filter.ts';
import { secondsFrom, talksToServer } from './options.ts';
import { createOutputPump } from './output-pump.ts';
import { EXIT, explain } from './problem.ts';
import { describeEnding, type Ending, STDERR_TAIL_CHARS } from './process-group.ts';
import { mayBeProgress, progressIn } from './program-output.ts';
import { CANCELLED, openReporter, passOn, type ReportingOptions, trackedId, waitOption } from './reporting.ts';
import { oneLine, paint } from './style.ts';

interface TrackOptions extends ReportingOptions {
  title?: string;
  stage: string;
  killAfter: number;
  yield?: boolean;
}

const HELP = `
What the command writes goes to the terminal as usual, and to the output of the job. A line "::progress 0.4 stage message" on its
stdout is progress, and no output. Its exit code tells whether the job completed or failed, and is passed on (127: there is no such
command). In its environment SPACEDOCK_JOB is the id of the job.

  spacedock track nightly --title 'Nightly build' -- make build
  spacedock watch nightly                                          # from anywhere

Somebody cancels the job: SIGTERM to the command and all that it started, SIGKILL to what is left after --kill-after; exit code 3.
Another run begins the job anew, as an overlapping cron job: the command goes on, but nothing of it is reported any more, which is
said on stderr; with --yield it is stopped in the same way; exit code 6.
Ctrl-C and other signals are passed on. A server that is away changes nothing for the command: what it says is kept for a server that
comes back while it runs, and for --wait seconds after its end.`;

/** Before this much silence nobody is told that the server is away. */
const QUIET_MS = 3000;
/** SIGPIPE comes from our own stdout, with each write (program.ts). */
const PASSED_ON = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGPIPE'] as const;

export function addTrackCommand(program: Command): void {
  talksToServer(program.command('track'))
    .argument('<job>', 'its id, your choice: A-Z a-z 0-9 _ -', trackedId)
    .argument('<command...>', 'what to run, after --')
    .description('run a command that others watch as a job')
    .usage('[options] <job> -- <command...>')
    .option('--title <title>', 'what it is, for people; default: the name of the command')
    .option('--stage <stage>', 'until the command names one', 'running')
    .option('--kill-after <seconds>', 'from SIGTERM to SIGKILL when the job is cancelled', secondsFrom(0), 5)
    .option('--yield', 'stop the command when another run begins the job anew')
    .addOption(waitOption())
    .addHelpText('after', HELP)
    .action(track);
}

async function track(job: string, words: string[], options: TrackOptions): Promise<void> {
  const reporter = openReporter(options);
  let refusal: Error | undefined;
  const output = createOutput(reporter, job, options.stage, (error) => errorCode(error) === errorCode(refusal));
  note(`Job ${job}; watch it with: spacedock watch ${job}`);
  const command = startCommand({
    words,
    // What it reports itself is to come from the same.
    env: { SPACEDOCK_JOB: job, SPACEDOCK_URL: options.url, ...(options.token && { SPACEDOCK_TOKEN: options.token }) },
    killAfterSeconds: options.killAfter,
    onOutput: output.write,
  });
  const signals = passSignalsOn(command);
  const silence = tellSilence(options.url);
  let running = true;
  let stopped: 'cancelled' | 'replaced' | undefined;

  async function work({ signal }: Tracked): Promise<void> {
    silence.end();
    const stop = () => void stopIfUnwanted(signal.reason).catch(() => {});
    signal.addEventListener('abort', stop, { once: true });
    const ending = await command.ended;
    void output.end();
    if (ending.code !== 0) throw failureOf(ending, output.stderrTail(), signals.received());
  }

  /** A job that ended otherwise, as it was not heard of for too long, is no reason to stop the command. */
  async function stopIfUnwanted(reason: unknown): Promise<void> {
    if (wasReplaced(reason)) return giveWay();
    const isCancel = errorCode(reason) === 'CANCELLED' || (await reporter.getStatus(job))?.status === 'CANCELLED';
    if (!isCancel) return;
    stopped = 'cancelled';
    await command.stop();
  }

  async function giveWay(): Promise<void> {
    warn(`Job ${job} was begun anew elsewhere: what this run does is not reported any more.`);
    if (!options.yield || !running) return;
    stopped = 'replaced';
    await command.stop();
  }

  const title = options.title ?? basename(words[0] ?? '');
  const reported = reporter.track(job, work, { title }).catch((error: Error) => {
    if (!isRefusal(error)) return;
    refusal = error;
    warn(`Job ${job} was refused, and is not reported on: ${oneLine(error.message)}`);
    const { hint } = explain(error, { job });
    if (hint) note(hint);
  });
  void reporter.report(job, options.stage);

  const ending = await command.ended;
  running = false;
  if (ending.error) process.stderr.write(`spacedock: ${oneLine(words[0] ?? '')}: ${whyNotStarted(ending)}\n`);
  process.exitCode = shellCode(ending);
  const over = new AbortController();
  await Promise.race([reported, pause(options.wait * 1000, AbortSignal.any([signals.leave, over.signal]))]);
  over.abort();
  silence.end();
  const all = await reporter.close({ timeoutSeconds: 0 });
  signals.end();
  if (!all && !refusal)
    warn(`${options.url} did not take the end of job ${job} in time: watchers do not see how it ended.`);
  if (stopped === 'replaced') process.exitCode = EXIT.replaced;
  if (stopped !== 'cancelled') return;
  process.exitCode = CANCELLED;
  note(`Job ${job} was cancelled.`);
}

/** What the command writes goes to our own stdout and stderr as it is, and to the job without its lines of progress. */
function createOutput(
  reporter: ProgressReporter,
  job: string,
  firstStage: string,
  wasTold: (refusal: Error) => boolean,
) {
  const decoders = { stdout: new StringDecoder('utf8'), stderr: new StringDecoder('utf8') };
  const pump = createOutputPump(reporter, job, {
    onReply() {},
    onRefused(error) {
      if (wasReplaced(error) || wasTold(error)) return;
      warn(`The output of job ${job} is not taken any more: ${oneLine(error.message)}`);
    },
  });
  let stage = firstStage;
  let tail = '';
  let written = Promise.resolve();

  const filter = createLineFilter({
    maybe: mayBeProgress,
    take(line) {
      const progress = progressIn(line);
      if (!progress) return false;
      stage = progress.stage ?? stage;
      void reporter.report(job, stage, progress.progress, progress.message);
      return true;
    },
    onText(text) {
      written = pump.write(text);
    },
  });

  function take(from: 'stdout' | 'stderr', text: string): void {
    if (from === 'stdout') {
      filter.push(text);
    } else {
      tail = (tail + text).slice(-STDERR_TAIL_CHARS);
      written = pump.write(text);
    }
  }

  return {
    async write(from: 'stdout' | 'stderr', bytes: Buffer): Promise<void> {
      await passOn(process[from], bytes);
      take(from, decoders[from].write(bytes));
      await written;
    },
    end(): Promise<void> {
      take('stdout', decoders.stdout.end());
      take('stderr', decoders.stderr.end());
      filter.end();
      return pump.finish();
    },
    stderrTail: () => tail.trim(),
  };
}

function passSignalsOn(command: RunningCommand) {
  const leaving = new AbortController();
  let received = false;
  let over = false;
  const passOn = (signal: NodeJS.Signals) => {
    received = true;
    if (!over) command.signal(signal);
    else if (signal !== 'SIGPIPE') leaving.abort();
  };
  for (const signal of PASSED_ON) process.on(signal, passOn);
  void command.ended.then(() => {
    over = true;
  });
  return {
    received: () => received,
    /** Aborted by a signal after the command has ended. */
    leave: leaving.signal,
    end() {
      for (const signal of PASSED_ON) process.off(signal, passOn);
    },
  };
}

function tellSilence(url: string) {
  const over = new AbortController();
  void pause(QUIET_MS, over.signal).then(() => {
    if (!over.signal.aborted) note(`${url} does not answer yet: the command goes on, and what it says is kept.`);
  });
  return { end: () => over.abort() };
}

function failureOf(ending: Ending, stderr: string, interrupted: boolean): JobFailure {
  const { code: exitCode, signal } = ending;
  return new JobFailure(describeEnding(ending, stderr), {
    code: interrupted ? 'INTERRUPTED' : 'PROGRAM_FAILED',
    metadata: { exitCode, signal },
  });
}

/** That is told of at once. */
const wasReplaced = (error: unknown): boolean => errorCode(error) === 'LEASE_LOST';

/** The failure is the command's own, and a cancel or a server that is away are told of when the command has ended. */
const isRefusal = (error: Error): boolean =>
  !(error instanceof JobFailure) &&
  !wasReplaced(error) &&
  !['CANCELLED', 'CONNECTION_LOST'].includes(errorCode(error) ?? '');

const whyNotStarted = (ending: Ending): string =>
  shellCode(ending) === 127 ? 'there is no such command' : String(ending.error?.message);

function note(line: string): void {
  process.stderr.write(`${paint('dim', line, process.stderr)}\n`);
}

function warn(line: string): void {
  process.stderr.write(`${paint('yellow', line, process.stderr)}\n`);
}
