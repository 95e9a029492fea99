import type { Config } from '../config.ts';
import type { JobId } from '../domain/ids.ts';
import { isFinished, leaseOf } from '../domain/job.ts';
import { lost } from '../domain/recovery.ts';
import { Refusal } from '../domain/refusal.ts';
import { requestCancel } from '../domain/transitions.ts';
import type { Engine } from '../engine/engine.ts';
import type { Log } from '../log.ts';
import { createApps } from './apps.ts';
import { createConnections } from './connections.ts';
import { createFiles, filesDirectory } from './files.ts';
import { createJobs } from './jobs.ts';
import { createReports } from './reports.ts';
import { createSpaces } from './spaces.ts';
import { createStats, newCounters } from './stats.ts';
import { createSubmission } from './submission.ts';
import { createSweeper } from './sweeper.ts';

export type Services = ReturnType<typeof createServices>;

/** What the API offers, over one engine. */
export function createServices(engine: Engine, config: Config, log: Log) {
  const times = { keepaliveMs: config.keepaliveMs, graceMs: config.graceMs, silenceMs: config.silenceMs };
  let draining = false;

  const spaces = createSpaces(engine, (error) => log.warn({ err: error }, 'Spaces could not be read again'));
  const files = createFiles({
    engine,
    directory: filesDirectory(config),
    maxBytes: config.limits.file,
    publicUrl: config.publicUrl,
  });
  const jobs = createJobs({ engine, files });
  const connections = createConnections(engine, spaces, times);
  const apps = createApps({ engine, jobs, spaces, connections, times, log });
  const limits = { promptBytes: config.limits.prompt, parametersBytes: config.limits.parameters };
  const submission = createSubmission({ engine, jobs, spaces, files, connections, limits, draining: () => draining });
  const reports = createReports({
    engine,
    jobs,
    files,
    limits: config.limits,
    trackedSeconds: config.trackedSeconds,
  });
  const sweeper = createSweeper({ engine, jobs, apps, spaces, files, graceMs: config.graceMs, log });
  const counters = newCounters();
  const stats = createStats({ engine, counters, connectedApps: apps.connected, activeJobs: apps.running, log });

  /** Deletes a space with its jobs and their files. Refused while jobs run; queued ones are cancelled, so that watchers see an end. */
  async function deleteSpace(id: string): Promise<void> {
    await spaces.require(id, 'id');
    const { running } = await engine.jobs.queue(id);
    if (running > 0) {
      throw new Refusal('CONFLICT', `Space ${id} has ${running} jobs running; cancel them or wait`, { field: 'id' });
    }
    await spaces.remove(id);
    for (;;) {
      const page = await engine.jobs.list([id], null, null, 100);
      if (page.length === 0) break;
      for (const job of page) {
        await endOf(job.id);
        await jobs.remove(job.id);
      }
    }
    // Those whose process is gone, too.
    const present = await engine.presence.list(id);
    await Promise.all(present.apps.map((app) => apps.abandon(id, app.id, app.session)));
    await engine.bus.signalSpace(id, { type: 'deleted' });
  }

  async function endOf(id: JobId): Promise<void> {
    const job = await jobs.change(id, 'server', (now) => (isFinished(now) ? now : requestCancel(now, engine.now())));
    const lease = leaseOf(job);
    // It was claimed after the look at what runs.
    if (lease) await jobs.change(id, 'server', (now) => lost(now, lease.token, engine.now()));
  }

  return {
    engine,
    spaces,
    files,
    jobs,
    connections,
    apps,
    submission,
    reports,
    stats,
    counters,
    deleteSpace,
    draining: () => draining,

    /** Nothing new is taken or given out; who is connected hears of it. */
    drain(): void {
      draining = true;
      apps.drain(engine.now() + config.drainMs);
    },

    /** After the sockets are closed. */
    async stop(): Promise<void> {
      await sweeper.stop();
      await apps.stop();
      await stats.stop();
      await spaces.stop();
    },
  };
}
