import { describe, expect, it } from 'vitest';
import {
  cancelJobMutation,
  connect,
  createSpaceMutation,
  JobFailure,
  submitInferenceMutation,
  watchOutput,
} from '../../client/sdk/index.ts';
import { deferred } from '../../client/sdk/promises.ts';
import { startProcess } from '../help/process.ts';
import { startRedis } from '../help/redis.ts';
import { engines } from '../help/server.ts';
import { startProxy } from '../help/tcp-proxy.ts';
import { openStage, SPACE, type Stage, startActor } from './stage.ts';

const PATIENT = { RECONNECT_GRACE_SECONDS: '20' };

/** All output of a job by attempt, when it has ended. */
async function outputs({ person }: Stage, id: string): Promise<Record<number, string>> {
  const texts: Record<number, string> = {};
  for await (const { attempt, text } of watchOutput(person, id)) texts[attempt] = (texts[attempt] ?? '') + text;
  return texts;
}

describe.each(engines)('what a handler writes on %s', (engine) => {
  it('is there before its result, in order, whole, and in few reports', async () => {
    await using stage = await openStage({}, { engine });
    const text = 'a😀é👩‍🚀ß';
    const lines = Array.from({ length: 3000 }, (_, n) => `line ${n}\n`);
    await stage.actor({
      async handler(_, { write }) {
        for (const half of text.split('')) await write(half);
        for (const line of lines) void write(line);
        void write('\ud83d');
        return { result: 'done' };
      },
    });
    const { id } = await stage.submit();
    const { status, revision } = await stage.end(id);
    expect(status).toBe('COMPLETED');
    expect(revision).toBeLessThan(8);
    expect(await outputs(stage, id)).toEqual({ 1: `${text}${lines.join('')}\ufffd` });
  });

  it('is seen while it works', async () => {
    await using stage = await openStage({}, { engine });
    const goOn = deferred<void>();
    await stage.actor({
      async handler(_, { write }) {
        await write('first');
        await goOn.promise;
        await write(' second');
      },
    });
    const { id } = await stage.submit();
    const seen: string[] = [];
    for await (const { text } of watchOutput(stage.person, id)) {
      seen.push(text);
      goOn.resolve();
    }
    expect(seen).toEqual(['first', ' second']);
  });

  it('comes before a failure, and each attempt begins anew', async () => {
    await using stage = await openStage({ maxAttempts: 2 }, { engine });
    await stage.actor({
      handler({ attempt }, { write }) {
        void write(`attempt ${attempt}`);
        throw new JobFailure('again', { retryable: true });
      },
    });
    const { id } = await stage.submit();
    expect(await stage.end(id)).toMatchObject({ status: 'FAILED', attempt: 2 });
    expect(await outputs(stage, id)).toEqual({ 2: 'attempt 2' });
  });

  it('[promise 7] survives lost connections and lost replies without hole or repeat', async () => {
    await using stage = await openStage({}, { engine, env: PATIENT });
    await using proxy = await startProxy(stage.server.url);
    const { event } = await stage.actor({
      url: proxy.url,
      async handler(_, { write }) {
        for (let round = 0; round < 5; round++) {
          const lost = proxy.cutBefore('"reportOutput"');
          for (let n = 0; n < 10; n++) await write(`round ${round} ${n} é😀\n`);
          await lost;
          await event('registered');
        }
      },
    });
    await event('registered');
    const { id } = await stage.submit();
    expect(await stage.end(id)).toMatchObject({ status: 'COMPLETED', attempt: 1 });
    const expected = [0, 1, 2, 3, 4].map((round) => Array.from({ length: 10 }, (_, n) => `round ${round} ${n} é😀\n`));
    expect(await outputs(stage, id)).toEqual({ 1: expected.flat().join('') });
  });

  it('beyond the limit is refused, and fails the job with that code', async () => {
    await using stage = await openStage({}, { engine, env: { MAX_OUTPUT_BYTES: '1000' } });
    const refused = deferred<unknown>();
    await stage.actor({
      async handler(_, { write }) {
        try {
          for (;;) await write('x'.repeat(500));
        } catch (error) {
          refused.resolve(error);
        }
      },
    });
    const { id } = await stage.submit();
    expect(await stage.end(id)).toMatchObject({ status: 'FAILED', error: { code: 'PAYLOAD_TOO_LARGE' } });
    expect(await refused.promise).toMatchObject({ code: 'PAYLOAD_TOO_LARGE', limit: 1000 });
  });

  it('of a cancelled job is sent, of a lost lease not', async () => {
    await using stage = await openStage({ maxRunSeconds: 1 }, { engine });
    const { event } = await stage.actor({
      capacity: 2,
      async handler({ prompt }, { write, signal }) {
        await write('before');
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        await write(`, after ${prompt}`);
      },
    });
    const cancelled = await stage.submit({ prompt: 'cancel' });
    for await (const _ of watchOutput(stage.person, cancelled.id)) break;
    await stage.person.request(cancelJobMutation, { id: cancelled.id });
    expect(await stage.end(cancelled.id)).toMatchObject({ status: 'CANCELLED' });
    expect(await outputs(stage, cancelled.id)).toEqual({ 1: 'before, after cancel' });
    const lost = await stage.submit({ prompt: 'loss' });
    expect(await stage.end(lost.id)).toMatchObject({ status: 'TIMED_OUT' });
    await event('revoked');
    expect(await outputs(stage, lost.id)).toEqual({ 1: 'before' });
  });

  it('[promise 7] survives a kill of the server in the middle', async () => {
    await using redis = engine === 'redis' ? await startRedis({ appendonly: true }) : undefined;
    await using server = await startProcess({ env: PATIENT, ...(redis && { redis }) });
    const person = connect({ url: server.url });
    const seen = deferred<void>();
    await person.request(createSpaceMutation, {
      input: { id: SPACE, title: 'Stage', policy: { whenOffline: 'QUEUE' } },
    });
    await using actor = startActor({
      url: server.url,
      spaces: [SPACE],
      drainOnSignals: false,
      async handler(_, { write }) {
        for (let n = 0; n < 20; n++) await write(`before ${n} é😀\n`);
        await seen.promise;
        await server.kill();
        for (let n = 0; n < 20; n++) await write(`away ${n}\n`);
        await server.restart();
        await write('after');
      },
    });
    await actor.app.registered;
    const { submitInference } = await person.request(submitInferenceMutation, { input: { space: SPACE, prompt: 'x' } });
    let text = '';
    for await (const chunk of watchOutput(person, submitInference.id)) {
      expect(chunk).toMatchObject({ attempt: 1, offset: Buffer.byteLength(text) });
      text += chunk.text;
      seen.resolve();
    }
    const lines = (name: string, end: string) => Array.from({ length: 20 }, (_, n) => `${name} ${n}${end}\n`).join('');
    expect(text).toBe(`${lines('before', ' é😀')}${lines('away', '')}after`);
    await person.close();
  });
});
