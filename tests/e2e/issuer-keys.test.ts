import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { openSqlite } from '../../src/engine/sqlite.ts';
import { createLog } from '../../src/log.ts';
import { createAccess } from '../../src/service/access.ts';
import { createAccounts } from '../../src/service/accounts.ts';
import { IssuerUnavailable } from '../../src/service/discovery.ts';
import { createIssuer, type Issuer } from '../../src/service/issuer.ts';
import { post } from '../help/client.ts';
import { AUDIENCE, issuerEnv, newKey, startIssuer, type TestIssuer } from '../help/issuer.ts';
import { person, signIn, withAccounts } from '../help/people.ts';
import { startServer } from '../help/server.ts';

const ME = '{ viewer { name } }';

describe('the keys of an issuer', () => {
  let issuer: TestIssuer;
  beforeEach(async () => {
    issuer = await startIssuer();
  });
  afterEach(() => issuer[Symbol.asyncDispose]());

  /** As a server has it, with shorter times. */
  async function open(times: { cooldownMs?: number; timeoutMs?: number }): Promise<Issuer> {
    const directory = await mkdtemp(join(tmpdir(), 'spacedock-test-'));
    const engine = await openSqlite({ directory });
    onTestFinished(async () => {
      await engine.close();
      await rm(directory, { recursive: true });
    });
    const accounts = createAccounts(engine, createAccess(engine));
    const config = {
      issuer: issuer.url,
      audience: AUDIENCE,
      jwksUrl: null,
      nameClaim: null,
      admin: null,
      client: null,
    };
    return createIssuer({ config, accounts, now: engine.now, log: createLog('silent'), ...times });
  }

  it('are asked for once, whoever comes', async () => {
    const { vouched } = await open({});
    const tokens = await Promise.all(Array.from({ length: 10 }, (_, n) => issuer.token({ sub: `s${n}` })));
    const viewers = await Promise.all(tokens.map(vouched));
    expect(viewers.map((viewer) => viewer?.name).sort()).toEqual(tokens.map((_, n) => `s${n}`));
    expect(issuer.asked).toEqual({ '/.well-known/openid-configuration': 1, '/keys': 1 });
  });

  it('are asked for again when a token names a new one, and those that were taken back count no more', async () => {
    const { vouched } = await open({ cooldownMs: 0 });
    const old = await issuer.token({ sub: 'ada' });
    expect(await vouched(old)).toMatchObject({ name: 'ada' });
    await issuer.rotate();
    expect(await vouched(await issuer.token({ sub: 'ada' }))).toMatchObject({ name: 'ada' });
    expect(await vouched(old)).toBeNull();
  });

  it('are not asked for again at every token of an unknown one', async () => {
    const { vouched } = await open({ cooldownMs: 300 });
    expect(await vouched(await issuer.token({ sub: 'ada' }))).toMatchObject({ name: 'ada' });
    const flood = await Promise.all(
      Array.from({ length: 50 }, async (_, n) => issuer.token({ sub: 'x' }, { header: { kid: `unknown-${n}` } })),
    );
    expect(await Promise.all(flood.map(vouched))).toEqual(flood.map(() => null));
    expect(issuer.asked['/keys']).toBe(1);
    // Time is what this is about.
    await sleep(350);
    expect(await Promise.all(flood.map(vouched))).toEqual(flood.map(() => null));
    expect(issuer.asked['/keys']).toBe(2);
  });

  it('count on while the issuer is away; a token of another one is to come again', async () => {
    const { vouched } = await open({ cooldownMs: 0, timeoutMs: 200 });
    await vouched(await issuer.token({ sub: 'ada' }));
    for (const mood of ['away', 'slow', 'broken'] as const) {
      issuer.mood = mood;
      expect(await vouched(await issuer.token({ sub: 'ada' }))).toMatchObject({ name: 'ada' });
      const unknown = await issuer.token({ sub: 'x' }, { key: await newKey('unknown') });
      await expect(vouched(unknown)).rejects.toThrow(IssuerUnavailable);
      await expect(vouched('no.token.atall')).resolves.toBeNull();
    }
  });

  it('that could not be had are not asked for again at once, and are when the issuer is back', async () => {
    issuer.mood = 'slow';
    const { vouched } = await open({ timeoutMs: 200 });
    const token = await issuer.token({ sub: 'ada' });
    const failed = await Promise.allSettled(Array.from({ length: 20 }, () => vouched(token)));
    expect(failed.map(({ status }) => status)).toEqual(failed.map(() => 'rejected'));
    await expect(vouched(token)).rejects.toThrow(IssuerUnavailable);
    expect(issuer.asked).toEqual({ '/.well-known/openid-configuration': 1 });
    issuer.mood = 'well';
    await expect.poll(() => vouched(token).catch(() => null)).toMatchObject({ name: 'ada' });
  });

  it('of an issuer that calls itself otherwise are not taken', async () => {
    issuer.metadata = { issuer: 'https://id.example.org' };
    const { vouched } = await open({});
    await expect(vouched(await issuer.token({ sub: 'ada' }))).rejects.toThrow(IssuerUnavailable);
    expect(issuer.asked['/keys']).toBeUndefined();
  });

  it('that are secrets sign nobody in', async () => {
    issuer.published = [{ ...issuer.key, jwk: { kty: 'oct', k: 'AAAA', kid: issuer.key.kid } }];
    const { vouched } = await open({});
    expect(await vouched(await issuer.token({ sub: 'ada' }))).toBeNull();
  });
});

it('while the issuer is away nobody else waits, and who needs it is told to come again', async () => {
  await using issuer = await startIssuer();
  issuer.mood = 'slow';
  await using server = await startServer(withAccounts({ env: issuerEnv(issuer) }));
  const admin = await signIn(server);
  const waiting = person(server, await issuer.token({ sub: 'ada' }));
  const answer = post(server, ME, {}, waiting.headers);
  const socket = await waiting.socket({ init: false });
  socket.send({ type: 'connection_init', payload: waiting.headers });
  // A moment for everybody else, before either is answered.
  let answered = false;
  void Promise.race([answer, socket.closed]).then(() => {
    answered = true;
  });
  for (let n = 0; n < 20; n++) await admin.ask(ME);
  expect(answered).toBe(false);
  issuer.mood = 'away';
  const { status, errors } = await answer;
  expect([status, errors[0]?.extensions]).toEqual([503, { code: 'INTERNAL_SERVER_ERROR', retryAfterSeconds: 5 }]);
  expect((await socket.closed).code).toBe(1013);
  issuer.mood = 'well';
  await expect.poll(() => waiting.ask(ME).catch(() => null), { timeout: 10_000 }).toEqual({ viewer: { name: 'ada' } });
  expect(server.server.services.counters.errors).toBe(0);
}, 20_000);
