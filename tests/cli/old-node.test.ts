import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
let home: string;

/** The entry as it is built, beside a program that no Node can read: it must not come to that. */
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'spacedock-test-'));
  const source = await readFile(join(root, 'client/cli/main.ts'), 'utf8');
  await writeFile(join(home, 'main.js'), stripTypeScriptTypes(source).replace("'./program.ts'", "'./program.js'"));
  await writeFile(join(home, 'program.js'), 'this is no JavaScript');
  await writeFile(join(home, 'package.json'), '{"type":"module"}');
});

afterAll(() => rm(home, { recursive: true }));

function runMain(node: string, ...args: string[]): Promise<{ code: unknown; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile(node, [...args, join(home, 'main.js'), '--version'], (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, stdout, stderr }),
    );
  });
}

const sentence = (version: string) =>
  new RegExp(`^spacedock needs Node 24 or newer, and this is ${version}: install a newer one .*\\n$`);

test('a Node that is too old is told in one sentence, before anything modern is read', async () => {
  const pretend = "Object.defineProperty(process.versions, 'node', { value: '22.9.1' });";
  const { code, stdout, stderr } = await runMain(process.execPath, '--import', `data:text/javascript,${pretend}`);
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(sentence('22\\.9\\.1'));

  // And real ones, where PATH has one.
  for (const directory of (process.env.PATH ?? '').split(delimiter)) {
    const node = join(directory, 'node');
    const version = await new Promise<string>((resolve) => {
      execFile(node, ['--version'], (_, stdout) => resolve(stdout.trim().slice(1)));
    });
    const old = version !== '' && Number.parseInt(version, 10) < 24;
    if (old) expect(await runMain(node)).toMatchObject({ code: 1, stderr: expect.stringMatching(sentence(version)) });
  }
});

test('the Node that it asks for is the one that the package names', async () => {
  const { engines } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  expect(engines.node).toBe('>=24');
  expect((await runMain(process.execPath)).stderr).toContain('this is no JavaScript');
});
