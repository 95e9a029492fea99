import type { Command } from 'commander';
import { checkSteps, Mismatch, type Step } from './check-steps.ts';
import { type ServerOptions, secondsFrom, talksToServer, withConnection } from './options.ts';
import { explain } from './problem.ts';
import { oneLine, paint, seconds } from './style.ts';

export function addCheckCommand(program: Command): void {
  talksToServer(program.command('check'))
    .description('try a server from end to end: a temporary space, an app, a job with a file, a refusal')
    .option('--timeout <seconds>', 'longest wait for one step', secondsFrom(1), 15)
    .addHelpText('after', '\nExit codes: 0 all is well, 1 something is not.')
    .action(async (options: ServerOptions & { timeout: number }) => {
      const passed = await withConnection(options, async (server) => {
        const { steps, cleanUp } = checkSteps(server, options);
        let fine = true;
        for (const step of steps) {
          fine = await passes(step, options.timeout);
          if (!fine) break;
        }
        for (const step of await cleanUp()) fine = (await passes(step, options.timeout)) && fine;
        return fine;
      });
      process.exitCode = passed ? 0 : 1;
    });
}

/** Runs a step and writes its line: how long it took, or what is wrong and what to do about it. */
async function passes({ name, remedy, run }: Step, timeout: number): Promise<boolean> {
  const begin = performance.now();
  try {
    await within(timeout, run);
    const took = paint('dim', `(${seconds((performance.now() - begin) / 1000)})`);
    process.stdout.write(`${paint('green', '✓')} ${name} ${took}\n`);
    return true;
  } catch (error) {
    const { message, hint = remedy } = explain(error);
    const advice = error instanceof Mismatch ? remedy : hint;
    process.stdout.write(`${paint('red', '✗')} ${name}: ${oneLine(message)}\n  ${advice}\n`);
    return false;
  }
}

/** Gives up after a time, also on work that does not heed the signal. */
async function within(timeoutSeconds: number, work: (signal: AbortSignal) => Promise<unknown>): Promise<void> {
  const timeout = new AbortController();
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const error = new Mismatch(`nothing came of it in ${seconds(timeoutSeconds)}`);
    timeout.abort(error);
    late.reject(error);
  }, timeoutSeconds * 1000);
  try {
    await Promise.race([work(timeout.signal), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
