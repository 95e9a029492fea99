#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { Command } from 'commander';
import { addAppCommand } from './app.ts';
import { addCheckCommand } from './check.ts';
import { addDemoCommand } from './demo.ts';
import { addJobCommands } from './job.ts';
import { EXIT, reportProblem } from './problem.ts';
import { addServeCommand } from './serve.ts';
import { addSpaceCommands } from './space.ts';
import { addStatusCommand } from './status.ts';
import { paint } from './style.ts';
import { addSubmitCommand } from './submit.ts';

const EXAMPLES = `
Examples:
  spacedock serve                                           run a server on this machine
  spacedock space create ocr --accept 'image/*'             make a space that takes images
  spacedock app --spaces ocr --exec 'python3 infer.py'      serve it with a program of yours
  spacedock submit ocr --file scan.png --watch              submit, follow, print the result

--url and --token can be set once as SPACEDOCK_URL and SPACEDOCK_TOKEN.`;

const { version } = JSON.parse(readFileSync(findPackageJSON('..', import.meta.url) as string, 'utf8')) as {
  version: string;
};

const program = new Command('spacedock')
  .description('Put any program on a machine nobody can reach behind a link that people can use.')
  .version(version, '--version')
  .option('--debug', 'show where an error comes from')
  .configureOutput({
    outputError: (text, write) => write(text.replace(/^error:/, paint('red', 'error:', process.stderr))),
  })
  .configureHelp({ showGlobalOptions: true })
  .showHelpAfterError('Add --help to see what is possible.')
  .addHelpText('after', EXAMPLES)
  .exitOverride();

addServeCommand(program);
addDemoCommand(program);
addCheckCommand(program);
addSpaceCommands(program);
addStatusCommand(program);
addAppCommand(program);
addSubmitCommand(program);
addJobCommands(program);

// A reader that goes away (`| head`) ends this program like any other.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(EXIT.brokenPipe);
});

await program.parseAsync().catch((error) => reportProblem(error, { debug: program.opts().debug ?? false }));
