import { TRACKED_PARTITIONS } from '../domain/ids.ts';
import { leaseOf } from '../domain/job.ts';
import { lost } from '../domain/recovery.ts';
import type { Due, Engine } from '../engine/engine.ts';
import type { Log } from '../log.ts';
import type { Apps } from './apps.ts';
import type { Files } from './files.ts';
import type { Jobs } from './jobs.ts';
import type { SpaceDeletion } from './space-deletion.ts';
import type { Spaces } from './spaces.ts';

export interface SweeperParts {
  engine: Engine;
  jobs: Jobs;
  apps: Apps;
  spaces: Spaces;
  deletion: SpaceDeletion;
  files: Files;
  /**
   * After a start, an outage, or a stall of our own of this length, nothing expires for this long: healthy work is not lost
   * because the server was away.
   */
  graceMs: number;
  log: Log;
}

const EVERY_MS = 500;
/** Deadlines of tracked jobs are long: each sweep looks at this part of their partitions, in turn. */
const TRACKED_TURNS = 4;
const BATCH = 200;
const AT_A_TIME = 20;
const UPLOADS_EVERY_MS = 60_000;

/** Writes what passed deadlines mean. Every process sweeps; the revision decides who was first. */
export function createSweeper({ engine, jobs, apps, spaces, deletion, files, graceMs, log }: SweeperParts) {
  let holdUntil = 0;
  let uploadsAt = 0;
  let turn = 0;
  let stopped = false;
  let running: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout;

  const hold = () => {
    holdUntil = performance.now() + graceMs;
  };
  hold();
  engine.onReady(hold);

  function tracked(): string[] {
    turn = (turn + 1) % TRACKED_TURNS;
    return TRACKED_PARTITIONS.filter((_, n) => n % TRACKED_TURNS === turn);
  }

  /** Whether there is more to do at once. */
  async function sweep(): Promise<boolean> {
    if (performance.now() < holdUntil || !engine.health().ready) return false;
    const partitions = [...(await spaces.all()).map(({ id }) => id), ...tracked()];
    const due = await engine.jobs.due(partitions, engine.now(), BATCH);
    let failed = false;
    for (let from = 0; from < due.length && !stopped; from += AT_A_TIME) {
      await Promise.all(
        due.slice(from, from + AT_A_TIME).map((item) =>
          settle(item).catch((error) => {
            failed = true;
            log.error({ err: error, ...item }, 'Something due could not be settled; it will be tried again');
          }),
        ),
      );
    }
    await deletion.resume();
    if (performance.now() >= uploadsAt) {
      uploadsAt = performance.now() + UPLOADS_EVERY_MS;
      await files.sweep(engine.now());
    }
    return due.length === BATCH && !failed;
  }

  async function settle(item: Due): Promise<void> {
    if (item.kind === 'deadline') await jobs.expire(item.job);
    else if (item.kind === 'lease') await leaseEnded(item.job);
    else await presenceEnded(item.space, item.app);
  }

  async function leaseEnded(id: string): Promise<void> {
    const expiry = await engine.jobs.leaseExpiry(id);
    const job = await jobs.find(id);
    const lease = job && leaseOf(job);
    if (!lease || expiry === null || expiry > engine.now()) return;
    await jobs.change(id, 'server', (present) => lost(present, lease.token, engine.now()));
  }

  async function presenceEnded(space: string, app: string): Promise<void> {
    const found = (await engine.presence.list(space)).apps.find(({ id }) => id === app);
    if (found && found.until <= engine.now()) await apps.abandon(space, app, found.session);
  }

  function plan(inMs = EVERY_MS): void {
    const due = performance.now() + inMs;
    timer = setTimeout(() => {
      if (performance.now() - due > graceMs) hold();
      running = sweep()
        .catch((error) => {
          log.warn({ err: error }, 'A sweep failed; it will be tried again');
          return false;
        })
        .then((more) => {
          if (!stopped) plan(more ? 0 : EVERY_MS);
        });
    }, inMs);
    timer.unref();
  }
  plan();

  return {
    async stop(): Promise<void> {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
