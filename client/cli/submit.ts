import { statSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import { type Json, submitInferenceMutation } from '../sdk/index.ts';
import { type FollowOptions, followJob, noOutputOption, OUTCOMES } from './follow.ts';
import { becomeVisitor } from './login.ts';
import { parameters, repeated, type ServerOptions, talksToServer, wholeNumber, withConnection } from './options.ts';
import { Problem } from './problem.ts';
import { printJson } from './style.ts';

interface SubmitOptions extends ServerOptions, FollowOptions {
  prompt?: string;
  file?: string[];
  parameters?: { [key: string]: Json };
  idempotencyKey?: string;
  priority?: number;
  watch?: boolean;
}

export function addSubmitCommand(program: Command): void {
  talksToServer(program.command('submit').argument('<space>', 'the space to submit to'))
    .description('submit a job; prints its id, or with --watch its result')
    .option('--prompt <text>', 'the prompt; - reads it from stdin')
    .option('--file <path>', 'a file to send; repeat it for more', repeated)
    .option('--parameters <k=v>', 'a parameter, repeatable; or a JSON object, or a file with one', parameters)
    .option('--idempotency-key <key>', 'submitting again under the same key returns the first job')
    .option('--priority <n>', '-100 to 100, higher first', wholeNumber(-100, 100))
    .option('--watch', 'follow it to its end')
    .option('--out <dir>', 'save the files of the result there (implies --watch)')
    .addOption(noOutputOption())
    .option('--json', 'print the job as JSON')
    .addHelpText('after', OUTCOMES)
    .action(async (space: string, options: SubmitOptions) => {
      for (const path of options.file ?? []) refuseUnreadable(path);
      const prompt = options.prompt === '-' ? await text(process.stdin) : options.prompt;
      await becomeVisitor(options);
      await withConnection(options, async (server) => {
        const files = await Promise.all((options.file ?? []).map((path) => server.upload(path)));
        const { parameters, idempotencyKey, priority } = options;
        const { submitInference: job } = await server.request(submitInferenceMutation, {
          input: { space, prompt, parameters, idempotencyKey, priority, ...(files.length > 0 && { files }) },
        });
        if (options.watch || options.out !== undefined) {
          process.stderr.write(`Job ${job.id}\n`);
          return followJob(server, job.id, options);
        }
        if (options.json) printJson(job);
        else process.stdout.write(`${job.id}\n`);
      });
    });
}

function refuseUnreadable(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) throw new Problem(`There is no file ${path}.`);
  if (!found.isFile())
    throw new Problem(`${path} is not a file.`, { hint: 'Give each file with a --file of its own.' });
}
