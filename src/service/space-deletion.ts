import type { JobId, SpaceId } from '../domain/ids.ts';
import { isFinished, leaseOf } from '../domain/job.ts';
import type { Instant } from '../domain/json.ts';
import { lost } from '../domain/recovery.ts';
import { Refusal } from '../domain/refusal.ts';
import { requestCancel } from '../domain/transitions.ts';
import type { Engine } from '../engine/engine.ts';
import type { Log } from '../log.ts';
import type { Apps } from './apps.ts';
import type { Jobs } from './jobs.ts';
import { DELETION, type Spaces } from './spaces.ts';
import type { Tokens } from './tokens.ts';

export interface SpaceDeletionParts {
  engine: Engine;
  jobs: Jobs;
  apps: Apps;
  spaces: Spaces;
  tokens: Tokens;
  log: Log;
}

/** Who deletes says so for each page of jobs; after so long without, another process goes on with it. */
const TURN_MS = 10_000;
const PAGE = 100;

/** `until`: the process that deletes has the turn until then. */
type Deletion = { until: Instant };

export type SpaceDeletion = ReturnType<typeof createSpaceDeletion>;

/**
 * Deletes spaces with all that is theirs. A document says that it is under way, from before the space's own goes until nothing is left:
 * what is interrupted is finished by any process's sweeper, and nobody makes a space of that id meanwhile.
 */
export function createSpaceDeletion({ engine, jobs, apps, spaces, tokens, log }: SpaceDeletionParts) {
  const turn = (id: SpaceId, expect: number): Promise<number | null> =>
    engine.documents.put(DELETION, id, { until: engine.now() + TURN_MS }, expect);

  /** Ends when nothing is left, or another process has taken over. */
  async function purge(id: SpaceId, begun: number): Promise<void> {
    await spaces.remove(id);
    let revision: number | null = begun;
    for (;;) {
      const page = await engine.jobs.list([id], null, null, PAGE);
      revision = await turn(id, revision);
      if (revision === null) return;
      if (page.length === 0) break;
      for (const job of page) {
        await endOf(job.id);
        await jobs.remove(job.id);
      }
    }
    // Another space of that id is not theirs to serve.
    await tokens.forget(id);
    // Those whose process is gone, too.
    const present = await engine.presence.list(id);
    await Promise.all(present.apps.map((app) => apps.abandon(id, app.id, app.session)));
    await engine.bus.signalSpace(id, { type: 'deleted' });
    await engine.documents.remove(DELETION, id);
  }

  /** One that its retention has removed meanwhile has ended already. */
  async function endOf(id: JobId): Promise<void> {
    try {
      const job = await jobs.change(id, 'server', (now) => (isFinished(now) ? now : requestCancel(now, engine.now())));
      const lease = leaseOf(job);
      // It was claimed after the look at what runs.
      if (lease) await jobs.change(id, 'server', (now) => lost(now, lease.token, engine.now()));
    } catch (error) {
      if (!(error instanceof Refusal && error.code === 'NOT_FOUND')) throw error;
    }
  }

  return {
    /** Deletes a space with its jobs and their files. Refused while jobs run; queued ones are cancelled, so that watchers see an end. `begun`: it stands, whatever comes between. */
    async delete(id: string, begun = () => {}): Promise<void> {
      await spaces.require(id, 'id');
      const { running } = await engine.jobs.queue(id);
      if (running > 0) {
        throw new Refusal('CONFLICT', `Space ${id} has ${running} jobs running; cancel them or wait`, { field: 'id' });
      }
      const revision = await turn(id, 0);
      if (revision === null) throw new Refusal('CONFLICT', `Space ${id} is being deleted already`, { field: 'id' });
      begun();
      await purge(id, revision);
    },

    /** Goes on with what a process that ended, or an outage, has left half-way. One that fails holds up no other. */
    async resume(): Promise<void> {
      for (const { id, value, revision } of await engine.documents.list<Deletion>(DELETION)) {
        if (value.until > engine.now()) continue;
        try {
          const mine = await turn(id, revision);
          if (mine !== null) await purge(id, mine);
        } catch (error) {
          log.warn({ err: error, space: id }, 'A space could not be deleted; it will be tried again');
        }
      }
    },
  };
}
