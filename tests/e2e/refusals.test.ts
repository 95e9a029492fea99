import { afterAll, describe, expect, it } from 'vitest';
import { type ErrorCode, errorCodes } from '../../src/domain/refusal.ts';
import { EngineUnavailable } from '../../src/engine/engine.ts';
import { createLog } from '../../src/log.ts';
import { openServer } from '../../src/server.ts';
import { post } from '../help/client.ts';
import { upload } from '../help/files.ts';
import type { Answer } from '../help/flow.ts';
import { newSpace, submit } from '../help/jobs.ts';
import { engines, startServer, type TestServer } from '../help/server.ts';
import { openSocket, type RawSocket } from '../help/socket.ts';
import { useServer } from '../help/use-server.ts';
import { openWorker, type Work } from '../help/worker.ts';
import { type Asked, REFUSALS, type Scene, SUBMIT } from './refusal-cases.ts';

/** Codes of the table that belong to what is not built yet: accounts. */
const LATER: ErrorCode[] = ['UNAUTHENTICATED'];
/** Seen as the answer to a query or mutation nowhere: only of requests as a whole, subscriptions, and apps that are sent away. */
const ELSEWHERE: ErrorCode[] = ['FORBIDDEN', 'RATE_LIMITED', 'OUTPUT_TRUNCATED'];

const env = { MAX_PROMPT_BYTES: '1000', MAX_PARAMETERS_BYTES: '2000', MAX_RESULT_BYTES: '3000' };

async function setScene(server: TestServer): Promise<Scene> {
  const inputs = {
    prompt: true,
    files: { accept: ['text/plain'], maxBytes: 100 },
    parameters: { type: 'object', properties: { size: { type: 'number', maximum: 9 } } },
  };
  const space = await newSpace(server, {}, inputs);
  const full = await newSpace(server, { maxQueued: 1 });
  const offline = await newSpace(server, { whenOffline: 'REJECT' });
  await submit(server, full);
  const worker = await openWorker(server, space, { capacity: 2 });
  await submit(server, space);
  await submit(server, space);
  const [work, done] = [await worker.work(), await worker.work()];
  await done.complete();
  return {
    space,
    full,
    offline,
    work,
    done,
    upload: async (name, bytes) => (await upload(server, 'x'.repeat(bytes), name)).id,
  };
}

describe.each(engines)('on %s', (engine) => {
  const server = useServer({ engine, env });
  let scene: Promise<Scene> | undefined;
  const set = () => (scene ??= setScene(server));
  const seen = { HTTP: new Set<string>(), WebSocket: new Set<string>() };

  describe.each(['HTTP', 'WebSocket'] as const)('over %s', (transport) => {
    let socket: Promise<RawSocket> | undefined;
    afterAll(async () => (await socket)?.cut());

    async function ask([query, variables]: Asked): Promise<Answer<unknown>> {
      if (transport === 'HTTP') return post(server, query, variables);
      socket ??= openSocket(server);
      return (await socket).request(query, variables);
    }

    it.each(REFUSALS)('%s is refused with its code, field and limit', async (_what, asked, { code, field, limit }) => {
      const { data, errors } = await ask(await asked(await set()));
      expect(data ?? null).toBeNull();
      expect(errors).toHaveLength(1);
      expect(errors[0]?.message).toMatch(/\S/);
      const { code: found, field: named, limit: bound } = errors[0]!.extensions;
      expect({ code: found, field: named, limit: bound }).toEqual({ code, field, limit });
      seen[transport].add(code);
      // The socket is the same for all of them: none of them has hurt it.
      expect(await ask(['{ viewer { name } }'])).toMatchObject({ data: { viewer: { name: 'Anonymous' } } });
    });

    it('has changed nothing', async () => {
      const { work, done } = await set();
      const status = async ({ job }: Work) =>
        (await ask(['query ($id: ID!) { job(id: $id) { status revision } }', { id: job }])).data;
      expect(await status(work)).toMatchObject({ job: { status: 'RUNNING' } });
      expect(await status(done)).toEqual({ job: { status: 'COMPLETED', revision: 3 } });
    });

    it('asks what to do when the document has several operations', async () => {
      const query = 'query A { viewer { id } } query B { viewer { name } }';
      const named = (operationName?: string) => sendNamed(server, transport, query, operationName);
      expect((await named('B')).data).toEqual({ viewer: { name: 'Anonymous' } });
      for (const name of [undefined, 'C']) {
        expect((await named(name)).errors[0]?.extensions.code).toBe('BAD_USER_INPUT');
      }
    });

    it('SERVER_DRAINING says that trying again soon may succeed; nothing else stops', async () => {
      await using draining = await startServer({ engine });
      const space = await newSpace(draining);
      await using own = await openSocket(draining);
      const asks = transport === 'HTTP' ? post.bind(null, draining) : own.request;
      draining.server.services.drain();
      const { errors } = await asks(SUBMIT, { input: { space, prompt: 'x' } });
      expect(errors[0]?.extensions).toEqual({ code: 'SERVER_DRAINING', retryAfterSeconds: 1 });
      expect((await asks('query ($id: ID!) { space(id: $id) { id } }', { id: space })).data).toEqual({
        space: { id: space },
      });
      seen[transport].add('SERVER_DRAINING');
    });

    it('INTERNAL_SERVER_ERROR hides what went wrong, or says that the storage is away', async () => {
      const problem = { error: new Error('secret detail') };
      const jobs = { ...server.engine.jobs, read: () => Promise.reject(problem.error) };
      const broken = await openServer({ ...server.engine, jobs }, server.config, createLog('silent'));
      const address = { graphql: `${broken.url}/graphql`, socket: `${broken.url.replace('http', 'ws')}/graphql` };
      await using own = await openSocket(address);
      const asks = transport === 'HTTP' ? post.bind(null, address) : own.request;
      const query = 'query ($id: ID!) { job(id: $id) { id } }';
      const { errors } = await asks(query, { id: 'any' });
      expect(errors[0]).toMatchObject({ message: 'Internal server error', path: ['job'] });
      expect(errors[0]?.extensions).toEqual({ code: 'INTERNAL_SERVER_ERROR' });
      expect(broken.services.counters.errors).toBe(1);
      problem.error = new EngineUnavailable('Redis at 10.0.0.1 is away');
      const [away] = (await asks(query, { id: 'any' })).errors;
      expect(away?.message).toBe('The storage is away; try again in a moment');
      expect(away?.extensions).toEqual({ code: 'INTERNAL_SERVER_ERROR', retryAfterSeconds: 2 });
      expect(broken.services.counters.errors).toBe(1);
      await broken.close();
      seen[transport].add('INTERNAL_SERVER_ERROR');
    });

    it('every code of the table was seen, but for those of what is not built yet', () => {
      expect([...seen[transport], ...LATER, ...ELSEWHERE].sort()).toEqual([...errorCodes].sort());
    });
  });
});

async function sendNamed(
  server: TestServer,
  transport: 'HTTP' | 'WebSocket',
  query: string,
  operationName: string | undefined,
): Promise<Answer<unknown>> {
  if (transport === 'HTTP') {
    const body = JSON.stringify({ query, operationName });
    const response = await fetch(server.graphql, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json' },
    });
    const { data = null, errors = [] } = (await response.json()) as Partial<Answer<unknown>>;
    return { data, errors };
  }
  await using socket = await openSocket(server);
  socket.send({ type: 'subscribe', id: '1', payload: { query, operationName } });
  const { type, payload } = await socket.take(({ id }) => id === '1');
  if (type === 'error') return { data: null, errors: payload as Answer<unknown>['errors'] };
  return { errors: [], ...(payload as { data: unknown }) };
}
