import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { Command } from 'commander';
import { addAppCommand } from './app.ts';
import { addCheckCommand } from './check.ts';
import { addDemoCommand } from './demo.ts';
import { addJobCommands } from './job.ts';
import { addJobsCommand } from './jobs.ts';
import { addLoginCommands } from './login.ts';
import { EXIT, reportProblem, type Subject } from './problem.ts';
import { addReportCommand } from './report.ts';
import { addServeCommand } from './serve.ts';
import { addSpaceCommands } from './space.ts';
import { addStatusCommand } from './status.ts';
import { paint } from './style.ts';
import { addSubmitCommand } from './submit.ts';
import { addTokenCommands } from './token.ts';
import { addTrackCommand } from './track.ts';
import { addUserCommands } from './user.ts';

const EXAMPLES = `
Examples:
  spacedock serve                                           run a server on this machine
  spacedock login --name admin                              sign in to it, as its first administrator
  spacedock space create ocr --accept 'image/*'             make a space that takes images
  spacedock app --spaces ocr --exec 'python3 infer.py'      serve it with a program of yours
  spacedock submit ocr --file scan.png --watch              submit, follow, print the result
  spacedock track nightly -- make build                     run any command as a job that others can watch

--url and --token can be set once as SPACEDOCK_URL and SPACEDOCK_TOKEN. Who comes with no token is who signed in with login, else a visitor.`;

const { version } = JSON.parse(readFileSync(findPackageJSON('..', import.meta.url) as string, 'utf8')) as {
  version: string;
};

const program = new Command('spacedock')
  .description('Give people a link to a program that runs on a machine nobody can reach.')
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
addLoginCommands(program);
addSpaceCommands(program);
addTokenCommands(program);
addUserCommands(program);
addStatusCommand(program);
addAppCommand(program);
addSubmitCommand(program);
addJobCommands(program);
addJobsCommand(program);
addReportCommand(program);
addTrackCommand(program);

/** A reader that goes away (`| head`) ends this program like any other: as if by SIGPIPE, which a command with something to put away hears. */
function onBrokenPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
  process.exitCode = EXIT.brokenPipe;
  if (!process.emit('SIGPIPE', 'SIGPIPE')) process.exit();
}
process.stdout.on('error', onBrokenPipe);
process.stderr.on('error', onBrokenPipe);

/** Arguments that are called `space` or `job` are what a refusal is about. */
let subject: Subject = {};
program.hook('preAction', (_, { registeredArguments, processedArgs }) => {
  subject = Object.fromEntries(registeredArguments.map((argument, index) => [argument.name(), processedArgs[index]]));
});

await program.parseAsync().catch((error) => reportProblem(error, { debug: program.opts().debug ?? false, subject }));
