import { post } from './client.ts';
import type { Flow } from './flow.ts';
import type { TestServer, TestServerOptions } from './server.ts';
import { openSocket, type RawSocket, type RawSocketOptions } from './socket.ts';

export const ADMIN_PASSWORD = 'correct horse battery';

/** A server where people sign in: `admin` has ADMIN_PASSWORD. */
export const withAccounts = (options: TestServerOptions = {}): TestServerOptions => ({
  ...options,
  env: { ACCESS: 'accounts', ADMIN_PASSWORD, ...options.env },
});

/** Somebody at a server, over HTTP and WebSocket, always with the same credentials. */
export interface Person {
  /** What they send; null: nothing. */
  secret: string | null;
  headers: Record<string, string>;
  ask<R>(query: string, variables?: Record<string, unknown>): Promise<R>;
  /** The refusal's code, or null where there was none. */
  refusal(query: string, variables?: Record<string, unknown>): Promise<string | null>;
  socket(options?: RawSocketOptions): Promise<RawSocket>;
}

export function person(server: Pick<TestServer, 'graphql' | 'socket'>, secret: string | null): Person {
  const headers: Record<string, string> = secret === null ? {} : { authorization: `Bearer ${secret}` };
  return {
    secret,
    headers,
    async ask<R>(query: string, variables?: Record<string, unknown>) {
      const { data, errors } = await post<R>(server, query, variables, headers);
      if (!data || errors.length > 0) throw new Error(`Refused: ${JSON.stringify(errors)}`);
      return data;
    },
    async refusal(query, variables) {
      const { errors } = await post(server, query, variables, headers);
      return errors[0]?.extensions.code ?? null;
    },
    socket: (options = {}) => openSocket(server, { connectionParams: headers, ...options }),
  };
}

const LOGIN =
  'mutation ($name: String!, $password: String!) { login(name: $name, password: $password) { token viewer { id name role } } }';

/** What somebody with this password is, at a server that has made its accounts. */
export async function signInAt(
  server: Pick<TestServer, 'graphql' | 'socket'>,
  name: string,
  password: string,
): Promise<Person> {
  const { data, errors } = await post<{ login: { token: string } }>(server, LOGIN, { name, password });
  if (!data) throw new Error(`Refused: ${JSON.stringify(errors)}`);
  return person(server, data.login.token);
}

/** The first administrator, as soon as there is one: nobody outside of the server is told when. */
export async function firstSignIn(server: Pick<TestServer, 'graphql' | 'socket'>): Promise<Person> {
  for (;;) {
    const admin = await signInAt(server, 'admin', ADMIN_PASSWORD).catch(() => null);
    if (admin) return admin;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

export async function signIn(server: TestServer, name = 'admin', password = ADMIN_PASSWORD): Promise<Person> {
  // The first administrator is made when the storage answers: soon.
  while (name === 'admin' && !(await server.engine.documents.get('account', 'admin'))) {
    await new Promise((turn) => setImmediate(turn));
  }
  return signInAt(server, name, password);
}

/** A user, signed in. */
export async function newUser(
  server: Pick<TestServer, 'graphql' | 'socket'>,
  admin: Person,
  name: string,
): Promise<Person> {
  const password = `password of ${name}`;
  await admin.ask('mutation ($input: CreateUserInput!) { createUser(input: $input) { id } }', {
    input: { name, password },
  });
  return signInAt(server, name, password);
}

/** A program with a token of its own. */
export async function newToken(
  server: Pick<TestServer, 'graphql' | 'socket'>,
  maker: Person,
  input: { role: string; name?: string; spaces?: string[]; prefix?: string; expiresInDays?: number },
): Promise<Person & { id: string }> {
  const { createToken } = await maker.ask<{ createToken: { secret: string; token: { id: string } } }>(
    'mutation ($input: CreateTokenInput!) { createToken(input: $input) { secret token { id } } }',
    { input: { name: `${input.role} token`, ...input } },
  );
  return { ...person(server, createToken.secret), id: createToken.token.id };
}

/** A visitor with an id of their own. */
export async function newVisitor(server: TestServer): Promise<Person> {
  const { startSession } = await person(server, null).ask<{ startSession: { token: string } }>(
    'mutation { startSession { token } }',
  );
  return person(server, startSession.token);
}

export interface AppEvent {
  __typename: string;
  app?: { id: string; spaces: string[] };
  kept?: string[];
  lost?: string[];
  lease?: { token: string };
  job?: { id: string };
}

const PENDING = `subscription ($input: RemoteAppInput!) { pendingRequests(input: $input) {
  __typename
  ... on AppRegistered { app { id spaces } kept lost }
  ... on RequestAssigned { lease { token } job { id } }
} }`;

/** A remote app of somebody's: it is registered, and answers Pings. */
export interface Serving extends AsyncDisposable {
  socket: RawSocket;
  events: Flow<AppEvent>;
  registered: AppEvent;
  /** The next request, as reports name it. */
  request(): Promise<{ job: string; lease: string }>;
}

export async function serve(who: Person, input: { spaces: string[]; [more: string]: unknown }): Promise<Serving> {
  const socket = await who.socket();
  const events = socket.subscribe<AppEvent>(PENDING, {
    input: { instance: 'one', name: 'App', capacity: 100, ...input },
  });
  try {
    const registered = await events.next();
    return {
      socket,
      events,
      registered,
      async request() {
        const { job, lease } = await events.until(({ __typename }) => __typename === 'RequestAssigned');
        return { job: job!.id, lease: lease!.token };
      },
      [Symbol.asyncDispose]: () => socket[Symbol.asyncDispose](),
    };
  } catch (error) {
    await socket[Symbol.asyncDispose]();
    throw error;
  }
}
