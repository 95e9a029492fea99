import type { RemoteApp, SpaceConnection } from '../../service/connections.ts';
import { builder } from '../builder.ts';
import { doer } from '../doer.ts';
import { ConnectionStatusType } from './enums.ts';

export const RemoteAppType = builder.objectRef<RemoteApp>('RemoteApp').implement({
  description: 'A program that holds a `pendingRequests` subscription, and works on the requests it is pushed.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The same over the reconnects of one run.' }),
    name: t.exposeString('name', { description: 'As the app calls itself.' }),
    version: t.exposeString('version', { nullable: true, description: 'As the app says; null if it does not.' }),
    status: t.field({
      type: ConnectionStatusType,
      description: 'Whether it is connected now.',
      resolve: ({ status }) => status,
    }),
    spaces: t.exposeIDList('spaces', {
      description: 'The spaces it serves; where a space or a job shows the app, of others only the public ones.',
    }),
    capacity: t.exposeInt('capacity', {
      description: 'Jobs at most at a time. 0: it finishes what it holds and takes no more.',
    }),
    running: t.exposeInt('running', { description: 'Jobs it works on now.' }),
    connectedAt: t.field({
      type: 'DateTime',
      description: 'When its present connection began.',
      resolve: ({ connectedAt }) => connectedAt,
    }),
    lastSeenAt: t.field({
      type: 'DateTime',
      description: 'When it was last heard, by keepalive at least.',
      resolve: ({ lastSeenAt }) => lastSeenAt,
    }),
  }),
});

export const SpaceConnectionType = builder.objectRef<SpaceConnection>('SpaceConnectionState').implement({
  description: "Whether a space's remote apps are connected, and how loaded they are.",
  fields: (t) => ({
    space: t.exposeID('space', { description: 'The id of the space.' }),
    status: t.field({
      type: ConnectionStatusType,
      description: 'CONNECTED if any app is; else RECONNECTING if any is; else DISCONNECTED.',
      resolve: ({ status }) => status,
    }),
    apps: t.field({ type: [RemoteAppType], description: 'The apps that serve it.', resolve: ({ apps }) => apps }),
    capacity: t.exposeInt('capacity', { description: 'Jobs its connected apps can work on at a time.' }),
    running: t.exposeInt('running', { description: 'Jobs being worked on.' }),
    queued: t.exposeInt('queued', { description: 'Jobs waiting.' }),
    changedAt: t.field({
      type: 'DateTime',
      description: 'When an app last came, went or changed its status.',
      resolve: ({ changedAt }) => changedAt,
    }),
    lastConnectedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When an app was last connected. Null: never.',
      resolve: ({ lastConnectedAt }) => lastConnectedAt,
    }),
  }),
});

builder.queryField('remoteApps', (t) =>
  t.field({
    type: [RemoteAppType],
    authScopes: { admin: true },
    description: 'All remote apps that are connected or reconnecting. For administrators.',
    resolve: (_root, _args, { services }) => services.connections.apps(),
  }),
);

builder.mutationField('disconnectApp', (t) =>
  t.boolean({
    authScopes: { admin: true },
    description:
      'Ends a remote app’s connection; its work goes back to the queue. It may come again. False: there is no such app. For administrators.',
    args: { id: t.arg.id({ required: true, description: 'The app’s id.' }) },
    resolve: (_root, { id }, context) => context.services.administration.disconnectApp(doer(context), id),
  }),
);

builder.subscriptionField('spaceConnection', (t) =>
  t.field({
    type: SpaceConnectionType,
    description: 'The present state, then every change: of status at once, of counts at most five times a second.',
    args: { space: t.arg.id({ required: true, description: 'The id of the space.' }) },
    subscribe: (_root, { space }, { watch, viewer }) => watch.connection(space, viewer),
    resolve: (state) => state,
  }),
);
