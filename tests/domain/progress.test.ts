import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  fraction,
  MAX_MESSAGE_BYTES,
  MAX_METADATA_BYTES,
  MAX_STAGE_BYTES,
  NO_PROGRESS,
  type ProgressReport,
  reportedProgress,
  stageName,
} from '../../src/domain/progress.ts';
import { refusalOf } from './states.ts';

const before = { stage: 'load', progress: 0.25, message: 'Loading', metadata: { n: 1 } };

describe('progress', () => {
  test('what a report leaves out stays, but for the message, which belongs to its report', () => {
    expect(reportedProgress(before, { stage: 'work' })).toEqual({
      stage: 'work',
      progress: 0.25,
      message: null,
      metadata: { n: 1 },
    });
    expect(reportedProgress(before, { stage: 'work', progress: null, message: null, metadata: null })).toEqual({
      ...before,
      ...{ stage: 'work', message: null },
    });
    const report = { stage: 'save', progress: 0, message: 'Saving', metadata: [] };
    expect(reportedProgress(before, report)).toEqual(report);
  });

  test('any number from 0 to 1 is progress', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (value) => {
        expect(fraction('input.progress', value)).toBe(value);
        expect(reportedProgress(NO_PROGRESS, { stage: 'a', progress: value }).progress).toBe(value);
      }),
    );
  });

  test.each([
    ['progress', { stage: 'a', progress: Number.NaN }, 'BAD_USER_INPUT'],
    ['progress', { stage: 'a', progress: -0.001 }, 'BAD_USER_INPUT'],
    ['progress', { stage: 'a', progress: 1.001 }, 'BAD_USER_INPUT'],
    ['progress', { stage: 'a', progress: Number.POSITIVE_INFINITY }, 'BAD_USER_INPUT'],
    ['progress', { stage: 'a', progress: 50 }, 'BAD_USER_INPUT'],
    ['stage', { stage: '' }, 'BAD_USER_INPUT'],
    ['stage', { stage: 'ä'.repeat(MAX_STAGE_BYTES / 2 + 1) }, 'PAYLOAD_TOO_LARGE'],
    ['stage', { stage: '\ud800' }, 'BAD_USER_INPUT'],
    ['message', { stage: 'a', message: 'x'.repeat(MAX_MESSAGE_BYTES + 1) }, 'PAYLOAD_TOO_LARGE'],
    ['message', { stage: 'a', message: 'x\udc00' }, 'BAD_USER_INPUT'],
    ['metadata', { stage: 'a', metadata: 'x'.repeat(MAX_METADATA_BYTES) }, 'PAYLOAD_TOO_LARGE'],
    ['metadata', { stage: 'a', metadata: { n: Number.NaN } }, 'BAD_USER_INPUT'],
  ] satisfies [string, ProgressReport, string][])('a bad %s is refused by field: %#', (field, report, code) => {
    const refusal = refusalOf(() => reportedProgress(before, report));
    expect([refusal?.code, refusal?.details.field]).toEqual([code, `input.${field}`]);
  });

  test('a stage may be as long as the limit, and no longer', () => {
    expect(stageName('input.stage', 'x'.repeat(MAX_STAGE_BYTES))).toHaveLength(MAX_STAGE_BYTES);
    expect(refusalOf(() => stageName('input.stage', 'x'.repeat(MAX_STAGE_BYTES + 1)))?.details).toEqual({
      field: 'input.stage',
      limit: MAX_STAGE_BYTES,
    });
  });
});
