import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { addAppCommand } from '../../client/cli/app.ts';
import { addCheckCommand } from '../../client/cli/check.ts';
import { addDemoCommand } from '../../client/cli/demo.ts';
import { addJobCommands } from '../../client/cli/job.ts';
import { addJobsCommand } from '../../client/cli/jobs.ts';
import { addLoginCommands } from '../../client/cli/login.ts';
import { addReportCommand } from '../../client/cli/report.ts';
import { addServeCommand } from '../../client/cli/serve.ts';
import { addSpaceCommands } from '../../client/cli/space.ts';
import { addStatusCommand } from '../../client/cli/status.ts';
import { addSubmitCommand } from '../../client/cli/submit.ts';
import { addTokenCommands } from '../../client/cli/token.ts';
import { addTrackCommand } from '../../client/cli/track.ts';
import { addUserCommands } from '../../client/cli/user.ts';
import { newToken, signIn, withAccounts } from '../help/people.ts';
import { startServer } from '../help/server.ts';
import { documents, parse, ROOT } from './documents.ts';

// What documents name is there: commands with their flags, variables, metrics. (Commands in blocks are run: commands.test.ts.)

/** What stands in backquotes, outside of blocks; quotes.test.ts looks at what is quoted. */
const named = (document: string): string[] =>
  [
    ...parse(document)
      .prose.join('\n')
      .matchAll(/(?<![`*])`([^`]+)`(?![`*])/g),
  ].map(([, code]) => code!.replaceAll(/\s+/g, ' '));

const program = new Command('spacedock').option('--debug').option('--version').option('--help');
for (const add of [
  ...[addServeCommand, addDemoCommand, addCheckCommand, addLoginCommands, addSpaceCommands, addTokenCommands],
  ...[addUserCommands, addStatusCommand, addAppCommand, addSubmitCommand, addJobCommands, addJobsCommand],
  ...[addReportCommand, addTrackCommand],
])
  add(program);

/** What is wrong with a command line, or null. */
function problem(line: string): string | null {
  const words = line.split(' -- ')[0]!.split(/[ =]/).slice(1);
  let command = program;
  while (words[0] && command.commands.length > 0) {
    const name = words.shift();
    const found = command.commands.find((each) => each.name() === name);
    if (!found) return name?.startsWith('--') ? flags(program, [name]) : `there is no command ${name}`;
    command = found;
  }
  return flags(command, words);
}

function flags(command: Command, words: string[]): string | null {
  const known = ['--help', '--debug', ...command.options.flatMap(({ long, flags }) => [long, ...flags.split(/[ ,]+/)])];
  const unknown = words.find((word) => /^--[a-z]/.test(word) && !known.includes(word.replace(/[,.…]+$/, '')));
  return unknown === undefined ? null : `${command.name()} has no ${unknown}`;
}

describe('commands that are named are there', () => {
  test.for(documents)('%s', (document) => {
    const wrong = named(document)
      .filter((code) => /^(npx )?spacedock [a-z-]/.test(code))
      .flatMap((code) => {
        const what = problem(code.replace(/^npx /, ''));
        return what === null ? [] : [`${code}: ${what}`];
      });
    expect(wrong).toEqual([]);
  });
});

describe('variables that are named are there', () => {
  const sources = ['src/**/*.ts', 'client/**/*.{ts,tsx,py,html}', 'scripts/*', 'schema.graphql', 'Dockerfile', '*.yml'];
  const everything = sources
    .flatMap((pattern) => globSync(pattern, { cwd: ROOT, exclude: (path) => path.endsWith('node_modules') }))
    .filter((file) => /\.\w+$|Dockerfile/.test(file))
    .map((file) => readFileSync(join(ROOT, file), 'utf8'))
    .join('\n');
  const words = new Set(everything.match(/\b[A-Z][A-Z0-9]*_[A-Z0-9_]+\b/g));
  // Of Node, and of proxies: https://nodejs.org/api/cli.html#environment-variables-1
  for (const word of ['NODE_EXTRA_CA_CERTS', 'NODE_OPTIONS', 'NODE_USE_ENV_PROXY', 'HTTPS_PROXY']) words.add(word);

  test.for(documents)('%s', (document) => {
    const found = named(document).flatMap((code) => code.match(/\b[A-Z][A-Z0-9]*_[A-Z0-9_]+\b/g) ?? []);
    expect(found.filter((word) => !words.has(word))).toEqual([]);
  });
});

test('metrics that are named are told', async () => {
  await using server = await startServer(withAccounts());
  const admin = await newToken(server, await signIn(server), { role: 'ADMIN' });
  const told = await (await fetch(`${server.url}/metrics`, { headers: admin.headers })).text();
  const metrics = new Set([...told.matchAll(/^# TYPE (\w+)/gm)].map(([, name]) => name!));
  const texts = documents.map((document) => readFileSync(join(ROOT, document), 'utf8'));
  const found = texts.flatMap((text) => text.match(/\b(spacedock|nodejs|process)_[a-z0-9]+(_[a-z0-9]+)*\b/g) ?? []);
  expect(found.length).toBeGreaterThan(10);
  const unknown = found.filter((name) => !metrics.has(name) && !metrics.has(name.replace(/_(bucket|sum|count)$/, '')));
  expect(unknown).toEqual([]);
});
