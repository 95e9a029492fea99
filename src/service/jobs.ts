import { LRUCache } from 'lru-cache';
import { isJobId, type JobId, noSuchJob } from '../domain/ids.ts';
import { isFinished, type Job, type JobInput, type JobStatus, leaseOf } from '../domain/job.ts';
import { expire } from '../domain/recovery.ts';
import { Refusal } from '../domain/refusal.ts';
import { firstReport } from '../domain/tracked.ts';
import { requestCancel } from '../domain/transitions.ts';
import type { Viewer } from '../domain/viewer.ts';
import { cursorOf, type Engine, type SpaceSignal } from '../engine/engine.ts';
import type { Files } from './files.ts';
import { requireControl, seesJob } from './permissions.ts';

/** Who made a change: a report of the worker itself, or anybody else. */
export type Cause = 'report' | 'server';

export interface Changed {
  /** Null: it was just submitted, or claimed. */
  before: Job | null;
  next: Job;
  cause: Cause;
}

/** A conflicting writer wins each time; so many times in a row is no accident. */
const MAX_TRIES = 16;
export const MAX_PAGE = 100;
const SUBMITTERS_AT_HAND = 10_000;
const INPUTS_AT_HAND = 32 * 1024 * 1024;

export type Jobs = ReturnType<typeof createJobs>;

/** Reads and changes jobs: the one place where a domain decision meets the engine's commit. */
export function createJobs({ engine, files }: { engine: Engine; files: Files }) {
  // Records of jobs that this process leased out: it usually gets their reports, and saves the read.
  const held = new Map<JobId, Job>();
  // Inputs never change.
  const inputs = new LRUCache<JobId, JobInput>({
    maxSize: INPUTS_AT_HAND,
    sizeCalculation: ({ prompt, parameters, files }) =>
      500 + (prompt?.length ?? 0) + (parameters === null ? 0 : JSON.stringify(parameters).length) + 200 * files.length,
  });
  // Whose those are that this process has taken or given out lately; that never changes.
  const submitters = new LRUCache<JobId, string>({ max: SUBMITTERS_AT_HAND });
  const observers = new Set<(change: Changed) => void>();
  // The last change of each job that is under way, to wait for.
  const turns = new Map<JobId, Promise<void>>();

  function tell(change: Changed): void {
    for (const observe of observers) observe(change);
  }

  const find = async (id: JobId): Promise<Job | null> => (isJobId(id) ? engine.jobs.read(id) : null);

  async function existing(id: JobId, field = 'id'): Promise<Job> {
    const job = await find(id);
    if (!job) throw noSuchJob(id, field);
    return job;
  }

  /**
   * Decides on the present job and commits; where there is none, on what `birth` makes, if it is given. Changes of one job by this
   * process wait for each other instead of losing to each other.
   */
  async function change(id: JobId, cause: Cause, decide: (job: Job) => Job, birth?: () => Job): Promise<Job> {
    const before = turns.get(id);
    const turn = Promise.withResolvers<void>();
    turns.set(id, turn.promise);
    try {
      if (before) await before;
      return await decideAndCommit(id, cause, decide, birth);
    } finally {
      if (turns.get(id) === turn.promise) turns.delete(id);
      turn.resolve();
    }
  }

  /**
   * Again while other processes are faster. A decision on a record at hand that comes to nothing is made again on the stored one:
   * the record may be behind.
   */
  async function decideAndCommit(id: JobId, cause: Cause, decide: (job: Job) => Job, birth?: () => Job): Promise<Job> {
    const atHand = held.get(id);
    if (atHand) {
      const next = attempt(decide, atHand);
      if (next && next !== atHand && (await commit(atHand, next, cause))) return next;
    }
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const job = birth ? await find(id) : await existing(id, cause === 'report' ? 'input.job' : 'id');
      if (job && held.has(id)) held.set(id, job);
      const next = job ? decide(job) : firstReport(decide(birth!()));
      if (next === job || (await commit(job, next, cause))) return next;
    }
    throw new Refusal('CONFLICT', `Job ${id} is being changed by others; try again`, { retryAfterSeconds: 1 });
  }

  async function commit(before: Job | null, next: Job, cause: Cause): Promise<boolean> {
    if (!(await engine.jobs.commit(next, before ? signal(before, next) : undefined, before))) return false;
    if (held.has(next.id)) held.set(next.id, next);
    tell({ before, next, cause });
    return true;
  }

  /** What processes that serve the space must hear of a change. */
  function signal(before: Job, next: Job): SpaceSignal | undefined {
    const lease = leaseOf(before)?.token;
    const ended = lease !== undefined && leaseOf(next) === null;
    // Whoever holds the app sees its own commits; only others need be told.
    if (ended && !held.has(next.id)) return { type: 'released', job: next.id, lease };
    if (next.status === 'QUEUED') return { type: 'queued', job: next.id };
    if (next.status === 'CANCELLING' && before.status === 'RUNNING') return { type: 'cancelling', job: next.id };
    return undefined;
  }

  return {
    change,
    existing,

    /** Null for an unknown job. */
    find,

    /** Null also for one that the viewer does not see. */
    async findFor(viewer: Viewer, id: JobId): Promise<Job | null> {
      const job = await find(id);
      return job && seesJob(viewer, job) ? job : null;
    },

    async input(job: Job): Promise<JobInput | null> {
      if (job.space === null) return null;
      const known = inputs.get(job.id);
      if (known) return known;
      const input = await engine.jobs.input(job.id);
      if (input) inputs.set(job.id, input);
      return input;
    },

    /** A job as it was submitted or claimed through this process. */
    began(job: Job, input: JobInput): void {
      inputs.set(job.id, input);
      submitters.set(job.id, job.submitter.id);
      tell({ before: null, next: job, cause: 'server' });
    },

    /** The id of who submitted it, as far as is known without asking. */
    submitterOf: (id: JobId): string | undefined => submitters.get(id),

    /** This process has leased the job out. */
    hold: (job: Job): void => void held.set(job.id, job),
    /** The record at hand, if this process leased the job out. */
    atHand: (id: JobId): Job | undefined => held.get(id),
    release: (id: JobId): void => void held.delete(id),

    observe(observer: (change: Changed) => void): void {
      observers.add(observer);
    },

    cancel: (id: JobId, viewer: Viewer): Promise<Job> =>
      change(id, 'server', (job) => {
        requireControl(viewer, job);
        return requestCancel(job, engine.now());
      }),

    /** What a passed deadline means for the job; a finished one whose time is over is deleted with its files. */
    async expire(id: JobId): Promise<void> {
      const now = engine.now();
      const job = await engine.jobs.read(id);
      if (!job) return;
      if (isFinished(job)) {
        if (now >= job.finishedAt + job.limits.retentionSeconds * 1000) await this.remove(id);
      } else {
        await change(id, 'server', (present) => expire(present, engine.now()));
      }
    },

    /** Files go before their record, so that none is left without one. */
    async remove(id: JobId): Promise<void> {
      await files.removeOf(id);
      await engine.jobs.remove(id);
      held.delete(id);
      inputs.delete(id);
    },

    /** Newest first; only those of one submitter, unless null. `more`: there are older ones. */
    async page(
      submitter: string | null,
      partitions: string[],
      statuses: JobStatus[] | null,
      first: number,
      after: string | null,
    ): Promise<{ jobs: Job[]; more: boolean }> {
      if (!Number.isInteger(first) || first < 1 || first > MAX_PAGE) {
        throw new Refusal('BAD_USER_INPUT', `first: must be 1 to ${MAX_PAGE}, not ${first}`, {
          field: 'first',
          limit: MAX_PAGE,
        });
      }
      const before = after === null ? null : Buffer.from(after, 'base64url').toString();
      if (before !== null && !/^[0-9a-z]{9,11}:.{1,128}$/.test(before)) {
        throw new Refusal('BAD_USER_INPUT', 'after: is no cursor of a page', { field: 'after' });
      }
      const jobs = await engine.jobs.list(partitions, statuses, before, first + 1, submitter);
      return { jobs: jobs.slice(0, first), more: jobs.length > first };
    },
    cursor: (job: Job): string => Buffer.from(cursorOf(job)).toString('base64url'),
  };
}

/** The decision, or null where it is a refusal. */
function attempt(decide: (job: Job) => Job, job: Job): Job | null {
  try {
    return decide(job);
  } catch (error) {
    if (error instanceof Refusal) return null;
    throw error;
  }
}
