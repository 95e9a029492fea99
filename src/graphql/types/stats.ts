import { badInput } from '../../domain/refusal.ts';
import { KEPT_POINTS, type StatsPoint } from '../../service/history.ts';
import type { ProcessStats, ServerStats } from '../../service/stats.ts';
import { builder } from '../builder.ts';

const RunTimesType = builder.objectRef<NonNullable<StatsPoint['runMs']>>('RunTimes').implement({
  description: 'How long jobs ran, in milliseconds, to 5 %.',
  fields: (t) => ({
    p50: t.exposeFloat('p50', { description: 'Half of them took no longer.' }),
    p95: t.exposeFloat('p95', { description: '95 % of them took no longer.' }),
  }),
});

const StatsPointType = builder.objectRef<StatsPoint>('StatsPoint').implement({
  description: 'What happened in an interval of some seconds, and how things stood at its end.',
  fields: (t) => ({
    at: t.field({ type: 'DateTime', description: 'The end of the interval.', resolve: ({ at }) => at }),
    seconds: t.exposeFloat('seconds', { description: 'How long it was.' }),
    submitted: t.exposeInt('submitted', { description: 'Jobs that were submitted or begun.' }),
    completed: t.exposeInt('completed', { description: 'Jobs that ended with a result.' }),
    failed: t.exposeInt('failed', { description: 'Jobs that failed or timed out.' }),
    cancelled: t.exposeInt('cancelled', { description: 'Jobs that were cancelled.' }),
    queued: t.exposeInt('queued', {
      nullable: true,
      description: 'Jobs waiting, in all spaces. Null where nobody looked.',
    }),
    activeJobs: t.exposeInt('activeJobs', { description: 'Jobs that apps worked on.' }),
    activeConnections: t.exposeInt('activeConnections', { description: 'WebSockets.' }),
    connectedApps: t.exposeInt('connectedApps', { description: 'Remote apps.' }),
    watchers: t.exposeInt('watchers', { description: 'Live subscriptions of jobs and spaces.' }),
    processes: t.exposeInt('processes', { description: 'Processes that were up.' }),
    runMs: t.field({
      type: RunTimesType,
      nullable: true,
      description: 'How long jobs of spaces ran that completed in the minute before. Null where there was none.',
      resolve: ({ runMs }) => runMs,
    }),
  }),
});

const ProcessStatsType = builder.objectRef<ProcessStats>('ProcessStats').implement({
  description: 'Figures of one process, or of all.',
  fields: (t) => ({
    process: t.exposeID('process', {
      nullable: true,
      description: 'Its id, another after every start. Null: all of them.',
    }),
    uptimeSeconds: t.exposeFloat('uptimeSeconds', { description: 'Since its start; over all, of the oldest.' }),
    totalConnections: t.exposeFloat('totalConnections', { description: 'WebSockets since its start.' }),
    activeConnections: t.exposeInt('activeConnections', { description: 'WebSockets now.' }),
    activeJobs: t.exposeInt('activeJobs', { description: 'Jobs that its apps work on.' }),
    connectedApps: t.exposeInt('connectedApps', { description: 'Remote apps now.' }),
    watchers: t.exposeInt('watchers', { description: 'Live subscriptions of jobs and spaces now.' }),
    messagesSent: t.exposeFloat('messagesSent', { description: 'Messages to WebSockets since its start.' }),
    errors: t.exposeFloat('errors', { description: 'Unexpected errors since its start.' }),
    history: t.field({
      type: [StatsPointType],
      description:
        'The last ten minutes, oldest first, in intervals of 5 s; those in which the server was not up are left out. Over all, also of processes that have ended since.',
      args: {
        last: t.arg.int({ defaultValue: KEPT_POINTS, description: `Only so many of the newest, 1 to ${KEPT_POINTS}.` }),
      },
      resolve: ({ process }, args, { services }) => {
        const last = args.last ?? KEPT_POINTS;
        if (last < 1 || last > KEPT_POINTS)
          throw badInput('last', `must be 1 to ${KEPT_POINTS}, not ${last}`, KEPT_POINTS);
        return services.stats.history(process, last);
      },
    }),
  }),
});

const ServerStatsType = builder.objectRef<ServerStats>('ServerStats').implement({
  description: 'Figures of the server: summed over all processes, of this one alone, and of each.',
  fields: (t) => ({
    engine: t.exposeString('engine', { description: 'Where state lives: `sqlite` or `redis`.' }),
    processes: t.exposeInt('processes', { description: 'How many share this engine.' }),
    total: t.field({
      type: ProcessStatsType,
      description: 'Over all processes; those of others as of at most 2 s ago.',
      resolve: ({ total }) => total,
    }),
    thisProcess: t.field({
      type: ProcessStatsType,
      description: 'The process that answers.',
      resolve: ({ thisProcess }) => thisProcess,
    }),
    each: t.field({
      type: [ProcessStatsType],
      description: 'Every process, the longest running first; those of others as of at most 2 s ago.',
      resolve: ({ each }) => each,
    }),
  }),
});

builder.queryField('stats', (t) =>
  t.field({
    type: ServerStatsType,
    authScopes: { admin: true },
    description: 'Figures of the server. For administrators.',
    resolve: (_root, _args, { services }) => services.stats.read(),
  }),
);

builder.subscriptionField('stats', (t) =>
  t.field({
    type: ServerStatsType,
    authScopes: { admin: true },
    description: 'The figures of the server as they are, then about once a second. For administrators.',
    subscribe: (_root, _args, { watch }) => watch.stats(),
    resolve: (stats) => stats,
  }),
);
