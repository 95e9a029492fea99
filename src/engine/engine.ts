import type { Presence } from '../domain/app.ts';
import type { AppId, JobId, SpaceId } from '../domain/ids.ts';
import type { Job, JobInput, JobStatus, QueuedJob } from '../domain/job.ts';
import type { Instant, Json } from '../domain/json.ts';
import type { AppCard } from '../domain/lease.ts';
import type { SpacePolicy } from '../domain/space.ts';

/**
 * Where state lives. An engine commits atomically and tells whoever listens; it knows revisions, lease tokens, sessions, places
 * in a queue and deadlines, and none of the rules: those are pure functions in `domain`. Everything here may reject with an
 * `EngineUnavailable` while the storage is away; what was promised before that still holds afterwards.
 */
export interface Engine {
  readonly name: 'sqlite' | 'redis';
  /** The engine's time: one clock for every process, never running back within one. */
  now(): Instant;
  /** Whether it answers now; `problem` says why not. */
  health(): { ready: boolean; problem: string | null };
  /**
   * Called at the first connection and after every outage, when the bus listens again. Messages in between are lost: read
   * again whatever is live. Nothing may be held against anybody for the time away.
   */
  onReady(handler: () => void): void;
  /**
   * The session of a registration: a whole number larger than any given before, also by a storage that has lost everything since
   * (it grows with the time, in microseconds).
   */
  nextSession(): Promise<number>;
  documents: Documents;
  records: Records;
  jobs: Jobs;
  output: Output;
  presence: PresenceStore;
  bus: Bus;
  close(): Promise<void>;
}

export class EngineUnavailable extends Error {
  override readonly name = 'EngineUnavailable';
}

/** Small records with a revision: spaces, uploads, secrets, later accounts and tokens. */
export interface Documents {
  get<T extends Json>(kind: string, id: string): Promise<Document<T> | null>;
  /** All documents of a kind, by id. Meant for kinds with at most some thousands. */
  list<T extends Json>(kind: string): Promise<Document<T>[]>;
  /**
   * Stores the value if the stored revision is `expect` (0: there is none); answers the new revision, or null when it was not.
   * `expiresAt`: gone from then on.
   */
  put(kind: string, id: string, value: Json, expect: number, expiresAt?: Instant): Promise<number | null>;
  /** False when there was none. */
  remove(kind: string, id: string): Promise<boolean>;
}

export interface Document<T extends Json = Json> {
  id: string;
  value: T;
  revision: number;
}

/** What happened, written down once and never changed: the audit log. Ids sort by time (uuidv7) and have no spaces. */
export interface Records {
  /**
   * Keeps a record until `expiresAt`; nothing happens where its kind has one of that id already. Of more than `most` of the kind
   * those with the lowest ids go.
   */
  add(kind: string, id: string, value: Json, expiresAt: Instant, most: number): Promise<void>;
  /** Records of these kinds together, highest id first, lower than `before` if given. It costs what is shown, not what is kept. */
  newest<T extends Json>(kinds: string[], before: string | null, limit: number): Promise<KeptRecord<T>[]>;
}

export interface KeptRecord<T extends Json = Json> {
  kind: string;
  id: string;
  value: T;
}

export type Created =
  | { outcome: 'created'; job: QueuedJob }
  /** A job with this idempotency key is kept already. Told before anything else. */
  | { outcome: 'exists'; id: JobId }
  | { outcome: 'full'; queued: number }
  /** So many of the submitter's own wait there. */
  | { outcome: 'own-full'; queued: number }
  /** The document of kind `space` is gone, or one of kind `space-deletion` is there. */
  | { outcome: 'no-space' };

export interface QueueState {
  queued: number;
  /** Jobs with a lease. */
  running: number;
  /** Run times of the last completed jobs, at most RECENT_RUNS, newest first. */
  recentRunMs: number[];
}

/** Something whose time has come. The same thing is told again until a commit, a removal or a renewal moves it. */
export type Due =
  /** A lease has run out. */
  | { kind: 'lease'; job: JobId }
  /** `deadline(job)` has passed. */
  | { kind: 'deadline'; job: JobId }
  /** A presence has run out. */
  | { kind: 'presence'; space: SpaceId; app: AppId };

export interface Jobs {
  /**
   * Stores a new job in its space's queue, giving it its `seq`, unless one with its `idempotencyKey` (of the same submitter) is
   * there, `maxOwn` of its submitter wait in the space, or `maxQueued` of anybody. FIFO: behind all of its priority; FAIR: where
   * `fairSeq` puts it. Jobs that wait keep their places whatever the later ones are given. Once this resolves the job is not lost.
   */
  create(
    job: QueuedJob,
    input: JobInput,
    maxQueued: number,
    order?: SpacePolicy['order'],
    maxOwn?: number,
  ): Promise<Created>;
  read(id: JobId): Promise<Job | null>;
  /** What was submitted; null for a tracked or unknown job. */
  input(id: JobId): Promise<JobInput | null>;
  /** The job of this space kept under this submitter's key. */
  byKey(space: SpaceId, submitter: string, key: string): Promise<JobId | null>;
  /**
   * Makes `next` the stored job if the stored revision is `next.revision - 1`, with queue place, lease, deadline, status and
   * held indexes following from it; false and nothing done otherwise. A job that goes back to QUEUED stands where its `seq`
   * puts it. The lease of a job that stays leased keeps its expiry. The processing time of a COMPLETED job joins the recent run
   * times. `signal` goes to the listeners of the job's space, with the change. `before`, the stored revision, helps to tell little
   * where little has changed.
   */
  commit(next: Job, signal?: SpaceSignal, before?: Job | null): Promise<boolean>;
  /**
   * Leases the oldest queued jobs of the space, at most `tokens.length`, by priority and place, each under one of the tokens
   * until `leaseMs` from now, and returns them as running (`assign`), with their inputs, in order. Two callers never get the
   * same job. An app that is not present under `session`, or not CONNECTED, gets none.
   */
  claim(
    space: SpaceId,
    app: AppCard,
    session: number,
    tokens: string[],
    leaseMs: number,
  ): Promise<{ job: Job; input: JobInput }[]>;
  /** Number in the queue, 1 is next, by id; jobs that are not queued are left out. */
  positions(space: SpaceId, ids: JobId[]): Promise<Map<JobId, number>>;
  queue(space: SpaceId): Promise<QueueState>;
  /** When the job's lease runs out; null without one. */
  leaseExpiry(id: JobId): Promise<Instant | null>;
  /**
   * Jobs newest first, over the given partitions (space ids, tracked buckets), with one of the statuses if given, older than
   * the cursor if given, submitted by the viewer of this id if given; the cursor is that of `cursorOf`. A viewer's own cost what
   * they are, however many others submitted.
   */
  list(
    partitions: string[],
    statuses: JobStatus[] | null,
    before: string | null,
    limit: number,
    submitter?: string | null,
  ): Promise<Job[]>;
  /** What is due in these partitions, at most `limit`, the longest overdue first within each. */
  due(partitions: string[], now: Instant, limit: number): Promise<Due[]>;
  /** Deletes the job and everything under it. */
  remove(id: JobId): Promise<void>;
}

/** A piece of a job's streamed output. `offset` and `end` count UTF-8 bytes of the attempt. */
export interface OutputChunk {
  attempt: number;
  offset: number;
  end: number;
  text: string;
}

/** What became of an append: the log ends at `end` now; a `gap` and a `full` log are as they were. `moved`: the lease or attempt is over. */
export type Appended =
  | { outcome: 'appended'; end: number }
  | { outcome: 'gap'; end: number }
  | { outcome: 'full'; end: number }
  | { outcome: 'moved' };

/** The streamed output of jobs: one log for each, of the newest attempt that wrote any. It goes with its job. */
export interface Output {
  /**
   * Adds what of the text is new to the log, if the job is active under this lease (null: a tracked job), in this attempt or an
   * older one's log stands there, which is dropped. `offset` beyond the end, or a repeat that would cut a character of it, is a gap; a log longer than `maxBytes` is full.
   */
  append(
    id: JobId,
    attempt: number,
    lease: string | null,
    offset: number,
    text: string,
    maxBytes: number,
  ): Promise<Appended>;
  /**
   * Whole characters of the attempt's log from byte `after` on, at most about `maxBytes`: empty text at its end. Null: the log is
   * another attempt's, or not there.
   */
  read(id: JobId, attempt: number, after: number, maxBytes: number): Promise<OutputChunk | null>;
  /** The attempt whose log is there, and its length in bytes; null without one. */
  length(id: JobId): Promise<{ attempt: number; end: number } | null>;
}

/** Sorts by creation time, then by id: the place of a job in lists. */
export const cursorOf = (job: Pick<Job, 'createdAt' | 'id'>): string =>
  `${job.createdAt.toString(36).padStart(9, '0')}:${job.id}`;

/** A lease as the presence store hands it to a registration. */
export interface HeldLease {
  job: JobId;
  token: string;
  confirmed: boolean;
}

export interface Renewal {
  /** Leases of the list that are not this app's any more. */
  lost: JobId[];
  /** Jobs of the list that someone wants to end. */
  cancelling: JobId[];
}

/** Remote apps' presence and their hold on leases, space by space. Everything carries the session; an older one is a no-op. */
export interface PresenceStore {
  /**
   * Makes the app present in the space. Answers the leases it holds there, whose expiry is set to `presence.until`; null, and
   * nothing done, when a newer session is there.
   */
  register(space: SpaceId, presence: Presence): Promise<HeldLease[] | null>;
  /**
   * Sets the presence's status, `lastSeenAt` and `until`, and the expiry of the listed leases to `until`, and marks them confirmed. One
   * listed with `confirmed: false` is kept alive on its way to the client: it is not marked, and its expiry is never shortened. Null
   * when the app is not there under this session: it was replaced, or its presence ran out.
   */
  renew(
    space: SpaceId,
    app: AppId,
    session: number,
    change: { status: Presence['status']; lastSeenAt: Instant; until: Instant },
    leases: { job: JobId; token: string; confirmed?: boolean }[],
  ): Promise<Renewal | null>;
  /** The socket was lost: RECONNECTING, presence and all its leases end at `until`. False when not there under this session. */
  lose(space: SpaceId, app: AppId, session: number, until: Instant): Promise<boolean>;
  /** A goodbye, or a presence that ran out: removes it. Answers the leases it leaves; null when not there under this session. */
  leave(space: SpaceId, app: AppId, session: number): Promise<HeldLease[] | null>;
  /** Who is present, with the number of leases each holds in this space; and when that last changed, or an app was last connected. */
  list(space: SpaceId): Promise<{
    apps: (Presence & { running: number })[];
    changedAt: Instant | null;
    lastConnectedAt: Instant | null;
  }>;
}

/** What is told about a space to processes that serve it. */
export type SpaceSignal =
  /** A job waits: `create` tells it by itself, a commit that puts a job back is given it. */
  | { type: 'queued'; job: JobId }
  /** Someone wants a running job to end. */
  | { type: 'cancelling'; job: JobId }
  /** A job's lease ended other than by its own app's report. */
  | { type: 'released'; job: JobId; lease: string }
  /** An app came, went, or changed its status: every presence change that did something tells it by itself. */
  | { type: 'presence' }
  /** An administrator wants the app gone. */
  | { type: 'disconnect'; app: AppId }
  /** The space is no more. */
  | { type: 'deleted' };

/**
 * What a commit, a claim or a presence change tells, at most once, after it happened and only if it did. The order of one job's
 * changes is kept. Handlers get what others get too, frozen where it is not in production, and must not throw. Every `listen…` resolves when nothing later can be missed;
 * calling the returned function ends it.
 */
export interface Bus {
  /** Every committed change of one job; null when it was removed. */
  listenJob(id: JobId, handler: (job: Job | null) => void): Promise<Unlisten>;
  /** Every committed change of every job of a partition (a space id or tracked bucket). */
  listenJobs(partition: string, handler: (job: Job) => void): Promise<Unlisten>;
  /** What is appended to the job's output; an overlapping repeat comes as the new tail. */
  listenOutput(id: JobId, handler: (chunk: OutputChunk) => void): Promise<Unlisten>;
  listenSpace(space: SpaceId, handler: (signal: SpaceSignal) => void): Promise<Unlisten>;
  signalSpace(space: SpaceId, signal: SpaceSignal): Promise<void>;
  /** Process-wide topics: document changes, statistics. */
  listen(topic: string, handler: (message: Json) => void): Promise<Unlisten>;
  publish(topic: string, message: Json): Promise<void>;
}

export type Unlisten = () => void;
