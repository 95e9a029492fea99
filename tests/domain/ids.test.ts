import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  crc16,
  isJobId,
  isSpaceId,
  isTrackedId,
  jobId,
  nearest,
  partitionOf,
  spaceId,
  spaceOf,
  TRACKED_BUCKETS,
} from '../../src/domain/ids.ts';
import { refusalOf } from './states.ts';

const UUID = '019ab4b2-1111-7000-8000-00000000000a';

describe('ids', () => {
  test('a space id is 1 to 64 of A-Z a-z 0-9 _ -, and comes back as it is', () => {
    for (const id of ['a', 'OCR', 'my_space-2', '-', 'x'.repeat(64)]) expect(spaceId('input.id', id)).toBe(id);
  });

  test.each(['', 'x'.repeat(65), 'a b', 'a.b', 'a:b', 'a/b', 'ä', 'a\n', '{a}', '😀', '..'])(
    '%j is refused as a space id, by field',
    (id) => {
      const refusal = refusalOf(() => spaceId('input.space', id));
      expect([refusal?.code, refusal?.details]).toEqual(['BAD_USER_INPUT', { field: 'input.space', limit: 64 }]);
      expect(isSpaceId(id)).toBe(false);
    },
  );

  test('a job id is <space>.<uuid>, or for a tracked job 1 to 128 characters without a dot', () => {
    for (const id of [`ocr.${UUID}`, `${'x'.repeat(64)}.${UUID}`, 'nightly_7-b', 'x'.repeat(128), UUID]) {
      expect(jobId('id', id)).toBe(id);
    }
    expect(isTrackedId('nightly_7-b')).toBe(true);
    expect(isTrackedId(`ocr.${UUID}`)).toBe(false);
  });

  test.each([
    '',
    'x'.repeat(129),
    'a.b',
    `.${UUID}`,
    `ocr.${UUID.toUpperCase()}`,
    `ocr.${UUID}\n`,
    `ocr.${UUID.slice(1)}`,
    `a.b.${UUID}`,
    `${'x'.repeat(65)}.${UUID}`,
    't:5',
    'über',
  ])('%j is refused as a job id, by field', (id) => {
    const refusal = refusalOf(() => jobId('input.job', id));
    expect([refusal?.code, refusal?.details.field]).toEqual(['BAD_USER_INPUT', 'input.job']);
    expect(isJobId(id)).toBe(false);
  });

  test('an inference job’s id tells its space, a tracked one’s none', () => {
    expect(spaceOf(`ocr.${UUID}`)).toBe('ocr');
    expect(spaceOf('nightly')).toBeNull();
  });

  test('a job lives with its space, or in one of the tracked buckets, which no space is called like', () => {
    expect(partitionOf(`ocr.${UUID}`)).toBe('ocr');
    const buckets = new Set<string>();
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9_-]{1,128}$/), (id) => {
        const partition = partitionOf(id);
        buckets.add(partition);
        expect(partition).toMatch(/^t:\d+$/);
        expect(Number(partition.slice(2))).toBeLessThan(TRACKED_BUCKETS);
        expect(isSpaceId(partition)).toBe(false);
      }),
      { numRuns: 1000 },
    );
    expect(buckets.size).toBeGreaterThan(TRACKED_BUCKETS / 2);
  });

  test('crc16 is that of the Redis Cluster specification', () => {
    expect(crc16('123456789')).toBe(0x31c3);
    expect(crc16('')).toBe(0);
    // Redis: CLUSTER KEYSLOT foo, hello.
    expect(crc16('foo') % 16384).toBe(12182);
    expect(crc16('hello') % 16384).toBe(866);
  });

  test('the nearest name is the one meant, or none', () => {
    const names = ['ocr', 'translate', 'Summaries'];
    expect(nearest('ocrr', names)).toBe('ocr');
    expect(nearest('OCR', names)).toBe('ocr');
    expect(nearest('tranlsate', names)).toBe('translate');
    expect(nearest('summary', names)).toBe('Summaries');
    expect(nearest('weather', names)).toBeNull();
    expect(nearest('x', [])).toBeNull();
    expect(nearest('ab', ['abc', 'ab'])).toBe('ab');
  });
});
