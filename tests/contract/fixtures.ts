import { v7 } from 'uuid';
import { afterEach, beforeEach } from 'vitest';
import type { Presence } from '../../src/domain/app.ts';
import type { Job, JobInput, QueuedJob, RunningJob, Submitter } from '../../src/domain/job.ts';
import type { AppCard } from '../../src/domain/lease.ts';
import { createSpace, type SpacePolicy } from '../../src/domain/space.ts';
import * as transitions from '../../src/domain/transitions.ts';
import type { Engine, Unlisten } from '../../src/engine/engine.ts';

/** What an engine's own test file opens for the suite; fresh and empty each time. */
export interface Opened {
  engine: Engine;
  /** Closes `engine` and opens the same storage again. */
  reopen?(): Promise<Engine>;
  /** A second handle on the same storage, as another process has it. */
  second?(): Promise<Engine>;
  /** Closes every handle and leaves nothing behind. */
  dispose(): Promise<void>;
}
export type Open = () => Promise<Opened>;

/** One engine for each test. `other` is another process's handle where the engine can have one, else the same. */
export function eachTest(open: Open): { engine: Engine; other: Engine; opened: Opened } {
  const test = {} as { engine: Engine; other: Engine; opened: Opened };
  beforeEach(async () => {
    test.opened = await open();
    test.engine = test.opened.engine;
    test.other = (await test.opened.second?.()) ?? test.engine;
  });
  afterEach(() => test.opened.dispose());
  return test;
}

export const LIMITS = { maxQueueSeconds: 600, maxRunSeconds: 120, retentionSeconds: 3600, maxAttempts: 3 };
export const LEASE_MS = 10_000;
export const ALICE: Submitter = { id: 'u_alice', name: 'Alice', role: 'USER' };
export const BOB: Submitter = { id: 'u_bob', name: 'Bob', role: 'USER' };
export const CAROL: Submitter = { id: 'u_carol', name: 'Carol', role: 'USER' };
export const card = (id: string): AppCard => ({ id, name: `App ${id}`, version: '1.2', owner: 'owner' });
export const INPUT: JobInput = {
  prompt: 'Grüße, "world"\n',
  parameters: { steps: 4, empty: [], none: {}, half: 0.5, big: 9007199254740991 },
  files: [{ id: 'f1', name: 'a b.png', type: 'image/png', size: 12, sha256: 'ab' }],
};

/** Resolves as soon as the engine's clock shows more than `instant`. */
export async function clockPassed(engine: Engine, instant: number): Promise<void> {
  while (engine.now() <= instant) await new Promise((resolve) => setImmediate(resolve));
}

let spaces = 0;

/** The id of a new space, with its document. */
export async function newSpace(engine: Engine): Promise<string> {
  const id = `Space_${++spaces}-${process.pid}`;
  await engine.documents.put('space', id, { ...createSpace(id, 'A space', {}, engine.now()) } as never, 0);
  return id;
}

export function newJob(engine: Engine, space: string, change: Partial<transitions.Submission> = {}): QueuedJob {
  const submission = {
    id: `${space}.${v7()}`,
    space,
    submitter: ALICE,
    priority: 0,
    limits: LIMITS,
    idempotencyKey: null,
  };
  return transitions.submit({ ...submission, ...change }, engine.now());
}

export function trackedJob(engine: Engine, id: string): RunningJob {
  const { space, ...queued } = newJob(engine, 'none');
  return { ...queued, id, space: null, status: 'RUNNING', lease: null, startedAt: queued.queuedAt, attempt: 1 };
}

/** A job that waits in the space. */
export async function queued(
  engine: Engine,
  space: string,
  change: Partial<transitions.Submission> = {},
  order: SpacePolicy['order'] = 'FIFO',
): Promise<QueuedJob> {
  const created = await engine.jobs.create(newJob(engine, space, change), INPUT, 1_000_000, order);
  if (created.outcome !== 'created') throw new Error(`not created: ${created.outcome}`);
  return created.job;
}

export function presence(engine: Engine, space: string, id: string, change: Partial<Presence> = {}): Presence {
  const now = engine.now();
  return {
    ...card(id),
    spaces: [space],
    capacity: 4,
    session: 1,
    status: 'CONNECTED',
    connectedAt: now,
    lastSeenAt: now,
    until: now + 60_000,
    ...change,
  };
}

/** Registers `id` in the space under `session`. */
export const connected = (engine: Engine, space: string, id: string, session = 1) =>
  engine.presence.register(space, presence(engine, space, id, { session }));

let tokens = 0;
export const token = (): string => `token-${++tokens}`;

/** The next job of the space, leased by an app that is registered under `session`. */
export async function claimed(engine: Engine, space: string, app: string, session = 1): Promise<RunningJob> {
  const [first] = await engine.jobs.claim(space, card(app), session, [token()], LEASE_MS);
  if (first?.job.status !== 'RUNNING') throw new Error('nothing was claimed');
  return first.job;
}

/** A new space with one connected app that works on one job. */
export async function working(engine: Engine): Promise<{ space: string; job: RunningJob; lease: string }> {
  const space = await newSpace(engine);
  await queued(engine, space);
  await connected(engine, space, 'app');
  const job = await claimed(engine, space, 'app');
  return { space, job, lease: job.lease!.token };
}

export const progressed = (job: Job, now: number, progress = 0.5): Job =>
  transitions.progress(job, tokenOf(job), { stage: 'work', progress }, now);

export const completed = (job: Job, now: number): Job =>
  transitions.complete(
    job,
    tokenOf(job),
    { result: { text: 'done', list: [], map: {} }, files: [], confidence: 0.9, message: null, metadata: null },
    now,
  );

export const failed = (job: Job, now: number, retryable = false): Job =>
  transitions.fail(
    job,
    tokenOf(job),
    { error: { code: 'BROKEN', message: 'It broke' }, stage: null, retryable, metadata: null },
    now,
  );

export const tokenOf = (job: Job): string | null => ('lease' in job ? (job.lease?.token ?? null) : null);

/** Records what a listener hears. `until(n)` resolves with everything heard as soon as that is at least n messages. */
export function ear<T>(): { hear(message: T): void; heard: T[]; until(count: number): Promise<T[]> } {
  const heard: T[] = [];
  let waiting: { count: number; resolve(messages: T[]): void }[] = [];
  return {
    heard,
    hear(message) {
      heard.push(message);
      for (const { count, resolve } of waiting) if (heard.length >= count) resolve([...heard]);
      waiting = waiting.filter(({ count }) => heard.length < count);
    },
    until: (count) =>
      new Promise((resolve) => {
        if (heard.length >= count) resolve([...heard]);
        else waiting.push({ count, resolve });
      }),
  };
}

/** An ear that listens already. */
export async function listening<T>(
  listen: (handler: (message: T) => void) => Promise<Unlisten>,
): Promise<ReturnType<typeof ear<T>> & { unlisten: Unlisten }> {
  const made = ear<T>();
  return { ...made, unlisten: await listen(made.hear) };
}
