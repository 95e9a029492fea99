import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Json } from '../../src/domain/json.ts';
import { Refusal } from '../../src/domain/refusal.ts';
import { type Engine, EngineUnavailable } from '../../src/engine/engine.ts';
import type { Log } from '../../src/log.ts';
import { type AuditEvent, createAudit, PLACES, SINGLY } from '../../src/service/audit.ts';
import { openEngine } from '../help/engine.ts';
import { engines } from '../help/server.ts';

const ALICE = { id: 'u_alice', name: 'alice', role: 'USER' } as const;

const failure = (change: Partial<AuditEvent> = {}): AuditEvent => ({
  kind: 'SIGN_IN_FAILED',
  actor: null,
  address: '192.0.2.1',
  subject: 'alice',
  detail: null,
  ...change,
});

/** A log that remembers what it is told, and nothing else. */
function notes() {
  const told: { details: Record<string, unknown>; message: string }[] = [];
  const note = (details: Record<string, unknown>, message: string) => void told.push({ details, message });
  return { told, log: { error: note, warn: note, info: note, debug: note } as unknown as Log };
}

describe.each(engines)('what is recorded on %s', (name) => {
  async function open(options: { keepDays?: number; engine?: (real: Engine) => Engine } = {}) {
    const opened = await openEngine(name);
    onTestFinished(() => opened[Symbol.asyncDispose]());
    const { told, log } = notes();
    const { keepDays = 90 } = options;
    const create = (engine: Engine) => createAudit({ engine: options.engine?.(engine) ?? engine, keepDays, log });
    return { ...opened, audit: create(opened.engine), beside: create(opened.other), told };
  }

  it('is there with all that was said, newest first, for every process', async () => {
    const { audit, beside, engine } = await open();
    const before = engine.now();
    audit.record(failure());
    audit.record({
      kind: 'SPACE_UPDATED',
      actor: { ...ALICE, credential: { secret: 's3cret' } } as never,
      address: null,
      subject: 'mesh',
      detail: { fields: ['title'] },
    });
    await audit.stop();
    beside.record(failure({ subject: 'bob' }));
    await beside.stop();
    const { entries, more } = await beside.page(10, null);
    expect(more).toBe(false);
    expect(entries).toEqual([
      { ...failure({ subject: 'bob' }), id: expect.any(String), at: expect.any(Number), count: 1 },
      {
        kind: 'SPACE_UPDATED',
        actor: ALICE,
        address: null,
        subject: 'mesh',
        detail: { fields: ['title'] },
        id: expect.any(String),
        at: expect.any(Number),
        count: 1,
      },
      { ...failure(), id: expect.any(String), at: expect.any(Number), count: 1 },
    ]);
    for (const { at } of entries) {
      expect(at).toBeGreaterThanOrEqual(before);
      expect(at).toBeLessThanOrEqual(engine.now());
    }
  });

  it('comes in pages, of the asked kinds, in the order it was recorded in', async () => {
    const { audit } = await open();
    for (let n = 0; n < 9; n++) {
      audit.record(failure({ subject: `${n}`, kind: n % 3 ? 'SIGN_IN_FAILED' : 'SIGNED_IN' }));
    }
    await audit.stop();
    const subjects = async (...args: Parameters<typeof audit.page>) =>
      (await audit.page(...args)).entries.map(({ subject }) => subject);
    const first = await audit.page(4, null);
    expect(first.entries.map(({ subject }) => subject)).toEqual(['8', '7', '6', '5']);
    expect(first.more).toBe(true);
    expect(await subjects(5, first.entries[3]!.id)).toEqual(['4', '3', '2', '1', '0']);
    expect(await subjects(10, null, ['SIGNED_IN'])).toEqual(['6', '3', '0']);
    expect(await subjects(10, first.entries[3]!.id, ['SIGNED_IN', 'SIGNED_IN', 'SIGNED_OUT'])).toEqual(['3', '0']);
    expect(await subjects(10, null, [])).toEqual([]);
    await expect(audit.page(0, null)).rejects.toMatchObject({ code: 'BAD_USER_INPUT', details: { field: 'first' } });
    await expect(audit.page(101, null)).rejects.toMatchObject({ details: { field: 'first', limit: 100 } });
    await expect(audit.page(10, '~')).rejects.toBeInstanceOf(Refusal);
  });

  it('is bounded for each kind and place: beyond that it is one entry, with its number and what all had in common', async () => {
    const { audit, told } = await open();
    for (let n = 0; n < 500; n++) audit.record(failure({ subject: `name ${n}` }));
    for (let n = 0; n < 20; n++)
      audit.record(failure({ address: `2001:db8:1:2::${n}`, detail: { reason: 'password' } }));
    for (let n = 0; n < SINGLY; n++) audit.record(failure({ address: null }));
    audit.record(failure({ kind: 'SIGNED_IN' }));
    await audit.stop();
    const { entries } = await audit.page(100, null);
    const of = (address: string | null, count: number) =>
      entries.filter((entry) => entry.kind === 'SIGN_IN_FAILED' && entry.address === address && entry.count === count);
    expect(of('192.0.2.1', 1).map(({ subject }) => subject)).toEqual(
      Array.from({ length: SINGLY }, (_, n) => `name ${SINGLY - 1 - n}`),
    );
    expect(of('192.0.2.1', 500 - SINGLY)).toMatchObject([{ subject: null, actor: null, detail: null }]);
    // All of one network: they have everything but the address in common.
    expect(of(null, 20 - SINGLY)).toMatchObject([{ subject: 'alice', detail: { reason: 'password' } }]);
    expect(of(null, 1)).toHaveLength(SINGLY);
    expect(entries.filter(({ kind }) => kind === 'SIGNED_IN')).toHaveLength(1);
    expect(entries).toHaveLength(3 * SINGLY + 3);
    expect(told).toEqual([]);
  });

  it('is bounded also when it comes from ever new places', async () => {
    const { audit } = await open();
    for (let n = 0; n < 3 * PLACES; n++) audit.record(failure({ address: `10.0.${n >> 8}.${n & 255}` }));
    audit.record(failure({ kind: 'SIGNED_IN' }));
    await audit.stop();
    let total = 0;
    let stored = 0;
    for (let after: string | null = null, more = true; more; ) {
      const page: Awaited<ReturnType<typeof audit.page>> = await audit.page(100, after, ['SIGN_IN_FAILED']);
      for (const { count } of page.entries) total += count;
      stored += page.entries.length;
      after = page.entries.at(-1)!.id;
      more = page.more;
    }
    expect(total).toBe(3 * PLACES);
    expect(stored).toBe(PLACES + SINGLY + 1);
    expect((await audit.page(10, null, ['SIGNED_IN'])).entries).toMatchObject([{ address: '192.0.2.1' }]);
  });

  it('after the minute is recorded singly again', async () => {
    const { engine } = await open();
    const { log } = notes();
    const audit = createAudit({ engine, keepDays: 1, log, windowMs: 50 });
    for (let n = 0; n < SINGLY + 5; n++) audit.record(failure());
    // All places that are told apart.
    for (let n = 1; n < PLACES; n++)
      audit.record(failure({ kind: 'SIGN_IN_FAILED', address: `10.2.${n >> 8}.${n & 255}` }));
    const counted = async () => (await audit.page(100, null)).entries.filter(({ count }) => count > 1);
    while ((await counted()).length === 0) await nextTurn();
    expect(await counted()).toMatchObject([{ count: 5, address: '192.0.2.1', subject: 'alice' }]);
    const places = ['192.0.2.1', '198.51.100.1', '203.0.113.1'];
    for (let n = 0; n < 3 * SINGLY; n++) audit.record(failure({ address: places[n % 3]! }));
    await audit.stop();
    const { entries } = await audit.page(3 * SINGLY, null);
    expect(entries.map(({ address, count }) => [address, count])).toEqual(
      Array.from({ length: 3 * SINGLY }, (_, n) => [places[2 - (n % 3)], 1]),
    );
  });

  it('is nothing where nothing is kept', async () => {
    const { audit } = await open({ keepDays: 0 });
    audit.record(failure());
    await audit.stop();
    expect((await audit.page(10, null)).entries).toEqual([]);
  });

  it('expires after the days it is kept for', async () => {
    const added: number[] = [];
    const { audit, engine } = await open({
      keepDays: 7,
      engine: (real) => ({
        ...real,
        records: {
          ...real.records,
          add: (kind, id, value, expiresAt, most) => {
            added.push(expiresAt);
            return real.records.add(kind, id, value, expiresAt, most);
          },
        },
      }),
    });
    audit.record(failure());
    await audit.stop();
    const { at } = (await audit.page(1, null)).entries[0]!;
    expect(added).toEqual([at + 7 * 86_400_000]);
    expect(at).toBeLessThanOrEqual(engine.now());
  });

  it('is told to the log where it cannot be stored, and neither throws nor keeps anybody waiting', async () => {
    const never = Promise.withResolvers<void>();
    let adds = 0;
    const { audit, told } = await open({
      engine: (real) => ({
        ...real,
        records: {
          ...real.records,
          add: () => {
            adds++;
            return never.promise;
          },
        },
      }),
    });
    for (let n = 0; n < 120; n++) {
      for (let k = 0; k < SINGLY; k++) audit.record(failure({ address: `10.1.${n}.1`, subject: `s${n}` }));
    }
    // A thousand wait, and the others are in the log.
    expect(adds).toBe(0);
    expect(told).toHaveLength(120 * SINGLY - 1000);
    expect(told[0]).toMatchObject({ details: { audit: { kind: 'SIGN_IN_FAILED', subject: 's100' } } });
    never.reject(new EngineUnavailable('away'));
    await audit.stop();
    expect(told).toHaveLength(120 * SINGLY);
    expect(told.at(-1)).toMatchObject({ details: { err: { message: 'away' }, audit: { subject: 's99' } } });
    expect(adds).toBe(1000);
    audit.record({
      ...failure(),
      get subject(): string {
        throw new Error('broken');
      },
    });
    expect(told.at(-1)).toMatchObject({ details: { err: { message: 'broken' } } });
  });

  it('holds no more than an entry may', async () => {
    const { audit } = await open();
    const long = 'x'.repeat(10_000);
    audit.record(failure({ subject: long, address: long, detail: { long } as Json, actor: { ...ALICE, name: long } }));
    await audit.stop();
    const [entry] = (await audit.page(1, null)).entries;
    expect(JSON.stringify(entry).length).toBeLessThan(1000);
    expect(entry).toMatchObject({ detail: null, subject: 'x'.repeat(200) });
  });
});
