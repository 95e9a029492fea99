import { StringDecoder } from 'node:string_decoder';
import { type Command, Option } from 'commander';
import { errorCode, type Json, type ProgressReporter, type ReportedJob } from '../sdk/index.ts';
import { talksToServer, wholeNumber } from './options.ts';
import { createOutputPump } from './output-pump.ts';
import { Problem } from './problem.ts';
import {
  CANCELLED,
  fraction,
  inTime,
  isCancelled,
  looseJson,
  openReporter,
  passOn,
  type ReportingOptions,
  statusLine,
  trackedId,
  waitOption,
} from './reporting.ts';
import { paint } from './style.ts';

interface ReportOptions extends ReportingOptions {
  title?: string;
  restart?: boolean;
  attempt?: number;
  printAttempt?: boolean;
  stage?: string;
  progress?: number;
  message?: string;
  metadata?: { json: Json };
  output?: boolean;
  tee?: boolean;
  complete?: true | { json: Json };
  fail?: string;
  cancelled?: boolean;
}

const HELP = `
A job begins with its first report; --restart begins it anew, in a new attempt, where it is there from before. Several at once are
sent in this order: title, stage, output, end.

  spacedock report nightly --restart --title 'Nightly build' --stage compile --progress 0
  make 2>&1 | spacedock report nightly --output --tee
  spacedock report nightly --complete '{"url": "/builds/7"}' || echo 'exit code' $?

Runs may overlap, as from cron: --restart begins an attempt, and with --attempt a report belongs to that one. Once another run has
begun the job anew it is refused, and changes nothing:

  attempt=$(spacedock report nightly --restart --print-attempt)
  spacedock report nightly --attempt "$attempt" --complete || echo 'exit code' $?

The status after the report is printed on stdout, with --output on stderr.
Exit codes: 0 go on, 2 wrong usage or refused, 3 somebody cancelled the job: stop, and say so with --cancelled,
            5 the server cannot be reached, 6 another run began the job anew: stop, and report no more.
--output stops reading when the job is cancelled, which ends a program that writes to it; else it reads to the end, whatever
the server says.`;

/** The server counts attempts in an Int of GraphQL. */
const MAX_ATTEMPT = 2 ** 31 - 1;

const json = (text: string) => ({ json: looseJson(text) });

export function addReportCommand(program: Command): void {
  talksToServer(program.command('report'))
    .argument('<job>', 'its id, your choice: A-Z a-z 0-9 _ -', trackedId)
    .description(
      'report progress of work of your own, as from a shell script; others watch it with: spacedock watch JOB',
    )
    .option('--title <title>', 'what it is, for people; where the job begins')
    .option('--restart', 'begin the job anew')
    .addOption(
      new Option('--attempt <n>', 'the attempt it belongs to; default: whichever the job is at')
        .argParser(wholeNumber(1, MAX_ATTEMPT))
        .conflicts(['restart', 'title']),
    )
    .option('--print-attempt', 'print the number of the attempt instead of the status')
    .option('--stage <stage>', 'what is being done, in a word')
    .option('--progress <fraction>', '0 to 1; left out: as it was', fraction)
    .option('--message <text>', 'for people')
    .option('--metadata <json>', 'whatever you want to add', json)
    .option('--output', 'what comes on stdin is the output of the job, as it comes')
    .addOption(new Option('--tee', 'pass it on to stdout, too (implies --output)').implies({ output: true }))
    .addOption(new Option('--complete [result]', 'it is done; the result is JSON, or text').argParser(json))
    .addOption(new Option('--fail <reason>', 'it failed').conflicts('complete'))
    .addOption(new Option('--cancelled', 'it was stopped after a cancel').conflicts(['complete', 'fail']))
    .addOption(waitOption())
    .addHelpText('after', HELP)
    .action(report);
}

async function report(job: string, options: ReportOptions): Promise<void> {
  refuseNothing(options);
  const reporter = openReporter(options);
  if (options.attempt !== undefined) reporter.resume(job, options.attempt);
  try {
    const last = await sendAll(reporter, job, options);
    say(last, options);
    if (isCancelled(last)) tellCancelled(job, last);
  } catch (error) {
    if (!(await endedByCancel(reporter, job, error, options))) throw error;
  } finally {
    await reporter.close({ timeoutSeconds: 0 });
  }
}

function refuseNothing({ stage, progress, message, metadata, ...others }: ReportOptions): void {
  const { title, restart, output, complete, fail, cancelled } = others;
  const isEnd = complete !== undefined || fail !== undefined || cancelled;
  if (stage === undefined && progress !== undefined) throw new Problem('--progress needs a --stage.');
  if (stage === undefined && message !== undefined && complete === undefined)
    throw new Problem('--message needs a --stage, or --complete.');
  if (stage === undefined && metadata !== undefined && complete === undefined && fail === undefined)
    throw new Problem('--metadata needs a --stage, --complete or --fail.');
  if (!isEnd && stage === undefined && title === undefined && !restart && !output)
    throw new Problem('There is nothing to report.', {
      hint: 'Give --stage, --output, --complete or --fail; see --help.',
    });
}

async function sendAll(reporter: ProgressReporter, job: string, options: ReportOptions): Promise<ReportedJob> {
  const { title, restart, stage, output } = options;
  let last: ReportedJob | undefined;
  if (title !== undefined || restart) last = await inTime(begin(reporter, job, options), options);
  if (stage !== undefined) last = await inTime(progress(reporter, job, options, stage), options);
  if (output) last = (await readOutput(reporter, job, options)) ?? last;
  if (output && last?.status === 'CANCELLING') return last;
  return (await end(reporter, job, options)) ?? last ?? (await inTime(reporter.reportOutput(job, ''), options));
}

/** A title is for the beginning: of a job that goes on already it changes nothing. */
async function begin(
  reporter: ProgressReporter,
  job: string,
  options: ReportOptions,
): Promise<ReportedJob | undefined> {
  const { title, restart } = options;
  try {
    return await reporter.start(job, { ...(title !== undefined && { title }), ...(restart && { restart }) });
  } catch (error) {
    if (errorCode(error) !== 'ALREADY_EXISTS') throw error;
    return undefined;
  }
}

function progress(
  reporter: ProgressReporter,
  job: string,
  options: ReportOptions,
  stage: string,
): Promise<ReportedJob> {
  const { progress, message, metadata, complete } = options;
  // What is said of the end goes with the end.
  const words = complete === undefined ? message : undefined;
  return reporter.report(job, stage, progress, words, metadata?.json);
}

/** The end, if it is one. */
async function end(reporter: ProgressReporter, job: string, options: ReportOptions): Promise<ReportedJob | undefined> {
  const { complete, fail, cancelled, message, metadata } = options;
  const more = metadata && { metadata: metadata.json };
  if (complete !== undefined) {
    const result = complete === true ? undefined : complete.json;
    return inTime(
      reporter.reportComplete(job, result, { ...more, ...(message !== undefined && { message }) }),
      options,
    );
  }
  if (fail !== undefined) return inTime(reporter.reportFailure(job, fail, more), options);
  if (cancelled) return inTime(reporter.reportCancelled(job), options);
  return undefined;
}

/** Stdin to its end, or until the job is cancelled. Throws why the server did not take it; what is passed on goes on all the same. */
async function readOutput(
  reporter: ProgressReporter,
  job: string,
  options: ReportOptions,
): Promise<ReportedJob | undefined> {
  const decoder = new StringDecoder('utf8');
  const cancelled = new AbortController();
  let last: ReportedJob | undefined;
  let refusal: Error | undefined;
  const pump = createOutputPump(reporter, job, {
    onReply(reply) {
      last = reply;
      if (isCancelled(reply)) cancelled.abort();
    },
    onRefused(error) {
      refusal = error;
      stopIfCancelled().catch(() => {});
    },
  });

  /** A cancel that no reply told of, as there was nothing to report for so long. */
  async function stopIfCancelled(): Promise<void> {
    const found = await reporter.getStatus(job);
    if (found && isCancelled(found)) cancelled.abort();
  }

  const stop = () => void process.stdin.destroy();
  cancelled.signal.addEventListener('abort', stop, { once: true });
  try {
    for await (const bytes of process.stdin) {
      if (options.tee) await passOn(process.stdout, bytes);
      await pump.write(decoder.write(bytes));
    }
  } catch (error) {
    if (!cancelled.signal.aborted) throw error;
  }
  await pump.write(decoder.end());
  await inTime(pump.finish(), options);
  if (refusal) throw refusal;
  return last;
}

function say(job: ReportedJob, { output, printAttempt }: ReportOptions): void {
  (output ? process.stderr : process.stdout).write(`${printAttempt ? job.attempt : statusLine(job)}\n`);
}

function tellCancelled(job: string, { status }: Pick<ReportedJob, 'status'>): void {
  process.exitCode = CANCELLED;
  if (status !== 'CANCELLING') return;
  const hint = `Somebody cancelled it. When the work has stopped: spacedock report ${job} --cancelled`;
  process.stderr.write(`${paint('dim', hint, process.stderr)}\n`);
}

/** A report that came too late to be told of the cancel: the job was given up meanwhile. */
async function endedByCancel(
  reporter: ProgressReporter,
  job: string,
  error: unknown,
  options: ReportOptions,
): Promise<boolean> {
  if (errorCode(error) !== 'JOB_FINISHED') return false;
  const found = await inTime(reporter.getStatus(job), options);
  if (found?.status !== 'CANCELLED') return false;
  say(found, options);
  tellCancelled(job, found);
  return true;
}
