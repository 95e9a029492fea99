import { type Job, type JobStatus, leaseOf, type QueuedJob } from '../../src/domain/job.ts';
import { fairSeq, place, RECENT_RUNS } from '../../src/domain/queue.ts';
import { deadline } from '../../src/domain/recovery.ts';
import type { SpacePolicy } from '../../src/domain/space.ts';
import { type Created, cursorOf, type HeldLease, type Renewal } from '../../src/engine/engine.ts';
import { LEASE_MS } from './fixtures.ts';

type Order = SpacePolicy['order'];

interface Present {
  session: number;
  status: 'CONNECTED' | 'RECONNECTING';
  until: number;
}

/** What an engine should hold of one space, in the plainest way: what it answers is compared with the real ones. */
export function createModel() {
  const jobs = new Map<string, Job>();
  const expiry = new Map<string, number>();
  const apps = new Map<string, Present>();
  const told: Job[] = [];
  const runs: number[] = [];
  /** The highest number given, and under FAIR: that before the first job since FIFO, and the highest leased of each priority. */
  const numbers = {
    last: 0,
    floor: 0,
    order: 'FIFO' as Order,
    served: new Map<number, number>(),
    fair: new Set<string>(),
  };

  const queued = () =>
    [...jobs.values()]
      .filter((job) => job.status === 'QUEUED')
      .toSorted((a, b) => place(a.priority, a.seq) - place(b.priority, b.seq) || (a.id < b.id ? -1 : 1)) as QueuedJob[];
  const held = (app: string): HeldLease[] =>
    [...jobs.values()].flatMap((job) => {
      const lease = leaseOf(job);
      return lease?.app.id === app ? [{ job: job.id, token: lease.token, confirmed: lease.confirmed }] : [];
    });
  const under = (app: string, session: number) => {
    const present = apps.get(app);
    return present?.session === session ? present : null;
  };
  const extend = (app: string, until: number) => {
    for (const { job } of held(app)) expiry.set(job, until);
  };

  function number({ id, submitter, priority }: Job, order: Order): number {
    if (order === 'FAIR' && numbers.order === 'FIFO') numbers.floor = numbers.last;
    numbers.order = order;
    if (order === 'FIFO') return ++numbers.last;
    const mine = queued().filter((job) => job.submitter.id === submitter.id && job.priority === priority);
    const own = Math.max(0, ...mine.map(({ seq }) => seq));
    const seq = fairSeq({ floor: numbers.floor, served: numbers.served.get(priority) ?? 0, own });
    numbers.last = Math.max(numbers.last, seq);
    numbers.fair.add(id);
    return seq;
  }

  function store(job: Job): void {
    jobs.set(job.id, job);
    if (!leaseOf(job)) expiry.delete(job.id);
    told.push(job);
  }

  return {
    jobs,
    told,
    leased: (id: string): boolean => expiry.has(id),
    session: (app: string): number | undefined => apps.get(app)?.session,

    create(job: QueuedJob, maxQueued: number, order: Order, maxOwn: number): Created {
      const kept = [...jobs.values()].find(
        ({ submitter, idempotencyKey }) =>
          idempotencyKey !== null && idempotencyKey === job.idempotencyKey && submitter.id === job.submitter.id,
      );
      if (kept) return { outcome: 'exists', id: kept.id };
      const own = queued().filter(({ submitter }) => submitter.id === job.submitter.id).length;
      if (own >= maxOwn) return { outcome: 'own-full', queued: own };
      if (queued().length >= maxQueued) return { outcome: 'full', queued: queued().length };
      const seq = number(job, order);
      store({ ...job, seq });
      return { outcome: 'created', job: { ...job, seq } };
    },

    commit(next: Job): boolean {
      const stored = jobs.get(next.id);
      if ((stored?.revision ?? 0) !== next.revision - 1) return false;
      const known = stored && leaseOf(stored);
      const lease = leaseOf(next);
      store(lease && known?.confirmed ? ({ ...next, lease: { ...lease, confirmed: true } } as Job) : next);
      if (next.status === 'COMPLETED') runs.unshift(next.finishedAt - next.startedAt!);
      return true;
    },

    /** The jobs that a claim must get, as they wait. */
    claimable: (app: string, session: number, count: number): QueuedJob[] =>
      under(app, session)?.status === 'CONNECTED' ? queued().slice(0, count) : [],
    claimed(job: Job, at: number): void {
      store(job);
      const { served, fair } = numbers;
      if (fair.has(job.id)) served.set(job.priority, Math.max(job.seq, served.get(job.priority) ?? 0));
      expiry.set(job.id, at + LEASE_MS);
    },

    remove(id: string): void {
      jobs.delete(id);
      expiry.delete(id);
    },

    register(app: string, present: Present): HeldLease[] | null {
      if ((apps.get(app)?.session ?? 0) > present.session) return null;
      apps.set(app, present);
      extend(app, present.until);
      return held(app);
    },

    renew(
      app: string,
      session: number,
      change: Omit<Present, 'session'>,
      leases: { job: string; token: string }[],
    ): Renewal | null {
      if (!under(app, session)) return null;
      apps.set(app, { ...change, session });
      const answer: Renewal = { lost: [], cancelling: [] };
      for (const { job: id, token } of leases) {
        const job = jobs.get(id);
        const lease = job && leaseOf(job);
        if (!lease || lease.token !== token || lease.app.id !== app) {
          answer.lost.push(id);
          continue;
        }
        jobs.set(id, { ...job, lease: { ...lease, confirmed: true } } as Job);
        expiry.set(id, change.until);
        if (job.status === 'CANCELLING') answer.cancelling.push(id);
      }
      return answer;
    },

    lose(app: string, session: number, until: number): boolean {
      const present = under(app, session);
      if (!present) return false;
      apps.set(app, { session, status: 'RECONNECTING', until });
      extend(app, until);
      return true;
    },

    leave(app: string, session: number): HeldLease[] | null {
      if (!under(app, session)) return null;
      apps.delete(app);
      return held(app);
    },

    /** Everything that can be asked of the space. */
    state(statuses: JobStatus[], submitter: string) {
      const all = [...jobs.values()].toSorted((a, b) => (cursorOf(a) < cursorOf(b) ? 1 : -1));
      return {
        all,
        own: all.filter((job) => job.submitter.id === submitter),
        ownSome: all.filter((job) => job.submitter.id === submitter && statuses.includes(job.status)),
        some: all.filter(({ status }) => statuses.includes(status)),
        positions: new Map(queued().map(({ id }, n) => [id, n + 1])),
        queue: { queued: queued().length, running: expiry.size, recentRunMs: runs.slice(0, RECENT_RUNS) },
        expiries: all.map(({ id }) => expiry.get(id) ?? null),
        apps: [...apps]
          .map(([id, present]) => ({ id, ...present, running: held(id).length }))
          .toSorted((a, b) => (a.id < b.id ? -1 : 1)),
        due: [
          ...[...expiry].map(([job, at]) => ({ kind: 'lease', job, at })),
          ...all.map((job) => ({ kind: 'deadline', job: job.id, at: deadline(job) })),
          ...[...apps].map(([app, { until }]) => ({ kind: 'presence', app, at: until })),
        ],
      };
    },
  };
}
