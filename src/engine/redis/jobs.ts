import type { JobId } from '../../domain/ids.ts';
import { partitionOf, spaceOf } from '../../domain/ids.ts';
import { type Job, type JobInput, jobStatuses } from '../../domain/job.ts';
import { place, RECENT_RUNS } from '../../domain/queue.ts';
import { deadline } from '../../domain/recovery.ts';
import { type Created, cursorOf, type Due, type Jobs } from '../engine.ts';
import { indexed } from '../record.ts';
import type { Argument, Connection } from './connection.ts';
import type { Keys } from './keys.ts';
import { facts, parse } from './record.ts';
import { stepOf } from './told.ts';

type CreateReply = number | ['again', string] | ['exists', string] | ['no-space'] | ['full' | 'own-full', number];

const once = (submitter: string, key: string): string => `${submitter}\n${key}`;

/** In descending order of cursors. */
const newestFirst = (a: string, b: string): number => (a < b ? 1 : -1);

export function jobsOf({ run, send }: Connection, keys: Keys): Jobs {
  const read = async (id: JobId): Promise<Job | null> =>
    parse(await send<(string | null)[]>('HMGET', keys.job(id), 'state', 'claim', 'conf'));

  return {
    read,

    async create(job, input, maxQueued, order = 'FIFO', maxOwn) {
      // The script puts the seq in, the last part of the record.
      const { seq: _, ...record } = job;
      const reply = await run<CreateReply>(
        'create',
        keys.base(job.space!),
        job.id,
        `${JSON.stringify(record).slice(0, -1)},"seq":`,
        JSON.stringify(input),
        cursorOf(job),
        deadline(job),
        place(job.priority, 0),
        maxQueued,
        job.limits.maxRunSeconds * 1000,
        job.idempotencyKey === null ? '' : once(job.submitter.id, job.idempotencyKey),
        job.submitter.id,
        maxOwn ?? '',
        ...(order === 'FAIR' ? [job.priority] : []),
      );
      return typeof reply === 'number' ? { outcome: 'created', job: { ...job, seq: reply } } : notCreated(job, reply);
    },

    async input(id) {
      const input = await send<string | null>('HGET', keys.job(id), 'input');
      return input === null ? null : (JSON.parse(input) as JobInput);
    },

    byKey: (space, submitter, key) => send<string | null>('HGET', `${keys.base(space)}once`, once(submitter, key)),

    async commit(next, signal, before) {
      const index = indexed(next);
      const whole = JSON.stringify(next);
      const step = before ? stepOf(before, next, whole) : '';
      const args: Argument[] = [next.id, next.revision, whole, facts(index), index.confirmed ? 1 : 0, step];
      if (index.place !== null || index.runMs !== null || signal) {
        args.push(index.place ?? '', index.runMs ?? '', signal ? JSON.stringify(signal) : '', RECENT_RUNS);
      }
      return (await run('commit', keys.base(index.partition), ...args)) === 1;
    },

    async claim(space, app, session, tokens, leaseMs) {
      if (tokens.length === 0) return [];
      const leased = await run<string[]>(
        'claim',
        keys.base(space),
        app.id,
        session,
        leaseMs,
        JSON.stringify(app),
        ...tokens,
      );
      return Array.from({ length: leased.length / 3 }, (_, n) => ({
        job: parse([leased[3 * n]!, leased[3 * n + 1]!, '0'])!,
        input: JSON.parse(leased[3 * n + 2]!) as JobInput,
      }));
    },

    async positions(space, ids) {
      if (ids.length === 0) return new Map();
      const found = await run<number[]>('positions', keys.base(space), ...ids);
      return new Map(ids.map((id, n) => [id, found[n]!] as const).filter(([, position]) => position > 0));
    },

    async queue(space) {
      const base = keys.base(space);
      const [queued, running, runs] = await Promise.all([
        send<number>('ZCARD', `${base}queue`),
        send<number>('ZCARD', `${base}leases`),
        send<string[]>('LRANGE', `${base}runs`, 0, RECENT_RUNS - 1),
      ]);
      return { queued, running, recentRunMs: runs.map(Number) };
    },

    async leaseExpiry(id) {
      const expiry = await send<string | null>('ZSCORE', `${keys.base(partitionOf(id))}leases`, id);
      return expiry === null ? null : Number(expiry);
    },

    async list(partitions, statuses, before, limit, submitter = null) {
      const wanted = statuses ?? jobStatuses;
      const indexes = wanted.map((status) => (submitter === null ? `list:${status}` : `own:${status}:${submitter}`));
      const jobs: Job[] = [];
      // A job may be removed or change its status between index and record: then the page is filled from further on.
      for (let from = before ?? ''; jobs.length < limit; ) {
        const missing = limit - jobs.length;
        const pages = partitions.map((partition) =>
          run<string[]>('list', keys.base(partition), from, missing, ...indexes),
        );
        const cursors = (await Promise.all(pages)).flat().sort(newestFirst).slice(0, missing);
        const found = await Promise.all(cursors.map((cursor) => read(cursor.slice(cursor.indexOf(':') + 1))));
        jobs.push(...(found.filter((job) => job !== null && wanted.includes(job.status)) as Job[]));
        if (cursors.length < missing) break;
        from = cursors.at(-1)!;
      }
      return jobs;
    },

    async due(partitions, now, limit) {
      const found: { at: number; due: Due }[] = [];
      await Promise.all(
        partitions.map(async (partition) => {
          const [leases, deadlines, presences] = await run<[string[], string[], string[]]>(
            'due',
            keys.base(partition),
            now,
            limit,
          );
          const add = (ids: string[], due: (id: string) => Due) => {
            for (let n = 0; n < ids.length; n += 2) found.push({ at: Number(ids[n + 1]), due: due(ids[n]!) });
          };
          add(leases, (job) => ({ kind: 'lease', job }));
          add(deadlines, (job) => ({ kind: 'deadline', job }));
          add(presences, (app) => ({ kind: 'presence', space: partition, app }));
        }),
      );
      return found
        .sort((a, b) => a.at - b.at)
        .slice(0, limit)
        .map(({ due }) => due);
    },

    async remove(id) {
      await run('remove', keys.base(partitionOf(id)), id);
    },
  };
}

function notCreated(job: Parameters<Jobs['create']>[0], reply: Exclude<CreateReply, number>): Created {
  switch (reply[0]) {
    case 'again': {
      const stored = JSON.parse(reply[1]) as Job;
      if (stored.createdAt !== job.createdAt) throw new Error(`job ${job.id} of ${spaceOf(job.id)} is there already`);
      return { outcome: 'created', job: { ...job, seq: stored.seq } };
    }
    case 'exists':
      return { outcome: 'exists', id: reply[1] };
    case 'no-space':
      return { outcome: 'no-space' };
    case 'full':
    case 'own-full':
      return { outcome: reply[0], queued: reply[1] };
  }
}
