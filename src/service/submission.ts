import { v7 as uuidv7 } from 'uuid';
import { acceptInput, type InputLimits, sameInput } from '../domain/acceptance.ts';
import type { JobId } from '../domain/ids.ts';
import { isFinished, type Job, type JobInput } from '../domain/job.ts';
import { MAX_PRIORITY } from '../domain/queue.ts';
import { badInput, Refusal } from '../domain/refusal.ts';
import type { Space } from '../domain/space.ts';
import { submit } from '../domain/transitions.ts';
import { submitterOf, type Viewer } from '../domain/viewer.ts';
import type { Engine } from '../engine/engine.ts';
import type { Connections } from './connections.ts';
import type { Files, IncomingFile } from './files.ts';
import type { Jobs } from './jobs.ts';
import { requireControl, requirePriority, requireSubmit } from './permissions.ts';
import type { Rates } from './rates.ts';
import type { Spaces } from './spaces.ts';

export interface SubmitInput {
  space: string;
  prompt?: string | null;
  parameters?: unknown;
  files?: readonly IncomingFile[] | null;
  idempotencyKey?: string | null;
  priority?: number | null;
}

export interface SubmissionParts {
  engine: Engine;
  rates: Rates;
  jobs: Jobs;
  spaces: Spaces;
  files: Files;
  connections: Connections;
  limits: InputLimits & { queuedPerViewer: number | null };
  draining(): boolean;
}

const MAX_KEY = 256;

export type Submission = ReturnType<typeof createSubmission>;

/** How a request becomes a job. */
export function createSubmission({
  engine,
  rates,
  jobs,
  spaces,
  files,
  connections,
  limits,
  draining,
}: SubmissionParts) {
  /** Checks that need no file, in the order a person would want to hear of them. */
  async function admit(space: Space, priority: number, viewer: Viewer): Promise<void> {
    requireSubmit(viewer, space);
    if (draining()) {
      throw new Refusal('SERVER_DRAINING', 'This server is going away; try again in a moment', {
        retryAfterSeconds: 1,
      });
    }
    if (!Number.isInteger(priority) || Math.abs(priority) > MAX_PRIORITY) {
      throw badInput('input.priority', `must be a whole number from -${MAX_PRIORITY} to ${MAX_PRIORITY}`, MAX_PRIORITY);
    }
    requirePriority(viewer, priority);
    if (space.policy.whenOffline === 'REJECT' && !(await connections.open(space.id))) {
      throw new Refusal(
        'SPACE_NOT_CONNECTED',
        `No remote app is connected to space ${space.id}; start one, or have the space queue while offline`,
        { field: 'input.space' },
      );
    }
  }

  async function store(
    space: Space,
    id: JobId,
    input: JobInput,
    viewer: Viewer,
    priority: number,
    idempotencyKey: string | null,
  ): Promise<Job> {
    const { maxQueueSeconds, maxRunSeconds, retentionSeconds, maxAttempts, maxQueued, order } = space.policy;
    const job = submit(
      {
        id,
        space: space.id,
        submitter: submitterOf(viewer),
        priority,
        limits: { maxQueueSeconds, maxRunSeconds, retentionSeconds, maxAttempts },
        idempotencyKey,
      },
      engine.now(),
    );
    const created = await engine.jobs.create(job, input, maxQueued, order, limits.queuedPerViewer ?? undefined);
    switch (created.outcome) {
      case 'created':
        jobs.began(created.job, input);
        return created.job;
      case 'exists':
        return jobs.existing(created.id);
      case 'full':
        throw new Refusal(
          'QUEUE_FULL',
          `Space ${space.id} has ${created.queued} jobs waiting; its maxQueued is ${maxQueued}`,
          {
            field: 'input.space',
            limit: maxQueued,
            retryAfterSeconds: 5,
          },
        );
      case 'own-full':
        throw new Refusal(
          'QUEUE_FULL',
          `You have ${created.queued} jobs waiting in space ${space.id}; at most ${limits.queuedPerViewer} of one submitter may`,
          { field: 'input.space', limit: limits.queuedPerViewer!, retryAfterSeconds: 5 },
        );
      case 'no-space':
        await spaces.confirm(space.id, 'input.space', viewer);
        throw new Refusal('CONFLICT', `Space ${space.id} was deleted and made again meanwhile; submit again`, {
          field: 'input.space',
          retryAfterSeconds: 1,
        });
    }
  }

  /** The job kept under the key, if it is the same request; CONFLICT if it is another. */
  async function kept(input: SubmitInput, viewer: Viewer, key: string): Promise<Job | null> {
    const id = await engine.jobs.byKey(input.space, viewer.id, key);
    const job = id && (await jobs.find(id));
    const first = job && (await jobs.input(job));
    if (!job || !first) return null;
    const space = await spaces.find(input.space);
    const same =
      space !== null &&
      sameInput(space, first, input, limits) &&
      (await files.same(input.files ?? [], first.files, viewer.id));
    if (same) return job;
    throw new Refusal('CONFLICT', `The idempotency key was used for job ${job.id}, with another input`, {
      field: 'input.idempotencyKey',
    });
  }

  /** A new job; null when another submit under the same key came first. */
  async function begin(input: SubmitInput, viewer: Viewer, key: string | null): Promise<Job | null> {
    const space = await spaces.require(input.space, 'input.space', viewer);
    const priority = input.priority ?? 0;
    await admit(space, priority, viewer);
    const accepted = acceptInput(space, input, limits);
    const given = input.files ?? [];
    if (accepted.prompt === null && given.length === 0 && space.inputs.parameters === null) {
      throw badInput('input', 'brings nothing to work on: give a prompt or a file');
    }
    const stored = given.length === 0 ? [] : await files.accept(given, space.inputs.files, 'input.files', viewer.id);
    const id: JobId = `${space.id}.${uuidv7()}`;
    try {
      await files.assign(id, stored);
      const job = await store(space, id, { ...accepted, files: stored }, viewer, priority, key);
      if (job.id === id) {
        await files.settle(stored);
        return job;
      }
    } catch (error) {
      // Only a refusal says that there is no such job; after anything else that is open, and the sweep will see.
      if (error instanceof Refusal) await files.takeBack(id, stored);
      throw error;
    }
    await files.takeBack(id, stored);
    return null;
  }

  return {
    /** Under an idempotency key the job of the first submit, however often and however much at once it is repeated. */
    async submit(input: SubmitInput, viewer: Viewer, address: string | null = null): Promise<Job> {
      rates.submit(viewer, address, input.space);
      const key = input.idempotencyKey ?? null;
      if (key === null) return (await begin(input, viewer, key))!;
      if (!key.isWellFormed()) throw badInput('input.idempotencyKey', 'holds a lone surrogate and is no valid text');
      if (key.length === 0 || key.length > MAX_KEY) {
        throw badInput('input.idempotencyKey', `must be 1 to ${MAX_KEY} characters`, MAX_KEY);
      }
      for (;;) {
        try {
          const job = (await kept(input, viewer, key)) ?? (await begin(input, viewer, key));
          if (job) return job;
        } catch (error) {
          if (!(error instanceof Refusal) || !aboutUploads(error)) throw error;
          // An equal submit that is faster has them: soon its job is there, or they are back.
          const back = await files.settled(input.files ?? [], viewer.id);
          if (!back && !(await kept(input, viewer, key))) throw error;
        }
      }
    },

    /** A new job with the input of a finished one, in the queue as if submitted now. */
    async retry(id: JobId, viewer: Viewer, address: string | null = null): Promise<Job> {
      const old = await jobs.existing(id);
      requireControl(viewer, old);
      if (old.space !== null) rates.submit(viewer, address, old.space);
      const input = await jobs.input(old);
      if (old.space === null || !input) {
        throw badInput('id', `job ${id} is a tracked job; its reporter can restart it`);
      }
      if (!isFinished(old)) {
        throw new Refusal('CONFLICT', `Job ${id} is ${old.status}; only a finished job can be retried`, {
          field: 'id',
        });
      }
      const space = await spaces.require(old.space, 'id', viewer);
      await admit(space, old.priority, viewer);
      const next: JobId = `${space.id}.${uuidv7()}`;
      try {
        const copies = await files.copy(id, next, input.files);
        const job = await store(space, next, { ...input, files: copies }, viewer, old.priority, null);
        await files.settle(copies);
        return job;
      } catch (error) {
        // As with a submit: after anything but a refusal the job may be there, and the sweep will see.
        if (error instanceof Refusal) await files.removeOf(next);
        throw error;
      }
    },
  };
}

/** Whether it says that an upload is not there, or another job's. */
const aboutUploads = ({ code, details }: Refusal): boolean =>
  (code === 'NOT_FOUND' || code === 'CONFLICT') && /^input\.files\b/.test(details.field ?? '');
