import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, matchesGlob } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readConfig } from '../../src/config.ts';
import { DEFAULT_POLICY } from '../../src/domain/space.ts';
import { SETTINGS } from '../../src/settings.ts';
import { endsWithUs } from '../help/children.ts';
import { newToken, signIn, withAccounts } from '../help/people.ts';
import { startServer } from '../help/server.ts';

interface Service {
  build?: string;
  image: string;
  command?: string | string[];
  environment?: Record<string, string | number>;
  ports?: string[];
  volumes?: string[];
  depends_on?: Record<string, { condition: string }>;
  healthcheck?: { test?: string[]; disable?: boolean };
  stop_grace_period?: string;
}

const root = join(import.meta.dirname, '../..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');
const MAIN = join(root, 'client/cli/main.ts');
const pack = JSON.parse(read('package.json')) as { engines: { node: string }; devDependencies: { node: string } };
const compose = parse(read('docker-compose.yml'), { merge: true }) as {
  services: Record<'redis' | 'server' | 'space' | 'app', Service>;
  volumes: Record<string, unknown>;
};
const { redis, server, space, app } = compose.services;

/** One instruction a line, as `[name, rest]`. */
const instructions = read('Dockerfile')
  .replaceAll('\\\n', ' ')
  .split('\n')
  .filter((line) => line.trim() !== '' && !line.startsWith('#'))
  .map((line) => [line.slice(0, line.indexOf(' ')), line.slice(line.indexOf(' ') + 1).trim()] as const);
const last = (name: string) => instructions.findLast(([each]) => each === name)?.[1] ?? '';
const imageEnvironment = Object.fromEntries(
  last('ENV')
    .split(/\s+/)
    .map((pair) => pair.split('=') as [string, string]),
);

const variablesOf = ({ environment: set = {} }: Service) =>
  Object.fromEntries(Object.entries(set).map(([name, value]) => [name, String(value)]));
const ADMIN_PASSWORD = 'correct horse battery';
const config = readConfig({ ...imageEnvironment, ...variablesOf(server), ADMIN_PASSWORD });

function seconds(duration = '10s'): number {
  const [, amount, unit] = /^(\d+)(s|m)$/.exec(duration) ?? [];
  return Number(amount) * (unit === 'm' ? 60 : 1);
}

describe('docker-compose.yml', () => {
  it('sets only variables that the server knows, to values that it accepts', () => {
    const known = Object.keys(SETTINGS);
    expect(Object.keys(variablesOf(server)).filter((name) => !known.includes(name))).toEqual([]);
    expect(config.redisUrl).toBe('redis://redis:6379');
  });

  it('publishes the port that the server listens on, on this machine only', () => {
    expect(config.host).toBe('0.0.0.0');
    expect(server.ports).toEqual([`127.0.0.1:4000:${config.port}`]);
    expect([redis, space, app].flatMap((each) => each.ports ?? [])).toEqual([]);
  });

  it('gives a stopping server longer than its drain takes', () => {
    expect(seconds(server.stop_grace_period)).toBeGreaterThan(config.drainMs / 1000);
  });

  it('keeps what Redis and the server store on named volumes', () => {
    expect(server.volumes).toEqual([`files:${config.dataDir}`]);
    expect(redis.volumes).toEqual(['redis:/data']);
    expect(Object.keys(compose.volumes).sort()).toEqual(['files', 'redis', 'secrets']);
    // The image has the directory, so that a new volume belongs to who writes there.
    expect(instructions.some(([, rest]) => /chown node:node .*\/secrets/.test(rest))).toBe(true);
  });

  it('runs a Redis that is new enough, persists and never evicts', () => {
    expect(Number(/^redis:(\d+)/.exec(redis.image)?.[1])).toBeGreaterThanOrEqual(7);
    expect(redis.command).toMatch(/--appendonly yes/);
    expect(redis.command).toMatch(/--maxmemory-policy noeviction/);
  });

  it('waits only for what can come true', () => {
    const services = new Map(Object.entries<Service>(compose.services));
    for (const service of services.values()) {
      for (const [name, { condition }] of Object.entries(service.depends_on ?? {})) {
        const other = services.get(name);
        expect(other, name).toBeDefined();
        const checked = other?.healthcheck?.test !== undefined || (other?.build !== undefined && last('HEALTHCHECK'));
        if (condition === 'service_healthy') expect(checked && !other?.healthcheck?.disable, name).toBeTruthy();
        else expect([name, condition]).toEqual(['space', 'service_completed_successfully']);
      }
    }
  });

  it('does not start without a password for its administrator, and writes none down', () => {
    expect(variablesOf(server).ADMIN_PASSWORD).toMatch(/^\$\{ADMIN_PASSWORD:\?/);
    expect(variablesOf(space).ADMIN_PASSWORD).toMatch(/^\$\{ADMIN_PASSWORD\}$/);
  });

  it('makes the space and a token for the app, which serves it; and the same again changes nothing', async () => {
    await using server = await startServer(withAccounts());
    await signIn(server);
    const scratch = await mkdtemp(join(tmpdir(), 'spacedock-test-'));
    await writeFile(join(scratch, 'spacedock'), `#!/bin/sh\nexec ${process.execPath} ${MAIN} "$@"\n`, { mode: 0o755 });
    const env = {
      PATH: `${scratch}:${process.env.PATH}`,
      HOME: scratch,
      SPACEDOCK_URL: server.url,
      ADMIN_PASSWORD,
    };
    /** As compose reads it, but for where the volume is. */
    const script = ({ command = '' }: Service) =>
      (command[2] ?? '')
        .replaceAll('$$', '$')
        .replaceAll('/secrets', scratch)
        .replaceAll('http://server:4000', server.url);
    const make = () => promisify(execFile)('sh', ['-c', script(space)], { env });
    await make();
    const token = await readFile(join(scratch, 'app'), 'utf8');
    expect(token).toMatch(/^sdt_\S+\n$/);
    expect((await stat(join(scratch, 'app'))).mode & 0o777).toBe(0o600);
    expect((await make()).stdout).toBe('demo (APP)\n');
    expect(await readFile(join(scratch, 'app'), 'utf8')).toBe(token);
    // One that does not count any more, as of a Redis that was emptied.
    await writeFile(join(scratch, 'app'), 'stale\n');
    await make();
    expect(await readFile(join(scratch, 'app'), 'utf8')).toMatch(/^sdt_/);

    const serving = endsWithUs(spawn('sh', ['-c', script(app)], { env, stdio: ['ignore', 'pipe', 'inherit'] }));
    await once(serving.stdout, 'data');
    // As the first lines of the file say, whoever that is.
    const [, submit = ''] = /docker compose exec app spacedock (submit .*)\n/.exec(read('docker-compose.yml')) ?? [];
    const words = submit.replace('http://server:4000', server.url).split(' ');
    const { stdout } = await promisify(execFile)(process.execPath, [MAIN, ...words], { env });
    expect(JSON.parse(stdout)).toMatchObject({ prompt: 'Hello' });
    const ended = once(serving, 'exit');
    serving.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    await rm(scratch, { recursive: true });
  });
});

/** A unit of systemd: what it sets, and what its comments set as an example. */
function unitOf(file: string) {
  const unit = [...read(file).matchAll(/^(\w+)=(.*)$/gm)];
  const all = (name: string) => unit.filter(([, each]) => each === name).map(([, , value = '']) => value);
  const only = (name: string) => {
    expect(all(name), name).toHaveLength(1);
    return all(name)[0] ?? '';
  };
  const examples = [...read(file).matchAll(/^# {3}([A-Z_]+)=(.*)$/gm)].map(
    ([, name, value]) => [name!, value!] as const,
  );
  return { all, only, examples: Object.fromEntries(examples) };
}

describe('docs/deploy/spacedock.service', () => {
  const { all, only, examples } = unitOf('docs/deploy/spacedock.service');
  const set = Object.fromEntries(all('Environment').map((pair) => pair.split('=') as [string, string]));

  it('sets only variables that the server knows, to values that it accepts', () => {
    const known = Object.keys(SETTINGS);
    const named = [...Object.keys(examples), ...Object.keys(set)];
    expect(named.length).toBeGreaterThan(3);
    expect(named.filter((name) => !known.includes(name))).toEqual([]);
    expect(readConfig(set).dataDir).toBe(`/var/lib/${only('StateDirectory')}`);
  });

  it('runs the command, gives it longer to stop than its drain takes, and does not repeat what was refused', async () => {
    expect(only('ExecStart')).toMatch(/^\/\S+\/spacedock serve$/);
    expect(Number(only('TimeoutStopSec'))).toBeGreaterThan(readConfig(set).drainMs / 1000);
    expect(only('Restart')).toBe('always');
    const refused = promisify(execFile)(process.execPath, [MAIN, 'serve'], { env: { PORT: 'many' } });
    await expect(refused).rejects.toMatchObject({ code: Number(only('RestartPreventExitStatus')) });
  });

  it('has one user, by name: instances of spacedock@ share a directory that belongs to it', () => {
    expect(only('DynamicUser')).toBe('yes');
    expect(only('User')).toMatch(/^[a-z][a-z-]*$/);
  });
});

describe('docs/deploy/spacedock-app.service', () => {
  const { only, examples } = unitOf('docs/deploy/spacedock-app.service');
  const command = /^\/\S+\/spacedock (app .*)$/.exec(only('ExecStart'))?.[1] ?? '';

  it('serves with what its comments say, drains when it is stopped, and does not repeat what was refused', async () => {
    await using server = await startServer(withAccounts());
    const admin = await signIn(server);
    const spaces = /--spaces (\S+)/.exec(command)?.[1]?.split(',') ?? [];
    for (const id of spaces) {
      await admin.ask(
        'mutation ($id: ID!) { createSpace(input: { id: $id, title: "One", inputs: { prompt: true } }) { id } }',
        { id },
      );
    }
    const { secret } = await newToken(server, admin, { role: 'APP', spaces });
    const program = join(root, 'client/examples/exec/keep.py');
    const line = command.replace(/\/\S+\.py/, program).replace('python3', process.env.PYTHON ?? '/usr/bin/python3');
    const start = (token: string) => {
      // Of the comments all are set, and none but they.
      const values: Record<string, string> = { SPACEDOCK_URL: server.url, SPACEDOCK_TOKEN: token };
      expect(Object.keys(examples)).toEqual(Object.keys(values));
      const env = { ...values, PATH: process.env.PATH };
      return endsWithUs(
        spawn('sh', ['-c', `exec ${process.execPath} ${MAIN} ${line}`], { env, stdio: ['ignore', 'pipe', 'inherit'] }),
      );
    };
    const serving = start(secret!);
    const [ended, registered] = [once(serving, 'exit'), once(serving.stdout, 'data')];
    await registered;
    const submitted = ['submit', spaces[0]!, '--prompt', '6', '--watch', '--url', server.url, '--token', admin.secret!];
    const { stdout } = await promisify(execFile)(process.execPath, [MAIN, ...submitted]);
    expect(JSON.parse(stdout)).toEqual({ 6: [2, 3] });
    serving.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    const refused = start('sdt_stale');
    expect(await once(refused, 'exit')).toEqual([Number(only('RestartPreventExitStatus')), null]);
  });

  it('gives what it works on the time that a space gives it, and stops spacedock alone', () => {
    expect(Number(only('TimeoutStopSec'))).toBeGreaterThan(DEFAULT_POLICY.maxRunSeconds);
    expect(only('KillMode')).toBe('mixed');
  });
});

describe('Dockerfile', () => {
  it('runs the Node that the tests run, which the package allows', () => {
    const major = Number(/^\^?(\d+)/.exec(pack.devDependencies.node)?.[1]);
    for (const [name, rest] of instructions) if (name === 'FROM') expect(rest).toMatch(`node:${major}-slim`);
    expect(major).toBeGreaterThanOrEqual(Number(/\d+/.exec(pack.engines.node)?.[0]));
  });

  it('sets only variables that the server knows', () => {
    const known = [...Object.keys(SETTINGS), 'NODE_ENV'];
    expect(Object.keys(imageEnvironment).filter((name) => !known.includes(name))).toEqual([]);
  });

  it('runs without root and without development dependencies, and stops as the server expects', () => {
    expect(last('USER')).toBe('node');
    expect(last('STOPSIGNAL')).toBe('SIGTERM');
    const stage = instructions.slice(instructions.findLastIndex(([name]) => name === 'FROM'));
    const [, modules = ''] = stage.find(([name, rest]) => name === 'COPY' && rest.includes('node_modules')) ?? [];
    const source = /--from=(\w+)/.exec(modules)?.[1];
    const begin = instructions.findIndex(([name, rest]) => name === 'FROM' && rest.endsWith(` AS ${source}`));
    const run = instructions.slice(begin).find(([name]) => name === 'RUN');
    expect(run?.[1]).toMatch('npm ci --omit=dev');
  });

  it('gets every file it copies past .dockerignore', () => {
    const admitted = [...read('.dockerignore').matchAll(/^!(.+)$/gm)].map(([, pattern = '']) => pattern);
    const copied = instructions
      .filter(([name, rest]) => name === 'COPY' && !rest.startsWith('--from'))
      .flatMap(([, rest]) => rest.split(/\s+/).slice(0, -1))
      .filter((file) => file !== '.');
    const needed = [...copied, 'scripts', 'src', 'client', ...globSync('tsconfig*.json', { cwd: root })];
    expect(needed.filter((file) => !admitted.some((pattern) => matchesGlob(file, pattern)))).toEqual([]);
  });

  it.each([
    [200, 0],
    [503, 1],
  ])('calls a server healthy whose /ready says %i: exit %i', async (status, exit) => {
    const [program = '', ...args] = JSON.parse(last('HEALTHCHECK').split(' CMD ')[1] ?? '') as string[];
    const asked: (string | undefined)[] = [];
    await using listener = createServer((request, response) => {
      asked.push(request.url);
      response.writeHead(status).end();
    }).listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const { port } = listener.address() as AddressInfo;
    expect(program).toBe('node');
    const check = promisify(execFile)(process.execPath, args, { env: { PORT: String(port) } });
    expect(
      await check.then(
        () => 0,
        (error: { code: number }) => error.code,
      ),
    ).toBe(exit);
    expect(asked).toEqual(['/ready']);
  });
});
