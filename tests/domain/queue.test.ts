import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { estimateWait, fairSeq, MAX_PRIORITY, place } from '../../src/domain/queue.ts';

const priority = fc.integer({ min: -MAX_PRIORITY, max: MAX_PRIORITY });
const seq = fc.integer({ min: 0, max: 2 ** 44 - 1 });

describe('a place in the queue', () => {
  test('is by priority, higher first, then by the sequence number, and exact', () => {
    fc.assert(
      fc.property(priority, seq, priority, seq, (p1, s1, p2, s2) => {
        const order = p1 === p2 ? s1 - s2 : p2 - p1;
        expect(Math.sign(place(p1, s1) - place(p2, s2))).toBe(Math.sign(order));
        expect(Number.isSafeInteger(place(p1, s1))).toBe(true);
      }),
      {
        numRuns: 1000,
        examples: [
          [0, 1, 0, 2],
          [100, 2 ** 44 - 1, 99, 0],
          [-100, 2 ** 44 - 1, -100, 2 ** 44 - 2],
        ],
      },
    );
  });
});

describe('a turn', () => {
  test('is of the next round: after the one being served, all of one’s own and whatever stood there in order of arrival', () => {
    expect(fairSeq({ floor: 0, served: 0, own: 0 })).toBe(1);
    expect(fairSeq({ floor: 0, served: 5, own: 0 })).toBe(6);
    expect(fairSeq({ floor: 0, served: 5, own: 9 })).toBe(10);
    expect(fairSeq({ floor: 12, served: 5, own: 9 })).toBe(13);
  });
});

describe('the expected wait', () => {
  const runs = [4000, 1000, 3000, 2000];

  test('is unknown without capacity or without a run', () => {
    expect(estimateWait(1, 0, 0, runs)).toBeNull();
    expect(estimateWait(1, 0, 1, [])).toBeNull();
  });

  test('is nothing while there is a free place for the job', () => {
    expect(estimateWait(1, 0, 1, runs)).toEqual({ low: 0, high: 0 });
    expect(estimateWait(2, 2, 4, runs)).toEqual({ low: 0, high: 0 });
  });

  test('spans the quartiles of the run times, times the rounds that must end first', () => {
    // The next job behind one that runs: that one may end now, or take as long as the slow ones do.
    expect(estimateWait(1, 1, 1, runs)).toEqual({ low: 0, high: 4 });
    expect(estimateWait(3, 1, 1, runs)).toEqual({ low: 4, high: 12 });
    expect(estimateWait(3, 2, 2, runs)).toEqual({ low: 2, high: 8 });
    expect(estimateWait(1, 1, 1, [1234])).toEqual({ low: 0, high: 1.2 });
    expect(estimateWait(2, 1, 1, [1234])).toEqual({ low: 1.2, high: 2.5 });
  });

  test('is never shorter further back, never longer with more capacity, and low is never above high', () => {
    const times = fc.array(fc.integer({ min: 0, max: 1_000_000 }), { minLength: 1, maxLength: 32 });
    const small = fc.integer({ min: 1, max: 50 });
    fc.assert(
      fc.property(small, fc.nat(20), small, times, (position, running, capacity, recent) => {
        const here = estimateWait(position, running, capacity, recent)!;
        const behind = estimateWait(position + 1, running, capacity, recent)!;
        const faster = estimateWait(position, running, capacity + 1, recent)!;
        expect(here.low).toBeLessThanOrEqual(here.high);
        expect([behind.low >= here.low, behind.high >= here.high]).toEqual([true, true]);
        expect([faster.low <= here.low, faster.high <= here.high]).toEqual([true, true]);
      }),
    );
  });

  test('leaves the run times as they are', () => {
    estimateWait(3, 1, 1, runs);
    expect(runs).toEqual([4000, 1000, 3000, 2000]);
  });
});
