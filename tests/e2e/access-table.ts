import { randomUUID } from 'node:crypto';
import type { ErrorCode } from '../../src/domain/refusal.ts';
import type { Serving } from '../help/people.ts';
import { type Cast, CLUB, FAR, newJob, newTracked, PUBLIC, UNKNOWN_JOB, type Who, WORK } from './access-cast.ts';

// Who may do what: the table. One row for each operation, and for each field whose answer depends on who asks; several where it depends
// on what is asked for. Whoever is not named is `*`.

/** A group of viewers by name, separated by spaces; `*`: everybody else. */
type Viewers = string;

const ADMINS = 'admin adminScript';
const VISITORS = 'nobody visitor';
const PEOPLE = 'user owner script member';
const REPORTERS = 'reporter otherReporter prefixed';
const ADMINS_ALONE = { allowed: ADMINS, UNAUTHENTICATED: VISITORS, FORBIDDEN: '*' };

/**
 * What becomes of it. `allowed`: an answer. `unknown`: the very answer that what is not there gets. `silent`: a subscription that waits,
 * as for what may yet begin. `open`: one that goes on. true, false, null: just that. 4403: the socket ends. Others are a row's own.
 */
type Outcome = 'allowed' | 'unknown' | 'silent' | 'open' | 'true' | 'false' | 'null' | ErrorCode | (string & {});

export type Over = 'HTTP' | 'WebSocket' | 'SSE';

export interface Scene {
  cast: Cast;
  /** The app at work in the working space. */
  serving: Serving;
}

export interface Row {
  /** `Type.field`. */
  field: string;
  /** What is asked for, where there are several rows. */
  of?: string;
  query: string;
  /** What the query is asked with; made anew for each who asks. */
  given?(scene: Scene, who: Who): Promise<Record<string, unknown>> | Record<string, unknown>;
  /** The same of what is not there, to compare with. */
  unknown?: (given: Record<string, unknown>) => Record<string, unknown>;
  who: Partial<Record<Outcome, Viewers>>;
  /** Where access is open, if not what administrators get. */
  open?: Outcome;
  /** Throws where an answer is not what the outcome of this name says. */
  is?: Record<string, (value: never, scene: Scene, who: Who) => boolean>;
  /** @default queries and mutations over HTTP and WebSocket, subscriptions over WebSocket and SSE */
  over?: Over;
  /** Signs in anew: the session does not outlive it. */
  anew?: boolean;
}

const byId = (given: Record<string, unknown>) => ({ ...given, id: UNKNOWN_JOB });
const byInput = (more: object) => (given: Record<string, unknown>) => ({
  input: { ...(given.input as object), ...more },
});
const noJob = byInput({ job: UNKNOWN_JOB });

// --- what is asked for -----------------------------------------------------------------------------------------------------------

const ownersId = async ({ cast }: Scene) => ({
  submitter: (await cast.owner.ask<{ viewer: { id: string } }>('{ viewer { id } }')).viewer.id,
});
const ownersJob = async ({ cast }: Scene) => ({ id: await newJob(cast.owner) });
const visitorsJob = async ({ cast }: Scene) => ({ id: await newJob(cast.visitor) });
const openJob = async ({ cast }: Scene) => ({ id: await newTracked(cast.reporter) });
const privateJob = async ({ cast }: Scene) => ({ id: await newTracked(cast.reporter, { private: true }) });

async function endedJob(scene: Scene) {
  const given = await ownersJob(scene);
  await scene.cast.owner.ask('mutation ($id: ID!) { cancelJob(id: $id) { id } }', given);
  return given;
}

/** A job of the owner that the app works on. */
async function leasedJob({ cast, serving }: Scene) {
  const job = await newJob(cast.owner, WORK);
  let lease = await serving.request();
  while (lease.job !== job) lease = await serving.request();
  return lease;
}

const WRITE = 'mutation ($input: ReportOutputInput!) { reportOutput(input: $input) { id } }';
async function written(who: Cast[Who], job: string, lease: object = {}) {
  await who.ask(WRITE, { input: { job, ...lease, offset: 0, text: 'words' } });
  return { id: job };
}
async function ownersOutput(scene: Scene) {
  const lease = await leasedJob(scene);
  return written(scene.cast.app, lease.job, lease);
}

/** The owner's, in a space that has been closed to them since. */
async function pastJob({ cast }: Scene) {
  const space = `past-${randomUUID()}`;
  await cast.admin.ask('mutation ($input: CreateSpaceInput!) { createSpace(input: $input) { id } }', {
    input: { id: space, title: space, policy: { whenOffline: 'QUEUE' } },
  });
  const id = await newJob(cast.owner, space);
  await cast.admin.ask('mutation ($id: ID!) { updateSpace(input: { id: $id, visibility: PRIVATE }) { id } }', {
    id: space,
  });
  return { id };
}

async function newName({ cast }: Scene) {
  const name = `u${randomUUID()}`;
  await cast.admin.ask('mutation ($input: CreateUserInput!) { createUser(input: $input) { id } }', {
    input: { name, password: 'some password' },
  });
  return { name };
}

async function newSpace({ cast }: Scene) {
  const id = `s-${randomUUID()}`;
  await cast.admin.ask('mutation ($id: ID!) { createSpace(input: { id: $id, title: "S" }) { id } }', { id });
  return { id };
}

async function ownersToken({ cast }: Scene) {
  const { createToken } = await cast.owner.ask<{ createToken: { token: { id: string } } }>(
    'mutation { createToken(input: { name: "x", role: USER }) { token { id } } }',
  );
  return { id: createToken.token.id };
}

// --- the table -------------------------------------------------------------------------------------------------------------------

const report = (name: string, more: object): Pick<Row, 'field' | 'query'> & { more: object } => ({
  field: `Mutation.${name}`,
  query: `mutation ($input: ${name[0]!.toUpperCase()}${name.slice(1)}Input!) { ${name}(input: $input) { id } }`,
  more,
});
const REPORTS = [
  report('reportProgress', { stage: 'x' }),
  report('reportOutput', { offset: 0, text: 'x' }),
  report('reportComplete', {}),
  report('reportFailure', { error: 'x' }),
  report('reportCancelled', {}),
];

export const ROWS: Row[] = [
  // --- who it is
  { field: 'Query.signIn', query: '{ signIn { __typename } }', who: { allowed: '*' } },
  { field: 'Query.viewer', query: '{ viewer { id } }', who: { allowed: '*' } },
  {
    field: 'Mutation.login',
    query: 'mutation { login(name: "Owner", password: "password of Owner") { token } }',
    who: { allowed: '*' },
    open: 'UNAUTHENTICATED',
  },
  {
    field: 'Mutation.login',
    of: 'with a wrong password',
    query: 'mutation { login(name: "Owner", password: "password of User") { token } }',
    who: { UNAUTHENTICATED: '*' },
  },
  { field: 'Mutation.startSession', query: 'mutation { startSession { token } }', who: { allowed: '*' } },
  {
    field: 'Mutation.logout',
    query: 'mutation { logout }',
    who: { true: 'owner user member admin', false: '*' },
    open: 'false',
    over: 'HTTP',
    anew: true,
  },
  {
    field: 'Mutation.logout',
    of: 'of the socket itself',
    query: 'mutation { logout }',
    who: { 4403: 'owner user member admin', false: '*' },
    open: 'false',
    over: 'WebSocket',
    anew: true,
  },
  {
    field: 'Mutation.changePassword',
    of: 'with a wrong one',
    query: 'mutation { changePassword(current: "not the password", new: "another one") }',
    who: { UNAUTHENTICATED: 'owner user member admin nobody visitor', FORBIDDEN: '*' },
    open: 'FORBIDDEN',
  },
  { field: 'Query.users', query: '{ users { name } }', who: ADMINS_ALONE },
  {
    field: 'Mutation.createUser',
    query: 'mutation ($name: String!) { createUser(input: { name: $name, password: "some password" }) { id } }',
    given: () => ({ name: `u${randomUUID()}` }),
    who: ADMINS_ALONE,
  },
  {
    field: 'Mutation.resetPassword',
    query: 'mutation ($name: String!) { resetPassword(name: $name, new: "some password") }',
    given: newName,
    who: ADMINS_ALONE,
  },
  {
    field: 'Mutation.disableUser',
    query: 'mutation ($name: String!) { disableUser(name: $name) { enabled } }',
    given: newName,
    who: ADMINS_ALONE,
  },
  {
    field: 'Mutation.enableUser',
    query: 'mutation ($name: String!) { enableUser(name: $name) { enabled } }',
    given: newName,
    who: ADMINS_ALONE,
  },
  {
    field: 'Mutation.setUserRole',
    query: 'mutation ($name: String!) { setUserRole(name: $name, role: ADMIN) { role } }',
    given: newName,
    who: ADMINS_ALONE,
  },

  // --- tokens
  {
    field: 'Query.tokens',
    query: '{ tokens { owner { name } } }',
    who: { all: ADMINS, 'their own': PEOPLE, UNAUTHENTICATED: VISITORS, FORBIDDEN: '*' },
    open: 'allowed',
    is: {
      all: (tokens: { owner: { name: string } }[]) => tokens.some(({ owner }) => owner.name === 'Owner'),
      'their own': (tokens: { owner: { name: string } }[], _scene, who) =>
        tokens.every(({ owner }) => owner.name === 'Owner' && (who === 'owner' || who === 'script')),
    },
  },
  {
    field: 'Mutation.createToken',
    of: 'for a script of their own',
    query: 'mutation { createToken(input: { name: "x", role: USER }) { secret } }',
    who: { allowed: `${PEOPLE} ${ADMINS}`, UNAUTHENTICATED: VISITORS, FORBIDDEN: '*' },
    open: 'BAD_USER_INPUT',
  },
  ...(['APP', 'REPORTER', 'ADMIN'] as const).map(
    (role): Row => ({
      field: 'Mutation.createToken',
      of: `for ${role}`,
      query: `mutation ($spaces: [ID!]) { createToken(input: { name: "x", role: ${role}, spaces: $spaces }) { secret } }`,
      given: () => ({ spaces: role === 'APP' ? [PUBLIC] : null }),
      who: ADMINS_ALONE,
    }),
  ),
  {
    field: 'Mutation.revokeToken',
    of: 'of the owner',
    query: 'mutation ($id: ID!) { revokeToken(id: $id) }',
    given: ownersToken,
    unknown: () => ({ id: '0123456789abcdef' }),
    who: { true: `owner script ${ADMINS}`, unknown: 'user member', UNAUTHENTICATED: VISITORS, FORBIDDEN: '*' },
    open: 'skip',
  },

  // --- spaces
  {
    field: 'Query.space',
    of: 'that is public',
    query: '{ space(id: "public") { id } }',
    who: { null: 'otherApp', allowed: '*' },
  },
  {
    field: 'Query.space',
    of: 'that is private',
    query: '{ space(id: "club") { id } }',
    who: { allowed: `member app ${ADMINS}`, null: '*' },
  },
  {
    field: 'Query.spaces',
    query: '{ spaces { id } }',
    who: { all: `member ${ADMINS}`, 'its own': 'app otherApp', 'the public ones': '*' },
    is: {
      all: (spaces: { id: string }[]) => [PUBLIC, CLUB, FAR].every((id) => spaces.some((space) => space.id === id)),
      'the public ones': (spaces: { id: string }[]) =>
        spaces.some(({ id }) => id === PUBLIC) && spaces.every(({ id }) => id !== CLUB),
      'its own': (spaces: { id: string }[], _scene, who) =>
        spaces.map(({ id }) => id).join() === (who === 'app' ? [CLUB, PUBLIC, WORK].join() : FAR),
    },
  },
  {
    field: 'Space.members',
    query: '{ spaces { members } }',
    who: { shown: ADMINS, hidden: '*' },
    is: {
      shown: (spaces: { members: string[] | null }[]) => spaces.every(({ members }) => members !== null),
      hidden: (spaces: { members: string[] | null }[]) => spaces.every(({ members }) => members === null),
    },
  },
  {
    field: 'Space.maySubmit',
    of: 'that takes what visitors submit',
    query: '{ space(id: "public") { maySubmit } }',
    who: { yes: `${PEOPLE} ${VISITORS} ${ADMINS}`, null: 'otherApp', no: '*' },
    is: {
      yes: ({ maySubmit }: { maySubmit: boolean }) => maySubmit,
      no: ({ maySubmit }: { maySubmit: boolean }) => !maySubmit,
    },
  },
  {
    field: 'Space.jobs',
    query: '{ space(id: "public") { jobs { nodes { submitter { name role } } } } }',
    who: { all: ADMINS, null: 'otherApp', 'their own': '*' },
    is: {
      all: ({ jobs }: { jobs: Named }) => isOf(jobs, 'Owner') && isOf(jobs, 'Visitor'),
      'their own': ({ jobs }: { jobs: Named }, _scene, who) => onlyOf(jobs, who),
    },
  },
  {
    field: 'Space.jobs',
    of: 'the owner’s',
    query:
      'query ($submitter: ID!) { space(id: "public") { jobs(submitter: $submitter) { nodes { submitter { name role } } } } }',
    given: ownersId,
    who: { theirs: `owner script ${ADMINS}`, null: 'otherApp', none: '*' },
    is: {
      theirs: ({ jobs }: { jobs: Named }) => isOf(jobs, 'Owner') && onlyOf(jobs, 'owner'),
      none: ({ jobs }: { jobs: Named }) => jobs.nodes.length === 0,
    },
  },
  {
    field: 'Mutation.createSpace',
    query: 'mutation ($id: ID!) { createSpace(input: { id: $id, title: "S" }) { id } }',
    given: () => ({ id: `s-${randomUUID()}` }),
    who: ADMINS_ALONE,
  },
  {
    field: 'Mutation.updateSpace',
    query: 'mutation ($id: ID!) { updateSpace(input: { id: $id, title: "T" }) { id } }',
    given: newSpace,
    who: ADMINS_ALONE,
  },
  {
    field: 'Mutation.deleteSpace',
    query: 'mutation ($id: ID!) { deleteSpace(id: $id) }',
    given: newSpace,
    who: ADMINS_ALONE,
  },
  ...(
    [
      [PUBLIC, 'public', { null: 'otherApp', shown: '*' }],
      [CLUB, 'private', { shown: `member app ${ADMINS}`, null: '*' }],
    ] as const
  ).map(
    ([id, kind, who]): Row => ({
      field: 'Space.connection',
      of: `that is ${kind}`,
      query: `{ space(id: "${id}") { connection { apps { name } } } }`,
      who,
      is: { shown: ({ connection }: { connection: object | null }) => connection !== null },
    }),
  ),
  ...(
    [
      [PUBLIC, 'public', { unknown: 'otherApp', allowed: '*' }],
      [CLUB, 'private', { allowed: `member app ${ADMINS}`, unknown: '*' }],
    ] as const
  ).flatMap(([id, kind, who]): Row[] => [
    {
      field: 'Subscription.spaceConnection',
      of: `that is ${kind}`,
      query: 'subscription ($id: ID!) { spaceConnection(space: $id) { status } }',
      given: () => ({ id }),
      unknown: () => ({ id: 'ekfkfdfd' }),
      who,
    },
    {
      field: 'Subscription.jobsChanged',
      of: `of a space that is ${kind}`,
      query: 'subscription ($id: ID!) { jobsChanged(space: $id) { id } }',
      given: () => ({ id }),
      unknown: () => ({ id: 'ekfkfdfd' }),
      who: { open: who.allowed, unknown: who.unknown },
    },
    {
      field: 'Query.jobs',
      of: `of a space that is ${kind}`,
      query: 'query ($id: ID!) { jobs(space: $id) { nodes { id } } }',
      given: () => ({ id }),
      unknown: () => ({ id: 'ekfkfdfd' }),
      who,
    },
  ]),

  // --- apps
  { field: 'Query.remoteApps', query: '{ remoteApps { name } }', who: ADMINS_ALONE },
  {
    field: 'Mutation.disconnectApp',
    query: 'mutation { disconnectApp(id: "app_nowhere") }',
    who: { false: ADMINS, UNAUTHENTICATED: VISITORS, FORBIDDEN: '*' },
  },
  {
    field: 'Subscription.pendingRequests',
    of: 'of one space of the app',
    query:
      'subscription ($id: ID!) { pendingRequests(input: { instance: $id, name: "x", spaces: ["club"], capacity: 0 }) { __typename } }',
    given: () => ({ id: randomUUID() }),
    who: { allowed: `app ${ADMINS}`, UNAUTHENTICATED: VISITORS, FORBIDDEN: '*' },
    over: 'WebSocket',
  },
  {
    field: 'Subscription.pendingRequests',
    of: 'of a space of the app and one of another',
    query:
      'subscription ($id: ID!) { pendingRequests(input: { instance: $id, name: "x", spaces: ["club", "far"], capacity: 0 }) { __typename } }',
    given: () => ({ id: randomUUID() }),
    who: { allowed: ADMINS, UNAUTHENTICATED: VISITORS, FORBIDDEN: '*' },
    over: 'WebSocket',
  },
  {
    field: 'Subscription.pendingRequests',
    query: 'subscription { pendingRequests(input: { instance: "i", name: "x", spaces: ["club"] }) { __typename } }',
    who: { BAD_USER_INPUT: '*' },
    over: 'SSE',
  },

  // --- jobs
  {
    field: 'Query.jobs',
    query: '{ jobs(first: 100) { nodes { submitter { name role } } } }',
    who: { all: ADMINS, 'their own': '*' },
    is: {
      all: (jobs: Named) => isOf(jobs, 'Owner') && isOf(jobs, 'REPORTER token'),
      'their own': (jobs: Named, _scene, who) => onlyOf(jobs, who),
    },
    open: 'allowed',
  },
  {
    field: 'Query.jobs',
    of: 'the owner’s',
    query: 'query ($submitter: ID!) { jobs(first: 100, submitter: $submitter) { nodes { submitter { name role } } } }',
    given: ownersId,
    who: { theirs: `owner script ${ADMINS}`, none: '*' },
    is: {
      theirs: (jobs: Named) => isOf(jobs, 'Owner') && onlyOf(jobs, 'owner'),
      none: ({ nodes }: Named) => nodes.length === 0,
    },
    open: 'allowed',
  },
  ...(
    [
      ['of the owner', ownersJob, { allowed: `owner script ${ADMINS}`, unknown: '*' }],
      [
        'of the owner, at the app',
        async (scene: Scene) => ({ id: (await leasedJob(scene)).job }),
        { allowed: `owner script app ${ADMINS}`, unknown: '*' },
      ],
      ['of a visitor', visitorsJob, { allowed: `visitor ${ADMINS}`, unknown: '*' }],
      ['that is tracked', openJob, { allowed: '*' }],
      ['that is tracked and private', privateJob, { allowed: `reporter ${ADMINS}`, unknown: '*' }],
    ] as const
  ).map(
    ([of, given, who]): Row => ({
      field: 'Query.job',
      of,
      query: 'query ($id: ID!) { job(id: $id) { id input { prompt files { url } } files { url } submitter { id } } }',
      given,
      unknown: byId,
      who,
    }),
  ),
  {
    field: 'Job.space',
    of: 'that the submitter may not see any more',
    query: 'query ($id: ID!) { job(id: $id) { space { id } } }',
    given: pastJob,
    unknown: byId,
    who: { shown: ADMINS, hidden: 'owner script', unknown: '*' },
    is: {
      shown: ({ space }: { space: object | null }) => space !== null,
      hidden: ({ space }: { space: object | null }) => space === null,
    },
  },
  ...(
    [
      [PUBLIC, { unknown: 'otherApp', FORBIDDEN: `app ${REPORTERS}`, allowed: '*' }],
      [FAR, { allowed: `${PEOPLE} ${ADMINS}`, unknown: 'app', UNAUTHENTICATED: VISITORS, FORBIDDEN: '*' }],
      [CLUB, { allowed: `member ${ADMINS}`, FORBIDDEN: 'app', unknown: '*' }],
    ] as const
  ).map(
    ([space, who]): Row => ({
      field: 'Mutation.submitInference',
      of: `to ${space}`,
      query: 'mutation ($input: SubmitInferenceInput!) { submitInference(input: $input) { id } }',
      given: () => ({ input: { space, prompt: 'hi' } }),
      unknown: byInput({ space: 'ekfkfdfd' }),
      who,
    }),
  ),
  {
    field: 'Mutation.submitInference',
    of: 'before others',
    query: 'mutation { submitInference(input: { space: "public", prompt: "hi", priority: 1 }) { id } }',
    who: { allowed: ADMINS, UNAUTHENTICATED: VISITORS, NOT_FOUND: 'otherApp', FORBIDDEN: '*' },
  },
  ...(
    [
      ['cancelJob', 'of the owner', ownersJob, { allowed: `owner script ${ADMINS}`, unknown: '*' }],
      [
        'cancelJob',
        'of the owner, at the app',
        async (scene: Scene) => ({ id: (await leasedJob(scene)).job }),
        { allowed: `owner script ${ADMINS}`, FORBIDDEN: 'app', unknown: '*' },
      ],
      ['cancelJob', 'of a visitor', visitorsJob, { allowed: `visitor ${ADMINS}`, unknown: '*' }],
      [
        'cancelJob',
        'that is tracked',
        openJob,
        { allowed: `reporter ${ADMINS}`, UNAUTHENTICATED: VISITORS, FORBIDDEN: '*' },
      ],
      ['cancelJob', 'that is tracked and private', privateJob, { allowed: `reporter ${ADMINS}`, unknown: '*' }],
      ['retryJob', 'of the owner', endedJob, { allowed: `owner script ${ADMINS}`, unknown: '*' }],
      [
        'retryJob',
        'that is tracked',
        openJob,
        { BAD_USER_INPUT: `reporter ${ADMINS}`, UNAUTHENTICATED: VISITORS, FORBIDDEN: '*' },
      ],
      ['retryJob', 'that is tracked and private', privateJob, { BAD_USER_INPUT: `reporter ${ADMINS}`, unknown: '*' }],
    ] as const
  ).map(
    ([verb, of, given, who]): Row => ({
      field: `Mutation.${verb}`,
      of,
      query: `mutation ($id: ID!) { ${verb}(id: $id) { id } }`,
      given,
      unknown: byId,
      who,
    }),
  ),
  ...(
    [
      ['of the owner', ownersOutput, { allowed: `owner script app ${ADMINS}`, unknown: '*' }],
      [
        'that is tracked',
        async (scene: Scene) => written(scene.cast.reporter, (await openJob(scene)).id),
        { allowed: '*' },
      ],
      [
        'that is tracked and private',
        async (scene: Scene) => written(scene.cast.reporter, (await privateJob(scene)).id),
        { allowed: `reporter ${ADMINS}`, silent: '*' },
      ],
    ] as const
  ).flatMap(([of, given, who]): Row[] =>
    ['jobUpdates(id: $id) { id }', 'jobOutput(id: $id) { text }'].map((selected) => ({
      field: `Subscription.${selected.split('(')[0]}`,
      of,
      query: `subscription ($id: ID!) { ${selected} }`,
      given,
      unknown: byId,
      who,
    })),
  ),
  {
    field: 'Subscription.jobOutput',
    of: 'that is tracked and private, from a place on',
    query: 'subscription ($id: ID!) { jobOutput(id: $id, after: 2) { text } }',
    given: async (scene) => written(scene.cast.reporter, (await privateJob(scene)).id),
    unknown: () => ({ id: `t-${randomUUID()}` }),
    who: { allowed: `reporter ${ADMINS}`, unknown: '*' },
  },
  {
    field: 'Subscription.jobsChanged',
    of: 'of all spaces',
    query: 'subscription { jobsChanged { id } }',
    who: { open: ADMINS, UNAUTHENTICATED: VISITORS, FORBIDDEN: '*' },
  },

  // --- reports
  {
    field: 'Mutation.startJob',
    of: 'under a new id',
    query: 'mutation ($id: ID!) { startJob(input: { id: $id }) { id } }',
    given: () => ({ id: `t-${randomUUID()}` }),
    who: { allowed: `reporter otherReporter ${PEOPLE} ${ADMINS}`, UNAUTHENTICATED: VISITORS, FORBIDDEN: '*' },
  },
  {
    field: 'Mutation.startJob',
    of: 'under a new id with the prefix',
    query: 'mutation ($id: ID!) { startJob(input: { id: $id }) { id } }',
    given: () => ({ id: `pre-${randomUUID()}` }),
    who: { allowed: `${REPORTERS} ${PEOPLE} ${ADMINS}`, UNAUTHENTICATED: VISITORS, FORBIDDEN: '*' },
  },
  ...[openJob, privateJob].map(
    (given): Row => ({
      field: 'Mutation.startJob',
      of: `anew (${given === openJob ? 'public' : 'private'})`,
      query: 'mutation ($id: ID!) { startJob(input: { id: $id, restart: true }) { id } }',
      given,
      who: { allowed: `reporter ${ADMINS}`, UNAUTHENTICATED: VISITORS, FORBIDDEN: '*' },
    }),
  ),
  ...REPORTS.flatMap(({ field, query, more }): Row[] => [
    {
      field,
      of: 'on a tracked job',
      query,
      given: async (scene) => ({ input: { job: (await openJob(scene)).id, ...more } }),
      who: {
        allowed: `reporter ${ADMINS}`,
        UNAUTHENTICATED: VISITORS,
        FORBIDDEN: '*',
      },
    },
    {
      field,
      of: 'on a private tracked job, with a lease',
      query,
      given: async (scene) => ({ input: { job: (await privateJob(scene)).id, lease: 'x', ...more } }),
      unknown: byInput({ job: `t-${randomUUID()}` }),
      who: { BAD_USER_INPUT: `reporter ${ADMINS}`, unknown: '*' },
    },
    {
      field,
      of: 'on a job, under its lease',
      query,
      given: async (scene) => ({ input: { ...(await leasedJob(scene)), ...more } }),
      unknown: noJob,
      who: { allowed: `app ${ADMINS}`, unknown: '*' },
    },
    {
      field,
      of: 'on a job, without a lease',
      query,
      given: async (scene) => ({ input: { job: (await leasedJob(scene)).job, ...more } }),
      unknown: noJob,
      who: { BAD_USER_INPUT: `app ${ADMINS}`, unknown: '*' },
    },
  ]),
  {
    field: 'Mutation.reportCancelled',
    of: 'on a private tracked job',
    query: 'mutation ($id: ID!) { reportCancelled(input: { job: $id }) { id } }',
    given: privateJob,
    unknown: () => ({ id: `t-${randomUUID()}` }),
    who: { allowed: `reporter ${ADMINS}`, unknown: '*' },
  },

  // --- the server
  { field: 'Query.auditLog', query: '{ auditLog { nodes { id } } }', who: ADMINS_ALONE },
  { field: 'Query.stats', query: '{ stats { engine } }', who: ADMINS_ALONE },
  { field: 'Subscription.stats', query: 'subscription { stats { engine } }', who: ADMINS_ALONE },
];

/** What is a part of the thing that shows it, with nothing in it that is anybody else's. */
export const PARTS = `
  AuditPage.edges AuditPage.nodes AuditPage.pageInfo AuditEdge.node AuditEntry.actor
  AppRegistered.app RequestAssigned.lease RequestAssigned.job
  CreatedToken.token Session.viewer Token.owner
  Job.app Job.cancellation Job.error Job.estimatedWait Job.events Job.files Job.input Job.submitter
  JobEdge.node JobInput.files JobPage.edges JobPage.nodes JobPage.pageInfo
  ServerStats.each ServerStats.thisProcess ServerStats.total ProcessStats.history StatsPoint.runMs
  Space.inputs Space.policy SpaceInputs.files SpaceConnectionState.apps
`.match(/\S+/g)!;

interface Named {
  nodes: { submitter: { name: string; role: string } }[];
}
const isOf = ({ nodes }: Named, name: string) => nodes.some(({ submitter }) => submitter.name === name);

/** Nobody else's: an account's own for a person and their script, and none of apps or of who has just come. */
function onlyOf({ nodes }: Named, who: Who): boolean {
  const names: Partial<Record<Who, string>> = {
    owner: 'Owner',
    script: 'Owner',
    user: 'User',
    member: 'Member',
    visitor: 'Visitor',
  };
  const name = names[who] ?? (who === 'app' || who === 'otherApp' || who === 'nobody' ? null : 'REPORTER token');
  return nodes.every(({ submitter }) => submitter.name === name);
}
