import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandsFor } from '../../client/web/pages/admin/tokens/commands.ts';
import { endsWithUs } from '../help/children.ts';
import { eventually } from '../help/jobs.ts';
import { newToken, type Person, serve, signIn, withAccounts } from '../help/people.ts';
import { startServer, type TestServer } from '../help/server.ts';
import { MAIN } from './command.ts';

const root = join(import.meta.dirname, '../..');

/** A directory of programs: the command line, the distribution's Python, and a build that is quick. */
let bin: string;
/** A project in which the SDK is installed. */
let project: string;
let server: TestServer;
let admin: Person;
beforeAll(async () => {
  bin = await mkdtemp(join(tmpdir(), 'spacedock-bin-'));
  project = await mkdtemp(join(tmpdir(), 'spacedock-project-'));
  const script = async (name: string, text: string) => {
    await writeFile(join(bin, name), `#!/bin/sh\n${text}\n`);
    await chmod(join(bin, name), 0o755);
  };
  await script('spacedock', `exec '${process.execPath}' '${MAIN}' "$@"`);
  await script('make', 'echo "$1 made"');
  // Its packages are those of the distribution, installed before.
  await script('pip', 'exit 0');
  await symlink(process.env.PYTHON ?? '/usr/bin/python3', join(bin, 'python3'));
  await symlink(process.execPath, join(bin, 'node'));
  const installed = join(project, 'node_modules/spacedock');
  await mkdir(installed, { recursive: true });
  const sdk = JSON.stringify(join(root, 'client/sdk/index.ts'));
  await writeFile(join(installed, 'index.js'), `export * from ${sdk};`);
  await writeFile(join(installed, 'package.json'), '{"type":"module","exports":{"./client":"./index.js"}}');
  await writeFile(join(project, 'package.json'), '{"type":"module"}');
  server = await startServer(withAccounts());
  admin = await signIn(server);
  await admin.ask('mutation { createSpace(input: { id: "words", title: "Words" }) { id } }');
});
afterAll(async () => {
  await server.close();
  await rm(bin, { recursive: true, force: true });
  await rm(project, { recursive: true, force: true });
});

interface Shell extends AsyncDisposable {
  output(): string;
  readonly ended: Promise<number | null>;
}

/** A terminal, in a clone, into which somebody pastes this. */
function paste(command: string): Shell {
  const env = { ...process.env, PATH: `${bin}${delimiter}${process.env.PATH}`, PYTHONDONTWRITEBYTECODE: '1' };
  const child: ChildProcess = endsWithUs(spawn('sh', ['-c', command], { cwd: root, env, detached: true }));
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream!.on('data', (text) => (output += text));
  const ended = once(child, 'close').then(([code]) => code as number | null);
  return {
    output: () => output,
    ended,
    async [Symbol.asyncDispose]() {
      // With what the shell has started.
      if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid!, 'SIGKILL');
      await ended;
    },
  };
}

/** What the page of a new token shows. A program is saved as its first line says, and run by it. */
async function shown(way: string, role: 'APP' | 'REPORTER' | 'USER', prefix = ''): Promise<string> {
  const limits = role === 'APP' ? { spaces: ['words'] } : prefix ? { prefix } : {};
  const { secret } = await newToken(server, admin, { role, name: `${role} ${way}`, ...limits });
  const text = commandsFor(role, { url: server.url, secret: secret!, spaces: ['words'], prefix })[way]!;
  const [, run, file] = /^\/\/ (\S+ node (\S+))\n/.exec(text) ?? [];
  if (!run || !file) return text;
  await writeFile(join(project, file), text);
  return `cd '${project}' && ${run}`;
}

describe('what the page of a new token says to run', () => {
  it.each(['exec', 'sdk', 'python'])('starts an app that answers: %s', async (way) => {
    await using shell = paste(await shown(way, 'APP'));
    const apps = async () => (await admin.ask<{ remoteApps: unknown[] }>('{ remoteApps { id } }')).remoteApps.length;
    const over = shell.ended.then((code) => {
      throw new Error(`It ended with ${code}: ${shell.output()}`);
    });
    await Promise.race([eventually(async () => (await apps()) === 1), over]);
    const { submitInference } = await admin.ask<{ submitInference: { id: string } }>(
      'mutation { submitInference(input: { space: "words", prompt: "one two two" }) { id } }',
    );
    const status = async () =>
      (await admin.ask<{ job: { status: string } }>(`{ job(id: "${submitInference.id}") { status } }`)).job.status;
    await Promise.race([eventually(async () => !['QUEUED', 'RUNNING'].includes(await status())), over]);
    expect(await status()).toBe('COMPLETED');
    over.catch(() => {});
    await shell[Symbol.asyncDispose]();
    await eventually(async () => (await apps()) === 0);
  });

  it.each([
    ['track', 'COMPLETED'],
    ['sdk', 'COMPLETED'],
    ['python', 'COMPLETED'],
    ['curl', 'RUNNING'],
  ])('reports on a job under its prefix: %s', async (way, status) => {
    await using shell = paste(await shown(way, 'REPORTER', `${way}-`));
    expect([await shell.ended, shell.output()]).toEqual([0, expect.not.stringContaining('"errors"')]);
    const id = `${way}-${way === 'curl' ? 'hello' : 'nightly'}`;
    const { job } = await admin.ask<{ job: { status: string } | null }>(`{ job(id: "${id}") { status } }`);
    expect(job).toEqual({ status });
  });

  it.each([
    ['ask', '"name":"admin","role":"USER"'],
    ['cli', 'COMPLETED'],
  ])('acts as its owner, a script: %s', async (way, words) => {
    await using app = await serve(admin, { spaces: ['words'] });
    const answered = app
      .request()
      .then((input) =>
        admin.ask('mutation ($input: ReportCompleteInput!) { reportComplete(input: $input) { id } }', { input }),
      );
    answered.catch(() => {});
    await using shell = paste(await shown(way, 'USER'));
    expect([await shell.ended, shell.output()]).toEqual([0, expect.stringContaining(words)]);
  });

  it('starts an app for each space where one serves one: Python', () => {
    const { python } = commandsFor('APP', { url: 'http://host', secret: 'sdt_x', spaces: ['a', 'b'], prefix: '' });
    expect(python!.match(/--space \w/g)).toEqual(['--space a', '--space b']);
  });
});
