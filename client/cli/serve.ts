import { extname } from 'node:path';
import { type Command, Option } from 'commander';

/** The one bridge from client to server. */
const ofServer = (module: string) =>
  import(new URL(`../../src/${module}${extname(import.meta.filename)}`, import.meta.url).href);

interface Setting {
  takes: string;
  says: string;
  /** What holds without it, in words; may be empty. */
  shown: string;
}

const { SUBJECTS } = (await ofServer('settings')) as { SUBJECTS: Record<string, Record<string, Setting>> };

/** A flag for each variable of the server's configuration; the server checks the values and names a bad one. */
function flagOf(variable: string, { takes, says, shown }: Setting): Option {
  const option = new Option(`--${variable.toLowerCase().replaceAll('_', '-')} <${takes}>`, says).env(variable);
  return shown === '' ? option : option.default(null, shown);
}

export function addServeCommand(program: Command): void {
  const serve = program
    .command('serve')
    .description('run the server')
    .addHelpText('after', '\nEach option can also be given as the environment variable named beside it.');
  for (const [subject, settings] of Object.entries(SUBJECTS)) {
    for (const [variable, setting] of Object.entries(settings)) {
      serve.addOption(flagOf(variable, setting).helpGroup(`${subject}:`));
    }
  }

  serve.action(async () => {
    for (const option of serve.options) {
      const value = serve.getOptionValue(option.attributeName());
      if (option.envVar !== undefined && typeof value === 'string') process.env[option.envVar] = value;
    }
    // It starts on import and handles signals and drain itself.
    await ofServer('main');
  });
}
