import { expect, test } from 'vitest';
import { attemptNumber, firstAttempt, ofAttempt } from '../../src/domain/attempt.ts';
import { restartTracked, tracking } from '../../src/domain/tracked.ts';
import { complete, fail } from '../../src/domain/transitions.ts';
import { COMPLETION, FAILURE, LEASE, queued, refusalOf, running, START, tracked } from './states.ts';

const SUBMITTER = { id: 'u_1', name: 'Someone', role: 'USER' } as const;

const first = tracked();
const again = restartTracked(first, tracking({ id: first.id }, SUBMITTER, 3600), START + 1);

test.each([
  ['runs for the first time', first, 1],
  ['was begun anew', again, 2],
  ['has ended', complete(again, null, COMPLETION, START + 2), 2],
  ['is an inference job', running(), 1],
  ['waits for another try', fail(running(), LEASE, { ...FAILURE, retryable: true }, START + 2), 1],
])('a job that %s is itself to reports of its attempt, and to those that name none', (_, job, attempt) => {
  expect(ofAttempt(job, attempt)).toBe(job);
  expect(ofAttempt(job, null)).toBe(job);
});

test.each([
  ['an earlier attempt', again, 1, 'Attempt 1 of job nightly-7 is over; it is at attempt 2'],
  [
    'an earlier attempt of a job that has ended',
    complete(again, null, COMPLETION, START + 2),
    1,
    'Attempt 1 of job nightly-7 is over; it is at attempt 2',
  ],
  ['an attempt to come', again, 3, 'There is no attempt 3 of job nightly-7; it is at attempt 2'],
  ['a job that was never tried', queued(), 1, `There is no attempt 1 of job ${queued().id}; it is at attempt 0`],
])('a report of %s: LEASE_LOST, naming input.attempt', (_, job, attempt, message) => {
  const refusal = refusalOf(() => ofAttempt(job, attempt));
  expect(refusal).toMatchObject({ code: 'LEASE_LOST', message, details: { field: 'input.attempt' } });
});

test('a first report makes attempt 1 and no other', () => {
  for (const attempt of [null, 1]) expect(refusalOf(() => firstAttempt('nightly-7', attempt))).toBeNull();
  const refusal = refusalOf(() => firstAttempt('nightly-7', 2));
  expect(refusal).toMatchObject({ code: 'NOT_FOUND', details: { field: 'input.attempt' } });
});

test.each([0, -1, 1.5, Number.NaN, 2 ** 31])('%d is no number of an attempt', (attempt) => {
  const refusal = refusalOf(() => attemptNumber(attempt));
  expect(refusal).toMatchObject({ code: 'BAD_USER_INPUT', details: { field: 'input.attempt', limit: 2 ** 31 - 1 } });
});

test('a number of an attempt is what it is; none is none', () => {
  for (const attempt of [1, 2, 2 ** 31 - 1]) expect(attemptNumber(attempt)).toBe(attempt);
  for (const none of [null, undefined]) expect(attemptNumber(none)).toBeNull();
});
