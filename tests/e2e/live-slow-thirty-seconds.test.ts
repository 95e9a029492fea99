import { setTimeout as pass } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { median, memoryOf } from '../bench/machine.ts';
import { startProcess } from '../help/process.ts';
import { startRedis } from '../help/redis.ts';
import { openSocket } from '../help/socket.ts';
import { openStoppable } from '../help/stoppable.ts';
import { type Chunk, HEAVY_UPDATES, isOver, newTracked, OUTPUT, type Seen, told, UPDATES } from './live-reports.ts';

const MIB = 1024 * 1024;
const STOPPED_MS = 30_000;
const FLOW = 100 * MIB;
const HEAVY = 'x'.repeat(60 * 1024);
const PIECE = 'abcdefgh'.repeat(64 * 1024);
/** So many reports of progress for each piece of output. */
const REPORTS_A_PIECE = 35;
/** After a quarter of it. Of what follows much more would wait for those who have stopped, if it were kept for them. */
const MOST_GROWTH = 64 * MIB;
const SETTINGS = {
  // Longer than they stop: what is silent for two keepalives is cut, and comes again.
  KEEPALIVE_SECONDS: '20',
  // With more of a heap garbage is left lying for long, and looks like memory that grows.
  NODE_OPTIONS: '--max-old-space-size=128 --max-semi-space-size=8',
};
const BIG = 'query ($id: ID!) { job(id: $id) { result } }';

// The size that people know: 30 s, and 100 MB for each of those who do not read. They are all at one server, at once.
test('[promise 6] [promise 7] while watchers read nothing for 30 s and 100 MB flow by, memory stays as it was, nobody waits for them, and each sees the end or is closed with 4513', async () => {
  await using redis = await startRedis();
  await using server = await startProcess({ redis, env: SETTINGS });
  const { url, socket } = server;
  const at = { graphql: `${url}/graphql`, socket };
  const [job, big] = [newTracked(), newTracked()];
  await told(at, 'startJob', { id: job });
  await told(at, 'reportComplete', { job: big, result: 'x'.repeat(900 * 1024) });

  await using reads = await openSocket(at);
  await using stopped = await openSocket(at);
  await using greedy = await openSocket(at);
  const light = reads.subscribe<Seen>(UPDATES, { id: job });
  const updates = stopped.subscribe<Seen>(HEAVY_UPDATES, { id: job });
  const output = stopped.subscribe<Chunk>(OUTPUT, { id: job });
  const greedyUpdates = greedy.subscribe<Seen>(HEAVY_UPDATES, { id: job });
  await using updateEvents = await openStoppable<Seen>(at, HEAVY_UPDATES, { id: job });
  await using outputEvents = await openStoppable<Chunk>(at, OUTPUT, { id: job });
  for (const flow of [light, updates, greedyUpdates, updateEvents.flow]) await flow.next();

  let reports = 0;
  let pieces = 0;
  const flowed = () => reports * HEAVY.length + pieces * PIECE.length;
  /** One report, seen by who reads; how long that took. */
  async function report(): Promise<number> {
    const begin = performance.now();
    const { revision } = await told(at, 'reportProgress', { job, stage: `${++reports}`, metadata: [HEAVY] });
    await light.until((seen) => seen.revision === revision);
    const took = performance.now() - begin;
    if (reports % REPORTS_A_PIECE === 0) {
      await told(at, 'reportOutput', { job, offset: pieces++ * PIECE.length, text: PIECE });
    }
    return took;
  }

  const before: number[] = [];
  while (before.length < 200) before.push(await report());
  await output.until(({ end }) => end === pieces * PIECE.length);

  stopped.ws.pause();
  greedy.ws.pause();
  for (const stream of [updateEvents, outputEvents]) stream.pause();
  for (let n = 0; n < 60; n++)
    greedy.send({ type: 'subscribe', id: `${n}`, payload: { query: BIG, variables: { id: big } } });
  // Who is closed has 30 s to read why.
  setTimeout(() => greedy.ws.resume(), (2 / 3) * STOPPED_MS);
  const [begin, first] = [performance.now(), flowed()];
  const during: number[] = [];
  /** The most there was in each quarter. */
  const memory = [0, 0, 0, 0];
  for (;;) {
    const [share, elapsed] = [(flowed() - first) / FLOW, performance.now() - begin];
    if (share >= 1 && elapsed >= STOPPED_MS) break;
    during.push(await report());
    const quarter = Math.min(3, Math.floor(4 * Math.min(share, elapsed / STOPPED_MS)));
    memory[quarter] = Math.max(memory[quarter]!, await memoryOf(server.pid!));
    await pass(Math.max(0, share * STOPPED_MS - elapsed));
  }
  console.log(
    `${Math.round((flowed() - first) / MIB)} MB in ${Math.round((performance.now() - begin) / 1000)} s; ` +
      `memory in each quarter ${memory.map((most) => Math.round(most / MIB)).join(', ')} MB; ` +
      `a report was seen after ${median(before).toFixed(1)} ms before, ${median(during).toFixed(1)} ms during`,
  );
  expect(Math.max(...memory.slice(1)) - memory[0]!).toBeLessThan(MOST_GROWTH);
  expect(median(during)).toBeLessThan(3 * median(before) + 20);

  const { revision } = await told(at, 'reportComplete', { job });
  expect((await light.rest()).at(-1)).toMatchObject({ status: 'COMPLETED', revision });
  stopped.ws.resume();
  for (const stream of [updateEvents, outputEvents]) stream.resume();
  for (const flow of [updates, updateEvents.flow]) {
    const seen = await flow.rest();
    expect(seen.filter(isOver)).toEqual([seen.at(-1)]);
    expect(seen.at(-1)).toMatchObject({ status: 'COMPLETED', revision });
    expect(seen.length).toBeLessThan(during.length / 2);
    expect(await flow.ended).toBe('complete');
  }
  for (const flow of [output, outputEvents.flow]) {
    expect((await flow.rest()).at(-1)).toMatchObject({ end: pieces * PIECE.length });
    expect(await flow.ended).toBe('complete');
  }
  expect(await greedy.closed).toEqual({ code: 4513, reason: 'Too slow' });
}, 240_000);
