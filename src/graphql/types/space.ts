import type { FileRules, Space, SpaceInputs, SpacePolicy } from '../../domain/space.ts';
import { isAdmin, maySubmit } from '../../service/permissions.ts';
import { builder, PER_VIEWER } from '../builder.ts';
import { doer } from '../doer.ts';
import { SpaceConnectionType } from './app.ts';
import { JobStatusType, QueueOrderType, VisibilityType, WhenOfflineType } from './enums.ts';
import { JobPageType, jobPage } from './page.ts';

const FileRulesType = builder.objectRef<FileRules>('FileRules').implement({
  description: 'Which files a submit may bring.',
  fields: (t) => ({
    accept: t.exposeStringList('accept', {
      description:
        'Media types (image/png, image/*; of what the content is) and name endings (.csv). image/* is without image/svg+xml.',
    }),
    maxBytes: t.exposeFloat('maxBytes', { description: 'Largest size of one file, in bytes.' }),
    maxCount: t.exposeInt('maxCount', { description: 'Files at most.' }),
  }),
});

const SpaceInputsType = builder.objectRef<SpaceInputs>('SpaceInputs').implement({
  description: 'What a submit may bring.',
  fields: (t) => ({
    prompt: t.exposeBoolean('prompt', { description: 'Whether a submit may bring a prompt.' }),
    maxPromptBytes: t.float({
      description: 'Largest prompt that the server takes, in bytes of UTF-8.',
      resolve: (_inputs, _args, { services }) => services.limits.promptBytes,
    }),
    files: t.field({
      type: FileRulesType,
      nullable: true,
      description: 'Which files a submit may bring; null: none.',
      resolve: ({ files }) => files,
    }),
    parameters: t.field({
      type: 'JSON',
      nullable: true,
      description: 'A JSON Schema (an object with properties), or null where the space takes none.',
      resolve: ({ parameters }) => parameters,
    }),
  }),
});

const SpacePolicyType = builder.objectRef<SpacePolicy>('SpacePolicy').implement({
  description: 'The rules of a space. A job keeps those of when it was submitted.',
  fields: (t) => ({
    whenOffline: t.field({
      type: WhenOfflineType,
      description: 'What a submit does while no app is connected.',
      resolve: ({ whenOffline }) => whenOffline,
    }),
    order: t.field({ type: QueueOrderType, description: 'The order of the queue.', resolve: ({ order }) => order }),
    maxQueued: t.exposeInt('maxQueued', { description: 'Jobs waiting at most; one more is refused with QUEUE_FULL.' }),
    maxQueueSeconds: t.exposeInt('maxQueueSeconds', { description: 'How long a job may wait, per stay in the queue.' }),
    maxRunSeconds: t.exposeInt('maxRunSeconds', { description: 'How long one attempt may take.' }),
    retentionSeconds: t.exposeInt('retentionSeconds', {
      description: 'How long a finished job is kept, with its files.',
    }),
    maxAttempts: t.exposeInt('maxAttempts', {
      description: 'How often a job is tried, when apps are lost or fail retryably.',
    }),
  }),
});

export const SpaceType = builder.objectRef<Space>('Space').implement({
  description: 'A named place that people submit to: inputs, a policy, a queue and connected remote apps.',
  fields: (t) => ({
    id: t.exposeID('id', { description: '1 to 64 of the characters A-Z a-z 0-9 _ -, case-sensitive.' }),
    title: t.exposeString('title', { description: 'To show to people.' }),
    description: t.exposeString('description', { description: 'What it does, for people. May be empty.' }),
    inputs: t.field({
      type: SpaceInputsType,
      description: 'What a submit may bring.',
      resolve: ({ inputs }) => inputs,
    }),
    policy: t.field({ type: SpacePolicyType, description: 'Its rules.', resolve: ({ policy }) => policy }),
    visibility: t.field({
      type: VisibilityType,
      description: 'Who sees it.',
      resolve: ({ visibility }) => visibility,
    }),
    visitors: t.exposeBoolean('visitors', {
      description: 'Whether a public space takes submits of people who are not signed in.',
    }),
    members: t.stringList({
      nullable: true,
      ...PER_VIEWER,
      description: 'The users who may use a private space. Null unless you administer.',
      resolve: ({ members }, _args, { viewer }) => (isAdmin(viewer) ? members : null),
    }),
    maySubmit: t.boolean({
      ...PER_VIEWER,
      description: 'Whether you may submit to it; whether an app is connected is another matter.',
      resolve: (space, _args, { viewer }) => maySubmit(viewer, space),
    }),
    connection: t.field({
      type: SpaceConnectionType,
      description: 'Whether apps are connected, and how loaded they are.',
      resolve: ({ id }, _args, { services }) => services.connections.state(id),
    }),
    jobs: t.field({
      type: JobPageType,
      ...PER_VIEWER,
      description: 'Your jobs in it, or all for an administrator, newest first. At most 100 a page.',
      args: {
        first: t.arg.int({ defaultValue: 50, description: 'How many, 1 to 100.' }),
        after: t.arg.string({ description: 'The endCursor of the page before.' }),
        status: t.arg({ type: [JobStatusType], description: 'Only jobs with one of these statuses.' }),
        submitter: t.arg.id({
          description: 'Only jobs of the viewer of this id: your own, or for an administrator anybody’s.',
        }),
      },
      resolve: ({ id }, args, { services, viewer }) => jobPage(services, viewer, [id], args),
    }),
    createdAt: t.field({
      type: 'DateTime',
      description: 'When it was created.',
      resolve: ({ createdAt }) => createdAt,
    }),
  }),
});

const FileRulesInput = builder.inputType('FileRulesInput', {
  description: 'Which files a submit may bring.',
  fields: (t) => ({
    accept: t.stringList({
      required: true,
      description:
        'Media types (image/png, image/*, */*; of what the content is) and name endings (.csv). image/* is without image/svg+xml.',
    }),
    maxBytes: t.float({ description: 'Largest size of one file, in bytes. Default 26214400 (25 MiB).' }),
    maxCount: t.int({ description: 'Files at most, 1 to 100. Default 10.' }),
  }),
});

const SpaceInputsInput = builder.inputType('SpaceInputsInput', {
  description: 'What a submit may bring. Left out stays as it is; of a new space: a prompt, no files, no parameters.',
  fields: (t) => ({
    prompt: t.boolean({ description: 'Whether a submit may bring a prompt.' }),
    files: t.field({ type: FileRulesInput, description: 'Which files a submit may bring; null: none.' }),
    parameters: t.field({ type: 'JSON', description: 'A JSON Schema with "type": "object"; null: takes none.' }),
  }),
});

const SpacePolicyInput = builder.inputType('SpacePolicyInput', {
  description: 'The rules of a space. Left out stays as it is.',
  fields: (t) => ({
    whenOffline: t.field({
      type: WhenOfflineType,
      description: 'What a submit does while no app is connected. Default REJECT.',
    }),
    order: t.field({ type: QueueOrderType, description: 'The order of the queue. Default FIFO.' }),
    maxQueued: t.int({ description: 'Jobs waiting at most, 1 to 1000000. Default 1000.' }),
    maxQueueSeconds: t.int({
      description: 'How long a job may wait, per stay in the queue: 1 to 2592000. Default 600.',
    }),
    maxRunSeconds: t.int({ description: 'How long one attempt may take, 1 to 2592000. Default 120.' }),
    retentionSeconds: t.int({
      description: 'How long a finished job is kept, with its files: 60 to 31536000. Default 3600.',
    }),
    maxAttempts: t.int({
      description: 'How often a job is tried, when apps are lost or fail retryably: 1 to 100. Default 2.',
    }),
  }),
});

const CreateSpaceInput = builder.inputType('CreateSpaceInput', {
  description: 'A new space.',
  fields: (t) => ({
    id: t.id({ required: true, description: '1 to 64 of the characters A-Z a-z 0-9 _ -.' }),
    title: t.string({ required: true, description: 'To show to people.' }),
    description: t.string({ description: 'What it does, for people.' }),
    inputs: t.field({ type: SpaceInputsInput, description: 'What a submit may bring.' }),
    policy: t.field({ type: SpacePolicyInput, description: 'Its rules.' }),
    visibility: t.field({ type: VisibilityType, description: 'Who sees it. Default PUBLIC.' }),
    visitors: t.boolean({
      description: 'Whether a public space takes submits of people who are not signed in. Default false.',
    }),
    members: t.stringList({ description: 'The names of the users who may use it if it is private. Default none.' }),
  }),
});

const UpdateSpaceInput = builder.inputType('UpdateSpaceInput', {
  description: 'Changes of a space. Left out stays as it is.',
  fields: (t) => ({
    id: t.id({ required: true, description: 'The space to change.' }),
    title: t.string({ description: 'To show to people.' }),
    description: t.string({ description: 'What it does, for people.' }),
    inputs: t.field({ type: SpaceInputsInput, description: 'What a submit may bring.' }),
    policy: t.field({ type: SpacePolicyInput, description: 'Its rules, for jobs submitted from now on.' }),
    visibility: t.field({ type: VisibilityType, description: 'Who sees it.' }),
    visitors: t.boolean({ description: 'Whether a public space takes submits of people who are not signed in.' }),
    members: t.stringList({
      description: 'The names of all users who may use it if it is private, in place of those so far.',
    }),
  }),
});

builder.queryFields((t) => ({
  space: t.field({
    type: SpaceType,
    nullable: true,
    description: 'A space by id; null if there is none that you may see.',
    args: { id: t.arg.id({ required: true, description: 'Its id.' }) },
    resolve: (_root, { id }, { services, viewer }) => services.spaces.findFor(viewer, id),
  }),
  spaces: t.field({
    type: [SpaceType],
    ...PER_VIEWER,
    description: 'The spaces that you may see, by id.',
    resolve: (_root, _args, { services, viewer }) => services.spaces.visible(viewer),
  }),
}));

builder.mutationFields((t) => ({
  createSpace: t.field({
    type: SpaceType,
    authScopes: { admin: true },
    description: 'Creates a space. ALREADY_EXISTS if the id is taken. For administrators.',
    args: { input: t.arg({ type: CreateSpaceInput, required: true, description: 'The space.' }) },
    resolve: (_root, { input: { id, title, ...change } }, context) =>
      context.services.administration.createSpace(doer(context), id, title, change),
  }),
  updateSpace: t.field({
    type: SpaceType,
    authScopes: { admin: true },
    description: 'Changes a space. For administrators.',
    args: { input: t.arg({ type: UpdateSpaceInput, required: true, description: 'The changes.' }) },
    resolve: (_root, { input: { id, ...change } }, context) =>
      context.services.administration.updateSpace(doer(context), id, change),
  }),
  deleteSpace: t.boolean({
    authScopes: { admin: true },
    description:
      'Deletes a space with its jobs and files; queued jobs are cancelled. Always true; CONFLICT while jobs run. For administrators.',
    args: { id: t.arg.id({ required: true, description: 'The space.' }) },
    resolve: async (_root, { id }, context) => {
      await context.services.administration.deleteSpace(doer(context), id);
      return true;
    },
  }),
}));
