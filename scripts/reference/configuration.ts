import { ConfigError, readConfig } from '../../src/config.ts';
import type { Setting } from '../../src/setting.ts';
import { anchorOf, code, type Links, page, prose, table } from './markdown.ts';

type Subjects = Readonly<Record<string, Readonly<Record<string, Setting<unknown>>>>>;

/** What a table cannot say of its subject. */
const NOTES: Record<string, string> = {
  'Signing in through an issuer': 'How to set one up: [docs/deploy/issuer.md](../deploy/issuer.md).',
};

function refusalOf(env: Record<string, string>): string {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  throw new Error(`${JSON.stringify(env)} is valid, and was to be an example of what is not`);
}

const flagOf = (variable: string): string => `--${variable.toLowerCase().replaceAll('_', '-')}`;
/** Addresses that are examples are none to follow. */
const plainly = (text: string): string => text.replaceAll(/https?:\/\/\w\S*/g, code);

function defaultOf({ fallback, shown }: Setting<unknown>, links: Links): string {
  if (fallback !== null) return code(shown);
  return shown === '' ? 'unset' : `unset: ${prose(shown, links)}`;
}

/** docs/reference/configuration.md. */
export function configurationReference(subjects: Subjects): string {
  const variables = Object.values(subjects).flatMap((settings) => Object.keys(settings));
  const links = new Map(variables.flatMap((name) => [[name, `#${name.toLowerCase()}`] as const]));
  const sections = Object.entries(subjects).flatMap(([subject, settings]) => [
    `## ${subject}`,
    NOTES[subject] ?? '',
    table(
      ['variable and flag', 'default', 'takes', 'what it does'],
      Object.entries(settings).map(([name, setting]) => [
        `<a id="${name.toLowerCase()}"></a>${code(name)}<br>${code(flagOf(name))}`,
        defaultOf(setting, links),
        prose(plainly(setting.must), links),
        prose(setting.says, links),
      ]),
    ),
  ]);
  return page([
    '# Configuration',
    '<!-- Made from src/settings.ts by `npm run docs`: change it there. -->',
    [
      'Every variable that a server reads from its environment. Each is also a flag of `spacedock serve`, which counts more than the variable. A',
      'variable that is set to an empty text counts as unset. A size is a number of bytes: 1 MiB is 1048576.',
    ].join('\n'),
    'What is not valid is refused at the start, with the name of the variable and what it must be, and the server ends with exit code 2:',
    `\`\`\`console\n$ PORT=many spacedock serve\nThe configuration is not valid:\n${refusalOf({ PORT: 'many' })}\n\`\`\``,
    Object.keys(subjects)
      .map((subject) => `- [${subject}](#${anchorOf(subject)})`)
      .join('\n'),
    ...sections,
  ]);
}
