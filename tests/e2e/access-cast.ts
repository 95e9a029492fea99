import { randomUUID } from 'node:crypto';
import { newToken, newUser, newVisitor, type Person, person, signIn } from '../help/people.ts';
import type { TestServer } from '../help/server.ts';

/** Everybody there is to ask. */
export interface Cast {
  /** Comes for the first time, and keeps nothing. */
  nobody: Person;
  /** Not signed in, with things of their own. */
  visitor: Person;
  /** Signed in, and has to do with nothing. */
  user: Person;
  /** Signed in, with things of their own. */
  owner: Person;
  /** Of the private space. */
  member: Person;
  admin: Person;
  /** May serve the public, the private and the working space. */
  app: Person;
  /** Serves another space. */
  otherApp: Person;
  /** Has begun tracked jobs. */
  reporter: Person;
  otherReporter: Person;
  /** May report on jobs whose id begins with `pre-`. */
  prefixed: Person;
  /** Of the owner. */
  script: Person;
  adminScript: Person;
}
export type Who = keyof Cast;

/** Public; takes what visitors submit. */
export const PUBLIC = 'public';
/** Private; of the member. */
export const CLUB = 'club';
/** Public; the other app's. */
export const FAR = 'far';
/** Public; where the app works, if it does. */
export const WORK = 'work';

/** No socket is cut because the machine is busy, and nobody is kept out for what the others try. */
export const PATIENT = {
  KEEPALIVE_SECONDS: '10',
  RECONNECT_GRACE_SECONDS: '10',
  APP_SILENCE_SECONDS: '60',
  MAX_SIGN_IN_FAILURES_PER_NAME: '10000',
  MAX_SIGN_IN_FAILURES_PER_ADDRESS: '10000',
  MAX_QUEUED_PER_VIEWER: '10000',
  MAX_SUBMITS_PER_MINUTE: '100000',
  MAX_VISITOR_SUBMITS_PER_MINUTE: '100000',
  MAX_VISITOR_OPERATIONS_PER_SECOND: '10000',
};

export const UNKNOWN_JOB = 'nowhere.0192f0c1-2345-7000-8000-000000000000';

export const NAMES: Partial<Record<Who, string>> = { admin: 'admin', member: 'Member', owner: 'Owner', user: 'User' };

export async function newCast(server: TestServer): Promise<Cast> {
  const admin = await signIn(server);
  const member = await newUser(server, admin, 'Member');
  const policy = { whenOffline: 'QUEUE' };
  for (const space of [
    { id: PUBLIC, visitors: true },
    { id: CLUB, visibility: 'PRIVATE', members: ['Member'] },
    { id: FAR },
    { id: WORK },
  ]) {
    await admin.ask('mutation ($input: CreateSpaceInput!) { createSpace(input: $input) { id } }', {
      input: { title: space.id, policy, ...space },
    });
  }
  const owner = await newUser(server, admin, 'Owner');
  const token = (role: string, more: object = {}) => newToken(server, admin, { role, ...more });
  return {
    nobody: person(server, null),
    visitor: await newVisitor(server),
    user: await newUser(server, admin, 'User'),
    owner,
    member,
    admin,
    app: await token('APP', { spaces: [PUBLIC, CLUB, WORK] }),
    otherApp: await token('APP', { spaces: [FAR] }),
    reporter: await token('REPORTER'),
    otherReporter: await token('REPORTER'),
    prefixed: await token('REPORTER', { prefix: 'pre-' }),
    script: await newToken(server, owner, { role: 'USER' }),
    adminScript: await token('ADMIN'),
  };
}

/** A job of somebody's in a space. */
export async function newJob(who: Person, space = PUBLIC): Promise<string> {
  const { submitInference } = await who.ask<{ submitInference: { id: string } }>(
    'mutation ($space: ID!) { submitInference(input: { space: $space, prompt: "hi" }) { id } }',
    { space },
  );
  return submitInference.id;
}

/** A tracked job that somebody has begun. */
export async function newTracked(who: Person, more: object = {}): Promise<string> {
  const id = `t-${randomUUID()}`;
  await who.ask('mutation ($input: StartJobInput!) { startJob(input: $input) { id } }', { input: { id, ...more } });
  return id;
}
