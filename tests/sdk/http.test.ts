import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { parseAddress } from '../../client/sdk/address.ts';
import { createCredentials } from '../../client/sdk/credentials.ts';
import { createDelivery } from '../../client/sdk/delivery.ts';
import { createHttp } from '../../client/sdk/http.ts';
import { createProgressReporter, jobQuery, SpacedockError } from '../../client/sdk/index.ts';

/** A server that answers as it is told, for each request in turn; the last again and again. */
async function startScript(...answers: ((response: ServerResponse) => unknown)[]) {
  let asked = 0;
  const tokens: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    tokens.push(request.headers.authorization);
    request.resume();
    answers[Math.min(asked++, answers.length - 1)]?.(response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    server,
    tokens,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

afterEach(() => {
  vi.useRealTimers();
});

const html = (status: number) => (response: ServerResponse) => response.writeHead(status).end('<h1>Somebody else</h1>');
const json = (body: object) => (response: ServerResponse) => response.end(JSON.stringify(body));
const found = json({ data: { job: null } });

describe('a question over HTTP', () => {
  test.each([
    [502, 'CONNECTION_LOST'],
    [503, 'CONNECTION_LOST'],
    [404, 'NOT_FOUND'],
    [413, 'PAYLOAD_TOO_LARGE'],
    [401, 'UNAUTHENTICATED'],
    [200, 'CONNECTION_LOST'],
  ])('that something else answers with %i is %s', async (status, code) => {
    await using script = await startScript(html(status));
    const answer = createHttp(parseAddress(script.url), createCredentials(undefined))(jobQuery, { id: 'a' });
    await expect(answer).rejects.toMatchObject({ code });
    await expect(answer).rejects.toThrow(`${script.url}/graphql answered with ${status}`);
  });

  test('that is cut off, or refused a connection, says what it could not reach', async () => {
    const script = await startScript((response) => response.socket?.destroy());
    const ask = createHttp(parseAddress(script.url), createCredentials(undefined));
    await expect(ask(jobQuery, { id: 'a' })).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    await script[Symbol.asyncDispose]();
    await expect(ask(jobQuery, { id: 'a' })).rejects.toThrow(/^Cannot reach http.*ECONNREFUSED/);
  });

  test('carries a token that is asked for each time', async () => {
    await using script = await startScript(found);
    const tokens = ['first', undefined];
    const ask = createHttp(
      parseAddress(script.url),
      createCredentials(async () => tokens.shift()),
    );
    for (let n = 0; n < 2; n++) expect(await ask(jobQuery, { id: 'a' })).toEqual({ job: null });
    expect(script.tokens).toEqual(['Bearer first', undefined]);
  });

  test('ends when it is told to', async () => {
    await using script = await startScript(() => stop.abort(new Error('enough')));
    const stop = new AbortController();
    const answer = createHttp(parseAddress(script.url), createCredentials(undefined))(
      jobQuery,
      { id: 'a' },
      stop.signal,
    );
    await expect(answer).rejects.toThrow('enough');
  });

  test('that is not answered is given up', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    await using script = await startScript(() => vi.advanceTimersByTime(31_000));
    const answer = createHttp(parseAddress(script.url), createCredentials(undefined))(jobQuery, { id: 'a' });
    await expect(answer).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    await expect(answer).rejects.toThrow('it did not answer');
  });
});

test('a reporter waits out what stands before a server, and a server that says when to come again', async () => {
  const away = json({ errors: [{ message: 'away', extensions: { code: 'CONFLICT', retryAfterSeconds: 0.01 } }] });
  await using script = await startScript(html(502), html(503), away, found);
  await using reporter = createProgressReporter({ url: script.url });
  expect(await reporter.getStatus('a')).toBeNull();
  expect(script.tokens).toHaveLength(4);
});

describe('a delivery', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });

  const failing = (code: ConstructorParameters<typeof SpacedockError>[0]) =>
    vi.fn(async (): Promise<string> => {
      throw new SpacedockError(code, 'no');
    });

  test('is tried for ever where the server is away, and ends with the signal', async () => {
    const stop = new AbortController();
    const attempt = failing('CONNECTION_LOST');
    const delivered = expect(createDelivery(stop.signal)(attempt)).rejects.toThrow('enough');
    await vi.advanceTimersByTimeAsync(3_600_000);
    expect(attempt.mock.calls.length).toBeGreaterThan(1000);
    stop.abort(new Error('enough'));
    await delivered;
  });

  test('is tried once where the server refuses it', async () => {
    const attempt = failing('JOB_FINISHED');
    await expect(createDelivery(new AbortController().signal)(attempt)).rejects.toMatchObject({ code: 'JOB_FINISHED' });
    expect(attempt).toHaveBeenCalledTimes(1);
  });

  test('that fails unexpectedly is no outage for ever', async () => {
    const attempt = failing('INTERNAL_SERVER_ERROR');
    const delivered = expect(createDelivery(new AbortController().signal)(attempt)).rejects.toMatchObject({
      code: 'INTERNAL_SERVER_ERROR',
    });
    await vi.advanceTimersByTimeAsync(60_000);
    await delivered;
    expect(attempt).toHaveBeenCalledTimes(10);
  });

  test('of many some leave at a time, and none is held up by those that wait for another try', async () => {
    const deliver = createDelivery(new AbortController().signal);
    let running = 0;
    let most = 0;
    const send = async (): Promise<string> => {
      most = Math.max(most, ++running);
      await null;
      running--;
      return 'sent';
    };
    const away = vi.fn(send).mockRejectedValueOnce(new SpacedockError('CONNECTION_LOST', 'no'));
    const late = Array.from({ length: 8 }, () => deliver(away));
    const others = await Promise.all(Array.from({ length: 100 }, () => deliver(send)));
    expect(new Set(others)).toEqual(new Set(['sent']));
    expect(most).toBeLessThanOrEqual(8);
    await vi.advanceTimersByTimeAsync(3000);
    await Promise.all(late);
  });
});
