import type { Command } from 'commander';
import { arrivalSteps, callerSteps } from './check-caller.ts';
import { Mismatch, type Step } from './check-step.ts';
import { checkSteps } from './check-steps.ts';
import { type ServerOptions, secondsFrom, talksToServer, withConnection } from './options.ts';
import { explain } from './problem.ts';
import { oneLine, paint, seconds } from './style.ts';

export function addCheckCommand(program: Command): void {
  talksToServer(program.command('check'))
    .description(
      'try a server from end to end: a temporary space, an app, a job with a file, a refusal; as an administrator',
    )
    .option('--timeout <seconds>', 'longest wait for one step', secondsFrom(1), 15)
    .addHelpText(
      'after',
      '\nWho is no administrator tries what they may do.\nExit codes: 0 all that was tried is well, 1 something is not.',
    )
    .action(async (options: ServerOptions & { timeout: number }) => {
      const passed = await withConnection(options, async (server) => {
        const { steps: arrive, role } = arrivalSteps(server);
        if (!(await allPass(arrive, options.timeout))) return false;
        if (role() !== 'ADMIN') {
          const { steps, rest } = callerSteps(server, options, role());
          const fine = await allPass(steps, options.timeout);
          process.stdout.write(`${paint('yellow', '–')} ${rest}\n`);
          return fine;
        }
        const { steps, cleanUp } = checkSteps(server, options);
        const fine = await allPass(steps, options.timeout);
        return (await allPass(await cleanUp(), options.timeout)) && fine;
      });
      process.exitCode = passed ? 0 : 1;
    });
}

/** Runs steps that build on each other, up to one that fails. */
async function allPass(steps: Step[], timeout: number): Promise<boolean> {
  for (const step of steps) if (!(await passes(step, timeout))) return false;
  return true;
}

/** Runs a step and writes its line: how long it took, or what is wrong and what to do about it. */
async function passes({ name, remedy, run }: Step, timeout: number): Promise<boolean> {
  const begin = performance.now();
  try {
    await within(timeout, run);
    const took = paint('dim', `(${seconds((performance.now() - begin) / 1000)})`);
    process.stdout.write(`${paint('green', '✓')} ${told(name)} ${took}\n`);
    return true;
  } catch (error) {
    const { message, hint = remedy } = explain(error);
    const advice = error instanceof Mismatch ? remedy : hint;
    process.stdout.write(`${paint('red', '✗')} ${told(name)}: ${oneLine(message)}\n  ${advice}\n`);
    return false;
  }
}

const told = (name: Step['name']): string => oneLine(typeof name === 'string' ? name : name());

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
