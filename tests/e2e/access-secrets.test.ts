import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { describe, expect, it } from 'vitest';
import { createLog } from '../../src/log.ts';
import { sse } from '../help/client.ts';
import { newToken, newVisitor, type Person, person, serve, signIn } from '../help/people.ts';
import { startRedis } from '../help/redis.ts';
import { engines, startServer, type TestServer } from '../help/server.ts';

const planted = (what: string) => `planted-${what}-${Math.random().toString(36).slice(2)}`;

const ADMIN = planted('admin-password');
const REDIS = planted('redis-password');
const USER = planted('user-password');
const WRONG = planted('wrong-password');
const LATER = planted('later-password');
/** No secrets, and none of the log's business. */
const PROMPT = planted('prompt');
const RESULT = planted('result');
const TEXT = planted('output');
const FILE = planted('file');

/** Everything that was answered over HTTP, with what was asked. */
interface Said {
  query: string;
  text: string;
}

const SUBMIT =
  'mutation ($input: SubmitInferenceInput!) { submitInference(input: $input) { id input { files { url } } } }';
const COMPLETE = 'mutation ($input: ReportCompleteInput!) { reportComplete(input: $input) { id files { url } } }';
const PROGRESS = 'mutation ($input: ReportProgressInput!) { reportProgress(input: $input) { id } }';
const OUTPUT = 'mutation ($input: ReportOutputInput!) { reportOutput(input: $input) { id } }';

/** All that a storage holds, as text. */
async function stored(server: TestServer, password: string): Promise<string> {
  if (!server.redis) {
    const names = (await readdir(server.dataDir)).filter((name) => name.includes('.db') || name.includes('sqlite'));
    expect(names.length).toBeGreaterThan(0);
    const files = await Promise.all(names.map((name) => readFile(join(server.dataDir, name), 'latin1')));
    return files.join('\n');
  }
  const redis = new Redis(server.redis.url, { password, lazyConnect: true });
  await redis.connect();
  const values: unknown[] = [];
  for (const key of await redis.keys('*')) {
    const reads: Record<string, () => Promise<unknown>> = {
      string: () => redis.get(key),
      hash: () => redis.hgetall(key),
      set: () => redis.smembers(key),
      zset: () => redis.zrange(key, '0', '-1'),
      list: () => redis.lrange(key, 0, -1),
      stream: () => redis.xrange(key, '-', '+'),
    };
    values.push(key, await reads[await redis.type(key)]!());
  }
  redis.disconnect();
  return JSON.stringify(values);
}

describe.each(engines)('with secrets planted everywhere, on %s', (engine) => {
  it('none of them is logged, stored, counted, or answered to anybody but whom it was made for', async () => {
    await using redis = engine === 'redis' ? await startRedis({ password: REDIS }) : null;
    const lines: string[] = [];
    const log = createLog('trace', { write: (line: string) => void lines.push(line) });
    await using server = await startServer({
      engine,
      log,
      ...(redis ? { redis } : {}),
      env: { ACCESS: 'accounts', ADMIN_PASSWORD: ADMIN, LOG_LEVEL: 'trace' },
    });
    const said: Said[] = [];
    const ask = async (who: Person, query: string, variables: object = {}) => {
      const body = JSON.stringify({ query, variables });
      const headers = { 'content-type': 'application/json', ...who.headers };
      const response = await fetch(server.graphql, { method: 'POST', body, headers });
      const text = await response.text();
      said.push({ query, text: `${text} ${response.headers.getSetCookie()}` });
      return { text, data: (JSON.parse(text) as { data: never }).data as never };
    };

    // People.
    const admin = await signIn(server, 'admin', ADMIN);
    const nobody = person(server, null);
    const login = 'mutation ($name: String!, $password: String!) { login(name: $name, password: $password) { token } }';
    const create = 'mutation ($input: CreateUserInput!) { createUser(input: $input) { id } }';
    await ask(admin, create, { input: { name: 'ada', password: USER } });
    await ask(admin, create, { input: { name: 'ada', password: USER } });
    await ask(admin, create, { input: { name: 'a b', password: USER } });
    await ask(admin, create, { input: { name: 'bob', password: USER, rank: 'x' } });
    await ask(admin, create, { input: { name: 'bob', password: [USER] } });
    await ask(nobody, create, { input: { name: 'bob', password: USER } });
    await ask(nobody, login, { name: 'ada', password: WRONG });
    await ask(nobody, login, { name: WRONG, password: USER });
    await ask(nobody, `mutation { login(name: "ada", password: "${WRONG}") { token `);
    const ada = await signIn(server, 'ada', USER);
    await ask(ada, 'mutation ($a: String!, $b: String!) { changePassword(current: $a, new: $b) }', {
      a: USER,
      b: LATER,
    });
    await ask(admin, 'mutation ($p: String!) { resetPassword(name: "ada", new: $p) }', { p: USER });
    const eve = await signIn(server, 'ada', USER);
    const visitor = await newVisitor(server);

    // Programs.
    await ask(
      admin,
      'mutation { createSpace(input: { id: "work", title: "Work", visitors: true, inputs: { files: { accept: ["*/*"] } }, policy: { whenOffline: QUEUE } }) { id } }',
    );
    const app = await newToken(server, admin, { role: 'APP', spaces: ['work'] });
    const reporter = await newToken(server, admin, { role: 'REPORTER' });
    const script = await newToken(server, eve, { role: 'USER' });
    const stale = await newToken(server, admin, { role: 'REPORTER' });
    await ask(admin, 'mutation ($id: ID!) { revokeToken(id: $id) }', { id: stale.id });
    await ask(stale, '{ viewer { id } }');
    for (const path of ['', '/stats', '/metrics', `/files?name=x&token=${script.secret}`]) {
      await fetch(`${server.url}${path || `/graphql?token=${script.secret}`}`, {
        headers: {
          authorization: `Bearer ${script.secret}x`,
          cookie: `spacedock_session=${eve.secret}`,
          origin: 'https://evil.example',
        },
      });
    }
    await (await script.socket()).close();
    const refused = await person(server, null).socket({ init: false });
    refused.send({ type: 'connection_init', payload: { authorization: `Bearer ${stale.secret}` } });
    await refused.closed;

    // Work.
    const links: string[] = [];
    const upload = await fetch(`${server.url}/files?name=a.txt`, {
      method: 'POST',
      body: FILE,
      headers: { 'content-type': 'text/plain', ...eve.headers },
    });
    const { id: file } = (await upload.json()) as { id: string };
    const submitted = await ask(eve, SUBMIT, { input: { space: 'work', prompt: PROMPT, files: [file] } });
    const { submitInference: job } = submitted.data as {
      submitInference: { id: string; input: { files: { url: string }[] } };
    };
    links.push(...job.input.files.map(({ url }) => url));
    await ask(eve, SUBMIT, { input: { space: 'work', prompt: PROMPT, files: [PROMPT] } });
    await ask(eve, SUBMIT, { input: { space: 'work', prompt: { PROMPT } } });
    const serving = await serve(app, { spaces: ['work'] });
    const lease = await serving.request();
    await ask(app, PROGRESS, { input: { ...lease, stage: 'x', message: TEXT, metadata: { TEXT } } });
    await ask(app, OUTPUT, { input: { ...lease, offset: 0, text: TEXT } });
    await ask(app, OUTPUT, { input: { ...lease, offset: 999, text: TEXT } });
    const done = await ask(app, COMPLETE, { input: { ...lease, result: { RESULT }, files: [] } });
    expect(done.text).not.toContain('errors');
    for (const link of links) {
      await fetch(`${server.url}${link}`);
      await fetch(`${server.url}${link}0`);
    }
    const watched = await sse<unknown>(
      server,
      'subscription ($id: ID!) { jobUpdates(id: $id) { result } }',
      { id: job.id },
      eve.headers,
    );
    await watched.ended;
    await ask(reporter, PROGRESS, { input: { job: 'tracked', stage: 'x', message: TEXT } });

    // What goes wrong unexpectedly, with all of that on its way.
    if (redis) {
      const cli = new Redis({ port: redis.port, password: REDIS });
      for (const [harm, mend] of [
        [
          ['CONFIG', 'SET', 'maxmemory', '1'],
          ['CONFIG', 'SET', 'maxmemory', '0'],
        ],
        [
          ['ACL', 'SETUSER', 'default', '-evalsha'],
          ['ACL', 'SETUSER', 'default', '+evalsha'],
        ],
      ] as const) {
        await cli.call(harm[0], ...harm.slice(1));
        const away = await ask(eve, SUBMIT, { input: { space: 'work', prompt: PROMPT } });
        expect(away.text).toContain('INTERNAL_SERVER_ERROR');
        await ask(app, OUTPUT, { input: { ...lease, offset: 0, text: TEXT } });
        await cli.call(mend[0], ...mend.slice(1));
      }
      cli.disconnect();
    }
    const { jobs } = server.engine;
    const { create: store } = jobs;
    jobs.create = async (given, input) => {
      const cause = Object.assign(new Error('ENOSPC'), { input });
      throw Object.assign(new Error('The disk is full', { cause }), { given, input });
    };
    const away = await ask(eve, SUBMIT, { input: { space: 'work', prompt: PROMPT } });
    expect(away.text).toContain('INTERNAL_SERVER_ERROR');
    jobs.create = store;
    const logged = lines.join('');
    expect(logged).toContain('The disk is full');
    expect(logged).toContain('ENOSPC');
    const told = await ask(
      admin,
      '{ auditLog(first: 100) { nodes { kind subject detail address actor { id name } } } }',
    );
    expect(told.text).toContain('SPACE_CREATED');
    const metrics = await (await fetch(`${server.url}/metrics`, { headers: admin.headers })).text();
    const stats = await (await fetch(`${server.url}/stats`, { headers: admin.headers })).text();
    const ready = await (await fetch(`${server.url}/ready`)).text();
    const memory = await stored(server, REDIS);
    await serving[Symbol.asyncDispose]();
    for (const line of lines.filter((text) => text.includes('"stack"'))) expect(line).toContain('"level":50');

    const passwords = { ADMIN, REDIS, USER, WRONG, LATER };
    const credentials = Object.fromEntries(
      Object.entries({ admin, ada, eve, visitor, app, reporter, script, stale }).map(([name, { secret }]) => [
        name,
        secret!,
      ]),
    );
    const texts = { PROMPT, RESULT, TEXT, FILE };
    const signatures = links.map((link) => /signature=([^&]+)/.exec(link)![1]!);
    expect(signatures.length).toBeGreaterThan(0);
    const places = { 'the log': logged, metrics, stats, ready };
    for (const [place, text] of Object.entries(places)) {
      const secrets = { ...passwords, ...credentials, ...texts, lease: lease.lease, signature: signatures[0]! };
      for (const [name, secret] of Object.entries(secrets)) {
        expect([place, name, text.includes(secret)]).toEqual([place, name, false]);
        const part = secret.slice(-10);
        expect([place, `a part of ${name}`, text.includes(part)]).toEqual([place, `a part of ${name}`, false]);
      }
    }
    // What is stored lets nobody sign in: of texts it holds what it must.
    for (const [name, secret] of Object.entries({ ...passwords, ...credentials })) {
      expect(['stored', name, memory.includes(secret)]).toEqual(['stored', name, false]);
    }
    expect(memory).toContain(PROMPT);
    for (const { query, text } of said) {
      for (const [name, secret] of Object.entries(passwords)) {
        expect([query, name, text.includes(secret)]).toEqual([query, name, false]);
      }
      for (const [name, secret] of Object.entries(credentials)) {
        if (query === login) continue;
        expect([query, name, text.includes(secret)]).toEqual([query, name, false]);
      }
      expect([query, text.includes('stack'), /\bat .*\.ts:/.test(text)]).toEqual([query, false, false]);
    }
  });
});
