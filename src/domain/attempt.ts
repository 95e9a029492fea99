import type { JobId } from './ids.ts';
import type { Job } from './job.ts';
import { badInput, Refusal } from './refusal.ts';

// A tracked job has no lease: of two that report on it, as one began it anew, the number of the attempt tells whose it is.

/** As many as an Int of GraphQL can count. */
const MAX_ATTEMPT = 2 ** 31 - 1;

/** The attempt a report says it belongs to, or null. Refuses what no attempt is called. */
export function attemptNumber(attempt: number | null | undefined): number | null {
  if (attempt == null) return null;
  if (Number.isInteger(attempt) && attempt >= 1 && attempt <= MAX_ATTEMPT) return attempt;
  throw badInput('input.attempt', `must be a whole number from 1 to ${MAX_ATTEMPT}, not ${attempt}`, MAX_ATTEMPT);
}

/** The job as it is, for a report of its present attempt, or one that names none; of any other: LEASE_LOST. */
export function ofAttempt<J extends Job>(job: J, attempt: number | null): J {
  if (attempt === null || attempt === job.attempt) return job;
  const what = attempt < job.attempt ? `Attempt ${attempt} of job ${job.id} is over` : noSuch(job.id, attempt);
  throw new Refusal('LEASE_LOST', `${what}; it is at attempt ${job.attempt}`, { field: 'input.attempt' });
}

/** A first report makes attempt 1: whoever reports on a later one means a job that has been deleted. */
export function firstAttempt(id: JobId, attempt: number | null): void {
  if (attempt === null || attempt === 1) return;
  throw new Refusal('NOT_FOUND', `${noSuch(id, attempt)}: there is no such job, or none any more`, {
    field: 'input.attempt',
  });
}

const noSuch = (id: JobId, attempt: number): string => `There is no attempt ${attempt} of job ${id}`;
