import { createChannel } from './channel.ts';
import type { CallOptions, Connection } from './connection.ts';
import { jobUpdatesSubscription } from './documents.ts';
import type { JobSnapshotFragment } from './gql/graphql.ts';

/** A job as it is at one revision. */
export type JobSnapshot = JobSnapshotFragment;

/**
 * A job from now to its end: the present snapshot, then newer revisions, the terminal one last. Survives lost
 * connections. Who takes slowly gets the newest and skips what was between. Throws a SpacedockError (NOT_FOUND).
 */
export function watchJob(
  connection: Connection,
  id: string,
  options?: CallOptions,
): AsyncIterableIterator<JobSnapshot> {
  const updates = connection.subscribe(jobUpdatesSubscription, { id }, options);
  const channel = createChannel<JobSnapshot>({ latestOnly: true, onEnd: () => void updates.return?.() });
  let last: JobSnapshot | undefined;

  async function follow(): Promise<void> {
    for await (const { jobUpdates: job } of updates) {
      if (last && !isNews(last, job)) continue;
      last = job;
      channel.push(job);
      // Asking again after a connection lost just here could find the job deleted.
      if (job.finishedAt !== null) return;
    }
  }

  follow().then(() => channel.end(), channel.end);
  return channel.iterator;
}

/** A revision repeats after a reconnect, and when only the place in the queue or the expected wait changed. */
function isNews(last: JobSnapshot, job: JobSnapshot): boolean {
  if (job.revision !== last.revision) return job.revision > last.revision;
  return (
    job.queuePosition !== last.queuePosition ||
    job.estimatedWait?.low !== last.estimatedWait?.low ||
    job.estimatedWait?.high !== last.estimatedWait?.high
  );
}
