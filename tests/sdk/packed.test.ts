import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openStage, SPACE } from './stage.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));
const programs = fileURLToPath(new URL('programs', import.meta.url));
const tsc = join(root, 'node_modules/.bin/tsc');

/** All that the SDK needs of others. */
const OWN = ['@graphql-typed-document-node/core', '@urql/core', 'graphql', 'graphql-sse', 'graphql-ws', 'ws'];

let home: string;
let foreign: string[];

/** A directory in which the package is installed with nothing but the SDK and what it needs. */
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'spacedock-packed-'));
  const installed = join(home, 'node_modules/spacedock');
  await mkdir(installed, { recursive: true });
  const built = join(home, 'built');
  await run(tsc, ['-p', 'tsconfig.build.json', '--outDir', built], { cwd: root });
  await cp(join(built, 'client/sdk'), join(installed, 'dist/client/sdk'), { recursive: true });
  for (const file of ['package.json', 'schema.graphql']) await cp(join(root, file), join(installed, file));
  for (const name of OWN) {
    const link = join(home, 'node_modules', name);
    await mkdir(dirname(link), { recursive: true });
    await symlink(join(root, 'node_modules', name), link);
  }
  await cp(join(programs, 'installed.mjs'), join(home, 'installed.mjs'));
  // Not called .ts where it lies: there, its import of the package would mean a build that may not be there.
  await cp(join(programs, 'installed.ts.txt'), join(home, 'installed.ts'));
  await writeFile(join(home, 'package.json'), '{"type":"module"}');
  const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const all = { ...manifest.dependencies, ...manifest.devDependencies };
  foreign = Object.keys(all).filter((name) => !OWN.includes(name) && !name.startsWith('@types/'));
});

afterAll(() => rm(home, { recursive: true, force: true }));

/** The oldest Node this is promised for, where one is at hand: 20 to 22 on PATH. Else the one that runs the tests. */
async function oldNode(): Promise<string> {
  for (const directory of (process.env.PATH ?? '').split(delimiter)) {
    if (directory.includes('node_modules')) continue;
    const node = join(directory, 'node');
    const version = await run(node, ['--version']).then(
      ({ stdout }) => stdout,
      () => '',
    );
    if (/^v2[0-2]\./.test(version)) return node;
  }
  return process.execPath;
}

test('the installed package serves, watches and asks, and reaches nothing of the server', async () => {
  expect(foreign).toEqual(expect.arrayContaining(['ioredis', 'graphql-yoga', '@pothos/core', 'pino']));
  await using stage = await openStage();
  const directory = await mkdtemp(join(home, 'files-'));
  const args = ['installed.mjs', stage.server.url, directory, ...foreign];
  const { stdout, stderr } = await run(await oldNode(), args, { cwd: home });
  expect(JSON.parse(stdout)).toEqual({
    node: expect.stringMatching(/^v\d+/),
    schema: expect.stringMatching(/node_modules\/spacedock\/schema\.graphql$/),
    status: 'COMPLETED',
    answer: 'there, and back',
    tracked: 'tracked',
    output: 'one 😀',
    spaces: [SPACE],
    found: [],
  });
  expect(stderr).toBe('');
});

test('the types of the installed package hold by themselves', async () => {
  const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'es2022', '--types', ''];
  const checked = run(tsc, [...options, '--lib', 'es2022,dom,esnext.disposable', 'installed.ts'], { cwd: home });
  // A failure's output is on stdout, which the error alone would not show.
  expect(
    await checked.then(
      ({ stdout }) => stdout,
      ({ stdout }) => stdout,
    ),
  ).toBe('');
});
