import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { Job } from '../../src/domain/job.ts';
import { createReader, type Step, stepOf } from '../../src/engine/redis/told.ts';
import { confirmed, START, tracked } from '../domain/states.ts';
import { progressed } from './fixtures.ts';

/** A job and its later revisions. */
function chainOf(length: number): Job[] {
  const chain: Job[] = [tracked()];
  while (chain.length < length) chain.push(progressed(chain.at(-1)!, START, chain.length / 100));
  return chain;
}
const chain = chainOf(10);

const step = (n: number): Step => ({ step: JSON.parse(stepOf(chain[n - 1]!, chain[n]!, ' '.repeat(10_000))) });

/** A reader whose reads are answered by hand. */
function reading() {
  const told: (Job | null)[] = [];
  const reads: PromiseWithResolvers<Job | null>[] = [];
  let connects = 1;
  const take = createReader(
    {
      read: () => {
        reads.push(Promise.withResolvers());
        return reads.at(-1)!.promise;
      },
      connects: () => connects,
      onError: () => undefined,
    },
    (job) => told.push(job),
  );
  const answer = async (job: Job | null) => {
    reads.at(-1)!.resolve(job);
    await turn();
  };
  return { take, told, reads, answer, reconnect: () => connects++ };
}

test('a step says what has changed, and where the state or most of the record has, nothing', () => {
  const [before, next] = [chain[1]!, chain[2]!];
  const { progress, updatedAt, revision } = next;
  expect(JSON.parse(stepOf(before, next, JSON.stringify(next)))).toEqual({ progress, revision });
  expect(updatedAt).toBe(before.updatedAt);
  const big = { ...next, progress: { ...next.progress, metadata: 'x'.repeat(10_000) } };
  expect(stepOf(before, big, JSON.stringify(big))).toBe('');
  expect(stepOf(before, { ...next, status: 'CANCELLING' } as Job, ' '.repeat(10_000))).toBe('');
});

test('steps build on what was told, and leave it as it was', () => {
  const { take, told, reads } = reading();
  take({ state: chain[0]! });
  for (let n = 1; n < 5; n++) take(step(n));
  expect(told).toEqual(chain.slice(0, 5));
  expect(reads).toEqual([]);
  take(null);
  expect(told.at(-1)).toBe(null);
});

test('a lease that is known to be confirmed is told as confirmed', () => {
  const { take, told } = reading();
  const job = { ...tracked(), lease: { token: 't', confirmed: false } } as Job;
  take({ state: job });
  take({ step: { revision: job.revision + 1 }, confirmed: true });
  expect(told.at(-1)).toEqual({ ...confirmed(job as never), revision: job.revision + 1 });
});

test('a step that nothing is known before, or after a gap, has the job read, and again what came meanwhile', async () => {
  const { take, told, reads, answer } = reading();
  take(step(2));
  take(step(3));
  expect([told.length, reads.length]).toEqual([0, 1]);
  await answer(chain[2]!);
  expect([told, reads.length]).toEqual([[chain[2]], 2]);
  await answer(chain[4]!);
  // Heard late, and known by then.
  take(step(4));
  take(step(5));
  expect([told, reads.length]).toEqual([[chain[2], chain[4], chain[5]], 2]);
  take(step(8));
  await answer(chain[8]!);
  expect([told.at(-1), reads.length]).toEqual([chain[8], 3]);
});

test('what is told whole while the job is read is newer than what is read', async () => {
  const { take, told, answer } = reading();
  take(step(2));
  take({ state: chain[3]! });
  take(step(4));
  await answer(chain[2]!);
  take(step(5));
  expect(told).toEqual([chain[3], chain[4], chain[5]]);
});

test('on another connection nothing builds on what was told before', async () => {
  const { take, told, reads, answer, reconnect } = reading();
  take({ state: chain[0]! });
  reconnect();
  take(step(1));
  expect([told.length, reads.length]).toEqual([1, 1]);
  await answer({ ...chain[1]!, title: 'another life' });
  take(step(2));
  expect(told.at(-1)).toEqual({ ...chain[2], title: 'another life' });
});

test('a storage that has lost what was told is asked once, not for ever', async () => {
  const { take, told, reads, answer } = reading();
  take(step(5));
  await answer(chain[2]!);
  expect([told, reads.length]).toEqual([[chain[2]], 1]);
  take(step(6));
  await answer(null);
  expect([told.length, reads.length]).toEqual([1, 2]);
});

test('a read that fails is made again for the next step', async () => {
  const { take, told, reads, answer } = reading();
  take(step(2));
  reads[0]!.reject(new Error('away'));
  await turn();
  take(step(3));
  await answer(chain[3]!);
  expect(told).toEqual([chain[3]]);
});
