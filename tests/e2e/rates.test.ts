import { describe, expect, it } from 'vitest';
import { createBuckets } from '../../src/service/rates.ts';
import { post, sse } from '../help/client.ts';
import type { ApiError } from '../help/flow.ts';
import { newToken, newUser, newVisitor, person, signIn, withAccounts } from '../help/people.ts';
import { startServer } from '../help/server.ts';
import { useServer } from '../help/use-server.ts';

const ME = '{ viewer { id } }';
/** So slow that nothing comes back while a test runs. */
const NEVER = 1e-6;

describe('a token bucket', () => {
  it('gives its burst at once, then its rate, each key its own, and says when there is more', () => {
    let now = 0;
    const take = createBuckets(10, 3, () => now);
    expect([take('a'), take('a'), take('a')]).toEqual([0, 0, 0]);
    expect(take('a')).toBeCloseTo(0.1);
    expect(take('b')).toBe(0);
    now = 50;
    expect(take('a')).toBeCloseTo(0.05);
    now = 100;
    expect(take('a')).toBe(0);
    expect(take('a')).toBeCloseTo(0.1);
    now = 1e9;
    expect([take('a'), take('a'), take('a')]).toEqual([0, 0, 0]);
    expect(take('a')).toBeGreaterThan(0);
  });
});

describe('what one viewer may do in a while', () => {
  // Two at once, and one more in a second at the earliest.
  const server = useServer(withAccounts({ env: { MAX_OPERATIONS_PER_SECOND: '1' } }));

  it('is so many operations over HTTP, SSE and WebSocket together, and one more later', async () => {
    const reporter = await newToken(server, await signIn(server), { role: 'REPORTER' });
    await using socket = await reporter.socket();
    const stream = () => sse(server, 'subscription { jobUpdates(id: "x") { id } }', {}, reporter.headers);
    expect((await socket.request(ME)).errors).toEqual([]);
    const open = await stream();
    // What comes back meanwhile is used up at once.
    const refused = async (ask: () => Promise<ApiError['extensions'] | undefined>) => {
      for (;;) {
        const extensions = await ask();
        if (extensions) return extensions;
      }
    };
    const limited = { code: 'RATE_LIMITED', limit: 1, retryAfterSeconds: expect.any(Number) };
    expect(await refused(async () => (await socket.request(ME)).errors[0]?.extensions)).toEqual(limited);
    const http = await post(server, ME, {}, reporter.headers);
    expect([http.status, http.errors[0]?.extensions]).toEqual([429, limited]);
    expect(http.headers.get('retry-after')).toBe('1');
    expect((await (await stream()).ended) as ApiError[]).toMatchObject([{ extensions: limited }]);
    open.stop();
    const upload = async () => {
      const body = { method: 'POST', body: 'x', headers: reporter.headers };
      const answer = await fetch(`${server.url}/files?name=x`, body);
      const { errors = [] } = (await answer.json()) as { errors?: ApiError[] };
      return answer.status === 429 ? errors[0]?.extensions : undefined;
    };
    expect(await refused(upload)).toEqual(limited);
    // Whoever waits as told is let in again.
    await expect.poll(async () => (await socket.request(ME)).errors.length, { interval: 200, timeout: 30_000 }).toBe(0);
    // And nobody else was held up.
    expect(await (await signIn(server)).refusal(ME)).toBeNull();
  });

  it('is one bucket for all visitors of an address, whoever they say they are', async () => {
    await using strict = await startServer(withAccounts({ env: { MAX_VISITOR_OPERATIONS_PER_SECOND: String(NEVER) } }));
    // One at least, once.
    const first = await post(strict, ME);
    expect(first.errors).toEqual([]);
    expect((await post(strict, ME)).errors[0]?.extensions.code).toBe('RATE_LIMITED');
    await using socket = await person(strict, null).socket();
    expect((await socket.request(ME)).errors[0]?.extensions.code).toBe('RATE_LIMITED');
  });
});

describe('submits to a space', () => {
  const server = useServer(withAccounts({ env: { MAX_SUBMITS_PER_MINUTE: '2', MAX_VISITOR_SUBMITS_PER_MINUTE: '1' } }));
  const submit = (space: string) => `mutation { submitInference(input: { space: "${space}", prompt: "hi" }) { id } }`;

  it('are so many a minute of a user, of all visitors of an address, and as many as they like of an administrator', async () => {
    const admin = await signIn(server);
    for (const id of ['a', 'b']) {
      const query = `mutation { createSpace(input: { id: "${id}", title: "x", visitors: true, policy: { whenOffline: QUEUE } }) { id } }`;
      await admin.ask(query);
    }
    const ada = await newUser(server, admin, 'Ada');
    expect([await ada.refusal(submit('a')), await ada.refusal(submit('a'))]).toEqual([null, null]);
    expect(await ada.refusal(submit('a'))).toBe('RATE_LIMITED');
    expect(await ada.refusal(submit('b'))).toBeNull();
    await using socket = await ada.socket();
    const limited = await socket.request(submit('a'));
    expect(limited.errors[0]?.extensions).toMatchObject({ code: 'RATE_LIMITED', limit: 2 });
    const [one, two] = [await newVisitor(server), await newVisitor(server)];
    expect([await one.refusal(submit('a')), await two.refusal(submit('a'))]).toEqual([null, 'RATE_LIMITED']);
    for (let n = 0; n < 5; n++) expect(await admin.refusal(submit('a'))).toBeNull();
  });
});

describe('sockets of one sign-in', () => {
  const server = useServer(withAccounts({ env: { MAX_SOCKETS_PER_VIEWER: '2' } }));

  it('are so many at a time; one more is closed with 1013, until one has gone', async () => {
    const reporter = await newToken(server, await signIn(server), { role: 'REPORTER' });
    const [first, second] = [await reporter.socket(), await reporter.socket()];
    const third = await reporter.socket({ init: false });
    third.send({ type: 'connection_init', payload: reporter.headers });
    expect(await third.closed).toEqual({ code: 1013, reason: 'At most 2 sockets at a time with one sign-in' });
    expect(await second.ask(ME)).toEqual(await first.ask(ME));
    await first.close();
    const again = async () => {
      const socket = await reporter.socket({ init: false });
      socket.send({ type: 'connection_init', payload: reporter.headers });
      const let_in = await Promise.race([socket.take(({ type }) => type === 'connection_ack'), socket.closed]);
      socket.cut();
      return 'type' in let_in;
    };
    await expect.poll(again, { timeout: 30_000 }).toBe(true);
    await second.close();
  });
});
