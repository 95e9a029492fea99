import { describe, expect, it } from 'vitest';
import { eventually } from '../help/jobs.ts';
import { engines } from '../help/server.ts';
import { openSocket } from '../help/socket.ts';
import { openStoppable } from '../help/stoppable.ts';
import { useServer } from '../help/use-server.ts';
import { type Chunk, HEAVY_UPDATES, isOver, newTracked, OUTPUT, type Seen, told, UPDATES } from './live-reports.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
/** More than what the system itself takes for a socket that nobody reads. */
const REVISIONS = 400;
const HEAVY = 'x'.repeat(60 * KIB);
const PIECE = 'abcdefgh'.repeat(64 * KIB);
const PIECES = 40;

describe.each(engines)('a watcher that stops reading on %s', (engine) => {
  const server = useServer({ engine, env: { KEEPALIVE_SECONDS: '60' } });

  it('[promise 6] [promise 7] costs little, delays nobody, and when it reads again sees the end and all of the output', async () => {
    const job = newTracked();
    await told(server, 'startJob', { id: job });
    await using stopped = await openSocket(server);
    await using reads = await openSocket(server);
    const updates = [stopped, reads].map((socket) => socket.subscribe<Seen>(HEAVY_UPDATES, { id: job }));
    const light = reads.subscribe<Seen>(UPDATES, { id: job });
    const output = stopped.subscribe<Chunk>(OUTPUT, { id: job });
    for (const flow of [...updates, light]) await flow.next();
    stopped.ws.pause();
    let most = 0;
    for (let n = 0; n < REVISIONS; n++) {
      const { revision } = await told(server, 'reportProgress', { job, stage: `${n}`, metadata: [HEAVY] });
      // Each is there before the next is told.
      await updates[1]!.until((seen) => seen.revision === revision);
      await light.until((seen) => seen.revision === revision);
      if (n % (REVISIONS / PIECES) === 0) {
        await told(server, 'reportOutput', { job, offset: (n / (REVISIONS / PIECES)) * PIECE.length, text: PIECE });
      }
      most = Math.max(most, server.server.unsent());
    }
    // It was full, and all that it might have been sent is many times that.
    expect(most).toBeGreaterThan(MIB - PIECE.length);
    expect(most).toBeLessThan(2 * MIB);
    const { revision } = await told(server, 'reportComplete', { job });
    expect((await light.rest()).at(-1)).toMatchObject({ revision });
    stopped.ws.resume();
    const seen = await updates[0]!.rest();
    expect(seen.filter(isOver)).toEqual([seen.at(-1)]);
    expect(seen.at(-1)).toMatchObject({ status: 'COMPLETED', revision });
    const revisions = seen.map((each) => each.revision);
    expect(revisions).toEqual([...new Set(revisions)].sort((one, other) => one - other));
    expect(revisions.length).toBeLessThan(REVISIONS);
    expect((await output.rest()).map(({ text }) => text).join('') === PIECE.repeat(PIECES)).toBe(true);
    expect(await output.ended).toBe('complete');
    await eventually(() => server.server.topics() + server.server.groups() + server.server.unsent() === 0);
  });
});

describe.each(engines)('a stream of events whose reader stops on %s', (engine) => {
  const server = useServer({ engine, env: { KEEPALIVE_SECONDS: '60' } });

  it('[promise 6] [promise 7] costs little, delays nobody, and when it reads again sees the end and all of the output', async () => {
    const job = newTracked();
    await told(server, 'startJob', { id: job });
    await using updates = await openStoppable<Seen>(server, HEAVY_UPDATES, { id: job });
    await using output = await openStoppable<Chunk>(server, OUTPUT, { id: job });
    await using reads = await openSocket(server);
    const light = reads.subscribe<Seen>(UPDATES, { id: job });
    for (const flow of [updates.flow, light]) await flow.next();
    for (const stream of [updates, output]) stream.pause();
    let most = 0;
    for (let n = 0; n < REVISIONS; n++) {
      const { revision } = await told(server, 'reportProgress', { job, stage: `${n}`, metadata: [HEAVY] });
      await light.until((seen) => seen.revision === revision);
      if (n % (REVISIONS / PIECES) === 0) {
        await told(server, 'reportOutput', { job, offset: (n / (REVISIONS / PIECES)) * PIECE.length, text: PIECE });
      }
      most = Math.max(most, server.server.unsent());
    }
    // Both were full; of each no more waits than an event or two.
    expect(most).toBeGreaterThan(HEAVY.length);
    expect(most).toBeLessThan(MIB);
    const { revision } = await told(server, 'reportComplete', { job });
    expect((await light.rest()).at(-1)).toMatchObject({ revision });
    for (const stream of [updates, output]) stream.resume();
    const seen = await updates.flow.rest();
    expect(seen.filter(isOver)).toEqual([seen.at(-1)]);
    expect(seen.at(-1)).toMatchObject({ status: 'COMPLETED', revision });
    const revisions = seen.map((each) => each.revision);
    expect(revisions).toEqual([...new Set(revisions)].sort((one, other) => one - other));
    expect(revisions.length).toBeLessThan(REVISIONS);
    expect((await output.flow.rest()).map(({ text }) => text).join('') === PIECE.repeat(PIECES)).toBe(true);
    expect(await output.flow.ended).toBe('complete');
    await eventually(() => server.server.topics() + server.server.groups() + server.server.unsent() === 0);
  });
});

describe.each(engines)('a socket with a small buffer on %s', (engine) => {
  const server = useServer({ engine, env: { KEEPALIVE_SECONDS: '60', MAX_BUFFERED_BYTES: `${2 * MIB}` } });

  it('that does not read what it asks for is closed with 4513, and holds no more from then on', async () => {
    const [job, big] = [newTracked(), newTracked()];
    await told(server, 'startJob', { id: job });
    await told(server, 'reportComplete', { job: big, result: 'x'.repeat(900 * KIB) });
    await using greedy = await openSocket(server);
    await using other = await openSocket(server);
    const watcher = other.subscribe<Seen>(UPDATES, { id: job });
    await watcher.next();
    await greedy.subscribe<Seen>(HEAVY_UPDATES, { id: job }).next();
    const { counters } = server.server.services;
    greedy.ws.pause();
    const query = 'query ($id: ID!) { job(id: $id) { result } }';
    for (let n = 0; n < 60; n++) {
      greedy.send({ type: 'subscribe', id: `${n}`, payload: { query, variables: { id: big } } });
    }
    // What it watched has ended, before it knows.
    expect(server.server.groups()).toBe(2);
    await eventually(() => server.server.groups() === 1);
    expect(server.server.unsent()).toBeLessThan(4 * MIB);
    const { revision } = await told(server, 'reportProgress', { job, stage: 'for those who read' });
    await watcher.until((seen) => seen.revision === revision);
    // What it asks for now is not begun.
    greedy.subscribe<Seen>(HEAVY_UPDATES, { id: job });
    greedy.ws.resume();
    expect(await greedy.closed).toEqual({ code: 4513, reason: 'Too slow' });
    expect([server.server.groups(), counters.watchers]).toEqual([1, 1]);
    await told(server, 'reportComplete', { job });
    expect((await watcher.rest()).at(-1)).toMatchObject({ status: 'COMPLETED' });
    await eventually(() => server.server.topics() + server.server.groups() + server.server.unsent() === 0);
  });

  it('that reads is not closed for asking much at once', async () => {
    const jobs = Array.from({ length: 20 }, newTracked);
    for (const job of jobs) await told(server, 'reportComplete', { job, result: { text: 'x'.repeat(900 * KIB) } });
    await using socket = await openSocket(server);
    const flows = jobs.map((id) =>
      socket.subscribe<Seen & { result: { text: string } }>(
        'subscription ($id: ID!) { jobUpdates(id: $id) { status result } }',
        { id },
      ),
    );
    for (const flow of flows) {
      const [seen] = await flow.rest();
      expect([seen?.status, seen?.result.text.length]).toEqual(['COMPLETED', 900 * KIB]);
    }
    const long = newTracked();
    await told(server, 'reportOutput', { job: long, offset: 0, text: PIECE });
    await told(server, 'reportComplete', { job: long });
    const outputs = Array.from({ length: 60 }, () => socket.subscribe<Chunk>(OUTPUT, { id: long }));
    for (const output of outputs) expect((await output.rest()).at(-1)).toMatchObject({ end: PIECE.length });
  });
});

describe.each(engines)('silence on %s', (engine) => {
  const server = useServer({ engine, env: { MAX_BUFFERED_BYTES: `${MIB}` } });

  it('ends the socket of one that never reads again, closed with 4513 or not', async () => {
    const [job, big] = [newTracked(), newTracked()];
    await told(server, 'reportComplete', { job: big, result: 'x'.repeat(900 * KIB) });
    for (let n = 0; n < 20; n++) await told(server, 'reportOutput', { job, offset: n * PIECE.length, text: PIECE });
    const [greedy, modest] = [await openSocket(server), await openSocket(server)];
    for (const socket of [greedy, modest]) {
      await socket.subscribe<Seen>(UPDATES, { id: job }).next();
      socket.ws.pause();
    }
    for (let n = 0; n < 60; n++) greedy.subscribe<Chunk>(OUTPUT, { id: job });
    const query = 'query ($id: ID!) { job(id: $id) { result } }';
    for (let n = 0; n < 60; n++) {
      greedy.send({ type: 'subscribe', id: `${n}`, payload: { query, variables: { id: big } } });
    }
    const { counters } = server.server.services;
    await eventually(() => counters.activeConnections === 0 && counters.watchers === 0);
    expect(server.server.topics() + server.server.groups() + server.server.unsent()).toBe(0);
    for (const socket of [greedy, modest]) socket.cut();
  });
});

describe.each(engines)('a stream of events on %s', (engine) => {
  const server = useServer({ engine, env: { KEEPALIVE_SECONDS: '0.1' } });

  it('that nobody reads is cut after a while, and one on which nothing happens lives', async () => {
    const [job, quiet] = [newTracked(), newTracked()];
    for (let n = 0; n < 40; n++) await told(server, 'reportOutput', { job, offset: n * PIECE.length, text: PIECE });
    await told(server, 'startJob', { id: quiet });
    const { counters } = server.server.services;
    await using idle = await openStoppable<Seen>(server, UPDATES, { id: quiet });
    await using stopped = await openStoppable<Chunk>(server, OUTPUT, { id: job });
    await using slow = await openStoppable<Chunk>(server, OUTPUT, { id: job });
    for (const { flow } of [idle, stopped, slow]) await flow.next();
    expect(counters.watchers).toBe(3);
    for (const each of [stopped, slow]) each.pause();
    // It takes some, now and then.
    const sipping = setInterval(() => {
      slow.resume();
      setImmediate(slow.pause);
    }, 100);
    await eventually(() => counters.watchers === 2);
    clearInterval(sipping);
    slow.resume();
    let end = 0;
    while (end < 40 * PIECE.length) ({ end } = await slow.flow.next());
    const { revision } = await told(server, 'reportComplete', { job: quiet });
    expect((await idle.flow.rest()).at(-1)).toMatchObject({ status: 'COMPLETED', revision });
    stopped.resume();
    await expect(stopped.flow.ended).rejects.toThrow('cut');
    slow.flow.stop();
    await eventually(() => server.server.topics() + server.server.unsent() + counters.watchers === 0);
  });
});
