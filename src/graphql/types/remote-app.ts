import { Refusal } from '../../domain/refusal.ts';
import type { AppEvent } from '../../service/app-session.ts';
import { builder } from '../builder.ts';
import { RemoteAppType } from './app.ts';
import { JobType } from './job.ts';

type Event<T extends AppEvent['type']> = Extract<AppEvent, { type: T }>;

const LeaseType = builder.objectRef<Event<'RequestAssigned'>['lease']>('Lease').implement({
  description: 'The right to work on a job for a while. The server renews it as long as the app’s socket answers.',
  fields: (t) => ({
    token: t.exposeID('token', { description: 'Goes with every report on the job.' }),
    job: t.exposeID('job', { description: 'The job.' }),
    expiresAt: t.field({
      type: 'DateTime',
      description: 'When it ends unless renewed.',
      resolve: ({ expiresAt }) => expiresAt,
    }),
  }),
});

const AppRegisteredType = builder.objectRef<Event<'AppRegistered'>>('AppRegistered').implement({
  description: 'The first event of pendingRequests: the app is registered.',
  fields: (t) => ({
    app: t.field({ type: RemoteAppType, description: 'The app as others see it.', resolve: ({ app }) => app }),
    kept: t.exposeIDList('kept', { description: 'Jobs held before that it still holds: go on.' }),
    lost: t.exposeIDList('lost', { description: 'Jobs held before that it holds no more: stop.' }),
  }),
});

const RequestAssignedType = builder.objectRef<Event<'RequestAssigned'>>('RequestAssigned').implement({
  description:
    'A request to work on. A protocol Ping with the lease follows; its Pong tells the server that the request arrived.',
  fields: (t) => ({
    lease: t.field({ type: LeaseType, description: 'The lease to report under.', resolve: ({ lease }) => lease }),
    job: t.field({ type: JobType, description: 'The job, with its input.', resolve: ({ job }) => job }),
  }),
});

const CancelRequestedType = builder.objectRef<Event<'CancelRequested'>>('CancelRequested').implement({
  description: 'Somebody asked for the end of a job: stop working on it and send reportCancelled.',
  fields: (t) => ({
    job: t.exposeID('job', { description: 'The job.' }),
    lease: t.exposeID('lease', { description: 'Its lease.' }),
  }),
});

const LeaseRevokedType = builder.objectRef<Event<'LeaseRevoked'>>('LeaseRevoked').implement({
  description: 'The lease of a job is gone: stop working on it; nothing need be reported.',
  fields: (t) => ({
    job: t.exposeID('job', { description: 'The job.' }),
    lease: t.exposeID('lease', { description: 'The lease that is gone.' }),
    reason: t.exposeString('reason', { description: 'Why, in words.' }),
  }),
});

const ServerDrainingType = builder.objectRef<Event<'ServerDraining'>>('ServerDraining').implement({
  description: 'This server is going away: reconnect, and finish what you hold.',
  fields: (t) => ({
    deadline: t.field({ type: 'DateTime', description: 'When it will be gone.', resolve: ({ deadline }) => deadline }),
  }),
});

const RemoteAppEventType = builder.unionType('RemoteAppEvent', {
  description: 'What a remote app is told.',
  types: [AppRegisteredType, RequestAssignedType, CancelRequestedType, LeaseRevokedType, ServerDrainingType],
  resolveType: ({ type }) => type,
});

const ResumeLeaseInput = builder.inputType('ResumeLeaseInput', {
  description: 'A lease that was held before the connection broke.',
  fields: (t) => ({
    job: t.id({ required: true, description: 'The job.' }),
    lease: t.id({ required: true, description: 'The token of its lease.' }),
  }),
});

const RemoteAppInput = builder.inputType('RemoteAppInput', {
  description: 'What registers a remote app.',
  fields: (t) => ({
    instance: t.id({
      required: true,
      description: 'Chosen by the app, stable over reconnects of one run. 1 to 128 characters.',
    }),
    name: t.string({ required: true, description: 'To show to people. 1 to 128 characters.' }),
    version: t.string({ description: 'To show to people.' }),
    spaces: t.idList({ required: true, description: 'The spaces to serve, 1 to 100.' }),
    capacity: t.int({
      defaultValue: 1,
      description: 'Jobs at most at a time, up to 1000. 0: finish what is held and take no more.',
    }),
    resume: t.field({
      type: [ResumeLeaseInput],
      description: 'Null: keep all confirmed leases of this instance. A list: keep only these.',
    }),
  }),
});

builder.subscriptionField('pendingRequests', (t) =>
  t.field({
    type: RemoteAppEventType,
    description:
      'For remote apps, over WebSocket only: registers (AppRegistered), then delivers requests (RequestAssigned) and what concerns them. The app is online as long as it lives; Complete is its goodbye. A token of an app serves its own spaces, an administrator any.',
    args: {
      input: t.arg({
        type: RemoteAppInput,
        required: true,
        description: 'The app that registers, and what it serves.',
      }),
    },
    subscribe: (_root, { input }, { services, viewer, address, link }) => {
      if (!link) {
        throw new Refusal(
          'BAD_USER_INPUT',
          'pendingRequests needs a WebSocket (graphql-transport-ws): its answers prove that the app is there',
        );
      }
      const { instance, name, version, spaces, capacity, resume } = input;
      return services.apps.connect(
        viewer,
        { instance, name, version: version ?? null, spaces, capacity: capacity ?? 1, resume: resume ?? null },
        link,
        address,
      );
    },
    resolve: (event) => event,
  }),
);
