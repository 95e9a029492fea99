import type { ProcessStats, ServerStats } from '../../service/stats.ts';
import { builder } from '../builder.ts';

const ProcessStatsType = builder.objectRef<ProcessStats>('ProcessStats').implement({
  description: 'Figures of one process, or of all.',
  fields: (t) => ({
    uptimeSeconds: t.exposeFloat('uptimeSeconds', { description: 'Since its start; over all, of the oldest.' }),
    totalConnections: t.exposeFloat('totalConnections', { description: 'WebSockets since its start.' }),
    activeConnections: t.exposeInt('activeConnections', { description: 'WebSockets now.' }),
    activeJobs: t.exposeInt('activeJobs', { description: 'Jobs that its apps work on.' }),
    connectedApps: t.exposeInt('connectedApps', { description: 'Remote apps now.' }),
    watchers: t.exposeInt('watchers', { description: 'Live subscriptions of jobs and spaces now.' }),
    messagesSent: t.exposeFloat('messagesSent', { description: 'Messages to WebSockets since its start.' }),
    errors: t.exposeFloat('errors', { description: 'Unexpected errors since its start.' }),
  }),
});

const ServerStatsType = builder.objectRef<ServerStats>('ServerStats').implement({
  description: 'Summed over all processes, and this process alone.',
  fields: (t) => ({
    engine: t.exposeString('engine', { description: 'sqlite or redis.' }),
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
    description: 'At most once a second. For administrators.',
    subscribe: (_root, _args, { watch }) => watch.stats(),
    resolve: (stats) => stats,
  }),
);
