import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { isFinished } from '../domain/job.ts';
import type { Services } from '../service/services.ts';

/** How often the lag of the event loop is looked at: each time wakes an idle process. */
const LAG_SAMPLE_MS = 50;
const SECONDS = [0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800];

/** What `/metrics` tells, in Prometheus' text format. Gauges of spaces are read from the engine when asked. */
export function createMetrics({ jobs, spaces, connections, counters, apps, engine }: Services): Registry {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: LAG_SAMPLE_MS });

  const changes = new Counter({
    name: 'spacedock_job_changes_total',
    help: 'Changes of job status made by this process, by space and new status.',
    labelNames: ['space', 'status'],
    registers,
  });
  const waited = new Histogram({
    name: 'spacedock_dispatch_seconds',
    help: 'From entering the queue to the start of the first attempt, of jobs finished through this process.',
    labelNames: ['space'],
    buckets: SECONDS,
    registers,
  });
  const ran = new Histogram({
    name: 'spacedock_run_seconds',
    help: 'From the start of the last attempt to the end, of jobs finished through this process.',
    labelNames: ['space', 'status'],
    buckets: SECONDS,
    registers,
  });
  jobs.observe(({ before, next }) => {
    if (before?.status === next.status) return;
    const space = next.space ?? '';
    changes.inc({ space, status: next.status });
    if (!isFinished(next) || next.startedAt === null) return;
    const first = next.events.find(({ status }) => status === 'RUNNING');
    if (first) waited.observe({ space }, (first.at - next.createdAt) / 1000);
    ran.observe({ space, status: next.status }, (next.finishedAt - next.startedAt) / 1000);
  });

  const gauge = (name: string, help: string, labelNames: string[], collect: (this: Gauge) => void | Promise<void>) =>
    new Gauge({ name: `spacedock_${name}`, help, labelNames, registers, collect });
  const states = async () =>
    engine.health().ready ? Promise.all((await spaces.all()).map(({ id }) => connections.state(id))) : [];
  gauge('jobs', 'Jobs waiting and running, by space and state.', ['space', 'state'], async function () {
    this.reset();
    for (const { space, queued, running } of await states()) {
      this.set({ space, state: 'queued' }, queued);
      this.set({ space, state: 'running' }, running);
    }
  });
  gauge('apps', 'Remote apps of a space, by status.', ['space', 'status'], async function () {
    this.reset();
    for (const { space, apps: present } of await states()) {
      for (const { status } of present) this.inc({ space, status });
    }
  });
  gauge('connected_apps', 'Remote apps connected to this process.', [], function () {
    this.set(apps.connected());
  });
  gauge('sockets', 'WebSockets open on this process.', [], function () {
    this.set(counters.activeConnections);
  });
  gauge('watchers', 'Live subscriptions of jobs and spaces on this process.', [], function () {
    this.set(counters.watchers);
  });
  gauge('engine_ready', '1 while the storage answers.', [], function () {
    this.set(engine.health().ready ? 1 : 0);
  });

  const total = (name: string, help: string, read: () => number) => {
    new Counter({
      name: `spacedock_${name}_total`,
      help,
      registers,
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  };
  total('messages_sent', 'Messages to WebSockets since start.', () => counters.messagesSent);
  total('connections', 'WebSockets opened since start.', () => counters.totalConnections);
  total('errors', 'Unexpected errors since start.', () => counters.errors);
  return registry;
}
