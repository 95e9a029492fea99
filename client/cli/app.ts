import { type Command, InvalidArgumentError, Option } from 'commander';
import { connectRemoteApp, errorCode, type InferenceRequest, type RemoteAppEvent } from '../sdk/index.ts';
import { atUrl, callerOf } from './caller.ts';
import { createDemoRunner, type SecondsRange } from './demo-app.ts';
import { createExecRunner } from './exec.ts';
import { createKeepRunner } from './keep.ts';
import { commaList, commandText, secondsFrom, tokenOption, urlOption, wholeNumber } from './options.ts';
import { EXIT, Problem } from './problem.ts';
import type { Runner } from './runner.ts';
import { bytes, oneLine, paint, seconds } from './style.ts';

interface AppOptions {
  host: string;
  token?: string;
  spaces: string[];
  capacity: number;
  name?: string;
  appVersion?: string;
  seconds: SecondsRange;
  exec?: string;
  keep?: string;
  killAfter: number;
  verbose?: boolean;
}

const HELP = `
Without --exec or --keep it is the demo app: no model, some seconds of simulated work, and an answer that repeats what was sent.
Ctrl-C or SIGTERM: takes no more requests and finishes the ones in hand; a second time: stops at once.

--exec runs the command once per request: the request comes as JSON on stdin, files as local paths in it; lines
"::progress 0.4 stage message" on stdout are progress, other lines messages, the last JSON line (or the whole text) is the
result; files written to $SPACEDOCK_OUTPUT_DIR are sent back; a non-zero exit is a failure.
--keep starts the command once and exchanges JSON lines with it, so that a model loads once.
The shell runs the command as you wrote it; nothing a user sends ever becomes part of it. All of it: client/cli/README.md`;

export function addAppCommand(program: Command): void {
  program
    .command('app')
    .description('be a remote app: serve spaces from this machine, with the demo or any program of yours')
    .addOption(urlOption('--url, --host <url>'))
    .addOption(tokenOption())
    .requiredOption('--spaces <ids>', 'the spaces to serve: a,b', commaList)
    .option('--capacity <n>', 'requests to work on at a time', wholeNumber(1, 1000), 1)
    .option('--name <name>', 'shown to people')
    .option('--app-version <version>', 'shown to people')
    .addOption(new Option('--exec <command>', 'run this for each request').argParser(commandText).conflicts('keep'))
    .option('--keep <command>', 'keep this running and hand it every request', commandText)
    .option('--kill-after <seconds>', 'from SIGTERM to SIGKILL for a program that is to stop', secondsFrom(0), 5)
    .addOption(
      new Option('--seconds <range>', 'how long the demo app works, for example 3 or 2-10')
        .default({ least: 2, most: 10 }, '2-10')
        .argParser(secondsRange),
    )
    .option('--verbose', 'show ids, prompts, files and times')
    .addHelpText('after', HELP)
    .action(serveSpaces);
}

async function serveSpaces(options: AppOptions): Promise<void> {
  if (options.spaces.length === 0) throw new Problem('--spaces needs the id of at least one space.');
  introduce(options);
  const runner = createRunner(options);
  const { report, inHand } = createReporter(options.verbose ?? false);
  const token = tokenFor(options);
  let registered = false;
  const app = connectRemoteApp({
    url: options.host,
    token,
    spaces: options.spaces,
    capacity: options.capacity,
    // Not the command: it is the operator's own, and may hold what others should not see.
    name: options.name ?? ((options.exec ?? options.keep) === undefined ? 'demo app' : undefined),
    version: options.appVersion,
    handler: runner.handler,
    onEvent(event) {
      report(event);
      if (event.type === 'registered' || event.type === 'connecting') registered = event.type === 'registered';
      if ('job' in event && event.job !== undefined && event.type !== 'request') void runner.sent(event.job);
    },
    drainOnSignals: false,
  });
  app.registered.catch(() => {});

  let phase: 'serving' | 'finishing' | 'leaving' = 'serving';
  const onSignal = () => {
    // However it leaves, the programs end with it and their files are removed.
    if (phase === 'leaving') process.exit(EXIT.interrupted);
    if (inHand() > 0 && phase === 'serving') warn(`Finishing ${inHand()} in hand; once more to stop at once`);
    // Both say by `done` how it ended.
    (phase === 'serving' ? app.drain() : app.close()).catch(() => {});
    phase = phase === 'serving' ? 'finishing' : 'leaving';
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  // A terminal that closes would leave the programs behind. Under nohup, which wants that survived, stdin is none.
  if (process.stdin.isTTY) process.once('SIGHUP', () => process.exit(EXIT.interrupted));
  try {
    await app.done;
  } catch (error) {
    // Its token was good enough to register with.
    if (!registered || errorCode(error) !== 'FORBIDDEN') throw error;
    throw new Problem((error as Error).message, {
      hint: 'Its work went to others. Ask an administrator why, or start it again.',
    });
  } finally {
    phase = 'leaving';
    if (options.keep !== undefined) warn('Ending the program; once more to leave at once');
    await runner.close();
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

/** A person's session ends some day, and may do far more than an app needs. */
function tokenFor({ host: url, token, spaces }: AppOptions) {
  const caller = callerOf({ url, token });
  if (caller.from === 'session') {
    const create = `spacedock token create --spaces ${spaces.join(',')}${atUrl(url)}`;
    process.stderr.write(
      `${paint('dim', `Signed in as ${caller.name}. For an app that stays, make a token: ${create}`, process.stderr)}\n`,
    );
  }
  return caller.from === 'visitor' ? undefined : caller.token;
}

/** What is served, where, with what, and how people get at it: on stderr, as scripts read stdout. */
function introduce({ spaces, host, exec, keep, seconds: { least, most } }: AppOptions): void {
  const [how, command] =
    exec !== undefined
      ? ['this program, run once per request', exec]
      : keep !== undefined
        ? ['this program, kept running', keep]
        : ['the demo app, which has no model', `${least === most ? least : `${least} to ${most}`} s of simulated work`];
  const url = atUrl(host);
  process.stderr.write(`Serving ${spaces.join(', ')} at ${host} with ${how}: ${command}\n`);
  for (const space of spaces)
    process.stderr.write(
      `${paint('dim', `Submit with: spacedock submit ${space} --prompt TEXT --watch${url} (files with --file)`, process.stderr)}\n`,
    );
}

function createRunner({ exec, keep, killAfter, seconds }: AppOptions): Runner {
  const programOptions = { killAfterSeconds: killAfter, onStderr: (text: string) => void process.stderr.write(text) };
  if (exec !== undefined) return createExecRunner({ command: exec, ...programOptions });
  if (keep !== undefined) return createKeepRunner({ command: keep, ...programOptions });
  return createDemoRunner(seconds);
}

/** `3` or `2-10`. */
export function secondsRange(text: string): SecondsRange {
  const [, least, most = least] = /^(\d+(?:\.\d+)?)(?:-(\d+(?:\.\d+)?))?$/.exec(text) ?? [];
  const range = { least: Number(least), most: Number(most) };
  if (range.least <= range.most && range.most <= 3600) return range;
  throw new InvalidArgumentError('It must be seconds such as 3, or a range such as 2-10, at most 3600.');
}

function warn(line: string): void {
  process.stderr.write(`${paint('yellow', line, process.stderr)}\n`);
}

/** Says on stdout what people and scripts wait for, and on stderr what went wrong. */
function createReporter(verbose: boolean) {
  const begun = new Map<string, number>();
  const say = (line: string) => void process.stdout.write(`${line}\n`);
  const detail = (line: string) => verbose && say(`  ${paint('dim', oneLine(line))}`);

  function ended(job: string): string {
    const start = begun.get(job);
    begun.delete(job);
    return start === undefined ? job : `${job} after ${seconds((performance.now() - start) / 1000)}`;
  }

  function report(event: RemoteAppEvent) {
    switch (event.type) {
      case 'connecting':
        return detail(`connecting to ${event.url}`);
      case 'registered':
        // To finish what is in hand it registers anew, for no more work.
        if (event.app.capacity === 0) return;
        say('Registration successful');
        return detail(
          `as ${event.app.id} for ${event.app.spaces.join(', ')}${event.kept.length ? `, keeping ${event.kept.join(', ')}` : ''}`,
        );
      case 'request':
        begun.set(event.job, performance.now());
        say('[REQUEST] New inference request received');
        return requestLines(event.request).forEach(detail);
      case 'result':
        say('[RESULT] Result sent');
        return detail(ended(event.job));
      case 'failed':
        return warn(`[FAILED] ${ended(event.job)}: ${oneLine(event.error.message)}`);
      case 'cancelled':
        return warn(`[CANCELLED] ${ended(event.job)}`);
      case 'revoked':
        return warn(`[REVOKED] ${ended(event.job)}: ${oneLine(event.reason)}`);
      case 'draining':
        return detail('taking no more requests');
      case 'disconnected':
        return warn(
          `Connection lost (${event.code}${event.reason && ` ${oneLine(event.reason)}`}); trying again in ${seconds(event.retryInMs / 1000)}`,
        );
      case 'refused':
        // The last one ends the app, and is said then.
        if (event.final) return;
        return warn(
          `Refused${event.job === undefined ? '' : ` for ${event.job}`}: ${oneLine(event.error.message)} (${event.error.code})`,
        );
    }
  }

  return { report, inHand: () => begun.size };
}

function requestLines({ id, space, attempt, submitter, prompt, files, parameters }: InferenceRequest): string[] {
  return [
    `job ${id} in ${space}, attempt ${attempt}${submitter ? `, from ${submitter.name}` : ''}`,
    ...(prompt === null ? [] : [`prompt: ${prompt}`]),
    ...(parameters === null ? [] : [`parameters: ${JSON.stringify(parameters)}`]),
    ...files.map((file) => `file: ${file.name} (${file.type}, ${bytes(file.size)})`),
  ];
}
