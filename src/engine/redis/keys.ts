import { type JobId, partitionOf } from '../../domain/ids.ts';

/**
 * The names of everything in Redis, keys and channels alike. Whatever one script touches carries the same hash tag, the partition
 * in braces, and so is in one slot of a Redis Cluster. Scripts get the base of a partition and add to it:
 *
 * | name | type | holds |
 * | --- | --- | --- |
 * | `job:<id>` | hash | `state` (the job as JSON), `claim` (a claim the state does not know of yet, or empty), `rev`, `facts` (below), `conf` (1: the lease is confirmed), `input` (JSON), `run` (ms a claim may run), `once` (its field there), `turn` (its member of `turns`; absent: FIFO) |
 * | `out:<id>` | string | the job's streamed output, of the attempt in its hash's `oatt` |
 * | `queue` | sorted set | ids of queued jobs by place, and where that is the same by themselves |
 * | `leases` | sorted set | ids of leased jobs by expiry |
 * | `due` | sorted set | ids of all jobs by deadline |
 * | `list:<status>` | sorted set | cursors of the jobs in that status, all with score 0 |
 * | `own:<status>:<submitter>` | sorted set | those of one submitter, likewise |
 * | `once` | hash | job ids by submitter, newline, idempotency key |
 * | `seq` | number | the highest number given to a job of the queue |
 * | `turns` | sorted set | jobs of a FAIR queue that wait, all with score 0: submitter, newline, priority, newline, number of 14 digits |
 * | `served` | sorted set | priorities by the highest number that was leased under FAIR |
 * | `fair` | hash | `seq` (that after the last job under FAIR), `floor` (that before the first one since FIFO) |
 * | `runs` | list | recent run times in ms, newest first |
 * | `apps` | sorted set | ids of present apps by the end of their presence |
 * | `app:<id>` | hash | a presence: `card` (JSON), `session`, `status`, `lastSeenAt`, `until` |
 * | `held:<app>` | hash | tokens of the leases an app holds, by job id |
 * | `meta` | hash | `changedAt`, `lastConnectedAt` |
 * | `records` | sorted set | records of a kind, all with score 0: id, space, value as JSON |
 * | `expiry` | sorted set | ids of the kind's records by when they expire |
 * | `doc:<kind>` | hash | the document whose id is the partition: `value` (JSON), `rev` |
 *
 * Channels: `job:<id>` (a job's changes: whole, or as steps), `out:<id>` (its streamed output), `jobs` (those of all jobs of the partition), `signals` (a space's). `facts` is one string,
 * `<status> <deadline> <lease> <app> <cursor> <submitter>` with `-` for none: all that indexes follow from. As long as a commit brings the same
 * there is nothing to index.
 */
export interface Keys {
  /** What every name of a partition begins with. */
  base(partition: string): string;
  job(id: JobId): string;
  /** The log of a job's output, and the channel that tells what joins it. */
  output(id: JobId): string;
  document(kind: string, id: string): string;
  /** Sorted set: the ids of a kind's documents, by when the entry may go. */
  documents(kind: string): string;
  /** What the names of a kind's records begin with. */
  records(kind: string): string;
  sessions: string;
  layout: string;
  /** Channel of a process-wide topic. */
  topic(topic: string): string;
  /** Channel that one process alone listens to, to know that it still hears. */
  heartbeat(process: string): string;
}

export function keysOf(prefix: string): Keys {
  if (!/^[^{}\s]+$/.test(prefix)) throw new Error(`the key prefix "${prefix}" must have no braces or spaces in it`);
  const base = (partition: string) => `${prefix}:{${partition}}:`;
  return {
    base,
    job: (id) => `${base(partitionOf(id))}job:${id}`,
    output: (id) => `${base(partitionOf(id))}out:${id}`,
    document: (kind, id) => `${base(id)}doc:${kind}`,
    documents: (kind) => `${prefix}:docs:${kind}`,
    records: (kind) => base(`r:${kind}`),
    sessions: `${prefix}:sessions`,
    layout: `${prefix}:layout`,
    topic: (topic) => `${prefix}:topic:${topic}`,
    heartbeat: (process) => `${prefix}:heartbeat:${process}`,
  };
}
