import type { JobId } from '../domain/ids.ts';
import { type Job, leaseOf } from '../domain/job.ts';
import { lost } from '../domain/recovery.ts';
import type { Engine } from '../engine/engine.ts';
import type { AppSession, Held } from './app-session.ts';
import type { Jobs } from './jobs.ts';

export interface LeasesParts {
  engine: Engine;
  jobs: Jobs;
  /** The session has room for another. */
  onFreed(session: AppSession): void;
}

export type Leases = ReturnType<typeof createLeases>;

/** The leases of this process's apps, from claim to end, whoever ends them. */
export function createLeases({ engine, jobs, onFreed }: LeasesParts) {
  const byJob = new Map<JobId, AppSession>();

  /** The lease is over: room for another. */
  function release(session: AppSession, held: Held): void {
    if (held.released) return;
    held.released = true;
    session.held.delete(held.job);
    if (byJob.get(held.job) === session) {
      byJob.delete(held.job);
      jobs.release(held.job);
    }
    if (!session.ended) onFreed(session);
  }

  /** The app hears that it holds the lease no more. */
  function revoke(session: AppSession, held: Held, reason: string): void {
    if (held.released) return;
    release(session, held);
    session.stream.push({ type: 'LeaseRevoked', job: held.job, lease: held.token, reason });
  }

  /** A held job has become this: the lease ended, or someone wants it to. */
  function follow(job: Job, cause: 'report' | 'server'): void {
    const session = byJob.get(job.id);
    const held = session?.held.get(job.id);
    // What others did to the job before the claim may be heard after it.
    if (!session || !held || job.revision < held.since) return;
    const lease = leaseOf(job);
    if (lease?.token !== held.token) {
      if (cause === 'report') release(session, held);
      else revoke(session, held, reasonOf(job));
      return;
    }
    held.confirmed ||= lease.confirmed;
    if (job.status === 'CANCELLING' && !held.cancelTold) session.cancel(held);
  }

  jobs.observe(({ next, cause }) => follow(next, cause));

  return {
    release,
    revoke,

    hold(session: AppSession, held: Held): void {
      session.held.set(held.job, held);
      byJob.set(held.job, session);
    },

    /** The app is gone, or does not want it: the job goes back to the queue, or ends. */
    lose: (job: JobId, token: string): Promise<Job> =>
      jobs.change(job, 'server', (now) => lost(now, token, engine.now())),

    /** Something happened to a job elsewhere: if it is held here, see what. */
    async look(id: JobId): Promise<void> {
      if (!byJob.has(id)) return;
      const job = await jobs.find(id);
      if (job) {
        if (byJob.has(id)) jobs.hold(job);
        follow(job, 'server');
        return;
      }
      const session = byJob.get(id);
      const held = session?.held.get(id);
      if (session && held) revoke(session, held, 'The job was deleted');
    },

    /** The jobs that are leased out here. */
    jobs: (): JobId[] => [...byJob.keys()],
    count: (): number => byJob.size,
  };
}

function reasonOf(job: Job): string {
  switch (job.status) {
    case 'QUEUED':
      return job.progress.message ?? 'The job went back to the queue';
    case 'TIMED_OUT':
      return job.error.message;
    case 'CANCELLED':
      return 'The job was cancelled';
    default:
      return `The job is ${job.status} elsewhere`;
  }
}
