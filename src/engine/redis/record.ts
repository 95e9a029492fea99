import type { Job, QueuedJob } from '../../domain/job.ts';
import type { Claim } from '../../domain/lease.ts';
import { assign } from '../../domain/transitions.ts';
import { type JobIndex, withConfirmation } from '../record.ts';

/** A job as it is stored and told: its record, and what happened to it since that was written. */
export interface Whole {
  state: Job;
  claim?: Claim;
  confirmed?: boolean;
}

/** The job that the parts make. */
export function fold({ state, claim, confirmed = false }: Whole): Job {
  return withConfirmation(claim ? assign(state as QueuedJob, claim) : state, confirmed);
}

/** A stored job's fields `state`, `claim` and `conf`; null where there is none. */
export function parse([state, claim, conf]: (string | null)[]): Job | null {
  if (state == null) return null;
  const told: Whole = { state: JSON.parse(state) as Job, confirmed: conf === '1' };
  return fold(claim ? { ...told, claim: JSON.parse(claim) as Claim } : told);
}

/** All that indexes follow from; see keys.ts. */
export const facts = ({ status, deadline, lease, app, cursor, submitter }: JobIndex): string =>
  `${status} ${deadline} ${lease ?? '-'} ${app ?? '-'} ${cursor} ${submitter}`;
