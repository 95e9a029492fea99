import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Json } from '../../src/domain/json.ts';
import type { Engine } from '../../src/engine/engine.ts';
import { createAttempts } from '../../src/service/attempts.ts';
import { openEngine } from '../help/engine.ts';
import { engines } from '../help/server.ts';

const WINDOW_MS = 60_000;

describe.each(engines)('failed attempts on %s', (name) => {
  async function open(limit: number, windowMs = WINDOW_MS) {
    const opened = await openEngine(name);
    onTestFinished(() => opened[Symbol.asyncDispose]());
    const create = (engine: Engine, what = 'names') => createAttempts({ engine, name: what, limit, windowMs });
    return { ...opened, create, one: create(opened.engine), two: create(opened.other) };
  }
  const fail = async (attempts: ReturnType<typeof createAttempts>, key: string) => {
    await attempts.check(key);
    await attempts.failed(key);
  };
  const refused = { code: 'RATE_LIMITED', details: { limit: expect.any(Number) } };

  it('are taken up to the limit in all processes together; then every process says when to come again', async () => {
    const { one, two } = await open(4);
    for (const attempts of [one, two, two, one]) await fail(attempts, 'alice');
    for (const attempts of [one, two]) {
      const refusal = await attempts.check('alice').then(
        () => null,
        (error) => error,
      );
      expect(refusal).toMatchObject({ code: 'RATE_LIMITED', details: { limit: 4 } });
      expect(refusal.details.retryAfterSeconds).toBeGreaterThan(WINDOW_MS / 1000 - 10);
      expect(refusal.details.retryAfterSeconds).toBeLessThanOrEqual(WINDOW_MS / 1000);
      await attempts.check('bob');
    }
  });

  it('at once in two processes are all counted', async () => {
    const { one, two, engine } = await open(1000);
    await Promise.all(Array.from({ length: 60 }, (_, n) => (n % 2 ? one : two).failed('alice')));
    const [stored] = await engine.documents.list<{ count: number }>('attempts-names');
    expect(stored!.value.count).toBe(60);
    await Promise.all(Array.from({ length: 7 }, (_, n) => (n % 2 ? one : two).failed('alice')));
    expect((await engine.documents.list<{ count: number }>('attempts-names'))[0]!.value.count).toBe(67);
  });

  it('a burst gets no further than one after the other', async () => {
    const { one } = await open(3);
    const burst = await Promise.allSettled(Array.from({ length: 20 }, () => one.check('alice')));
    expect(burst.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
    await expect(one.check('alice')).rejects.toMatchObject({ details: { retryAfterSeconds: 1 } });
    // Two come to nothing, one fails: two are left.
    one.ended('alice');
    one.ended('alice');
    await one.failed('alice');
    await one.check('alice');
    await one.check('alice');
    await expect(one.check('alice')).rejects.toMatchObject(refused);
  });

  it('one that fails while another begins is seen by that', async () => {
    const { engine, create } = await open(1);
    let hold: Promise<void> | null = null;
    const late: Engine = {
      ...engine,
      documents: {
        ...engine.documents,
        async get<T extends Json>(kind: string, id: string) {
          const held = hold;
          hold = null;
          const found = await engine.documents.get<T>(kind, id);
          await held;
          return found;
        },
      },
    };
    const attempts = create(late);
    await attempts.check('alice');
    const release = Promise.withResolvers<void>();
    hold = release.promise;
    // It has looked before the failure is written, and decides after that.
    const later = attempts.check('alice');
    await attempts.failed('alice');
    release.resolve();
    await expect(later).rejects.toMatchObject(refused);
  });

  it('are forgotten with a success, in every process', async () => {
    const { one, two } = await open(2);
    await fail(one, 'alice');
    await one.check('alice');
    await one.succeeded('alice');
    await fail(two, 'alice');
    await fail(two, 'alice');
    await expect(one.check('alice')).rejects.toMatchObject(refused);
  });

  it('are forgotten when the window of the first one ends', async () => {
    const { one, two, engine } = await open(2, 300);
    const begun = engine.now();
    await fail(one, 'alice');
    await fail(two, 'alice');
    for (;;) {
      const allowed = await one.check('alice').then(
        () => true,
        () => false,
      );
      if (allowed) break;
      await nextTurn();
    }
    expect(engine.now()).toBeGreaterThanOrEqual(begun + 300);
    one.ended('alice');
    // Nothing is left of it.
    while ((await engine.documents.list('attempts-names')).length > 0) await nextTurn();
    await fail(one, 'alice');
    await two.check('alice');
  });

  it('of one key, and of one thing that is counted, are no other’s; and no key is stored as it is', async () => {
    const { one, create, engine } = await open(1);
    await fail(one, 'alice');
    await expect(one.check('alice')).rejects.toMatchObject(refused);
    await one.check('Alice');
    await create(engine, 'addresses').check('alice');
    const stored = await engine.documents.list('attempts-names');
    expect(stored).toHaveLength(1);
    expect(JSON.stringify(stored)).not.toMatch(/alice/i);
  });
});
