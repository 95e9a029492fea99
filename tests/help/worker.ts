import type { ReportCompleteInput, ReportFailureInput, ReportProgressInput } from '../../client/sdk/index.ts';
import type { Answer, Flow } from './flow.ts';
import type { TestServer } from './server.ts';
import { openSocket, type RawSocket, type RawSocketOptions } from './socket.ts';

/** A job as its reporter sees it. */
export interface Reported {
  id: string;
  status: string;
  revision: number;
}

type Own<T> = Partial<Omit<T, 'job' | 'lease'>>;

/** A request that a worker was pushed, and what it can say of it. */
export interface Work {
  job: string;
  lease: string;
  attempt: number;
  input: {
    prompt: string | null;
    parameters: unknown;
    files: { id: string; name: string; size: number; url: string }[];
  };
  progress(report?: Own<ReportProgressInput>): Promise<Answer<Reported>>;
  complete(report?: Own<ReportCompleteInput>): Promise<Answer<Reported>>;
  fail(report?: Own<ReportFailureInput>): Promise<Answer<Reported>>;
  cancelled(): Promise<Answer<Reported>>;
}

type AppEvent =
  | { __typename: 'AppRegistered'; app: { id: string; name: string }; kept: string[]; lost: string[] }
  | { __typename: 'RequestAssigned'; lease: { token: string }; job: { id: string } & Pick<Work, 'attempt' | 'input'> }
  | { __typename: 'CancelRequested' | 'LeaseRevoked'; jobId: string; leaseToken: string; reason?: string }
  | { __typename: 'ServerDraining'; deadline: string };
type Told<T extends AppEvent['__typename']> = Extract<AppEvent, { __typename: T }>;

/** A remote app that does nothing by itself: the test says what it reports and when. */
export interface Worker extends AsyncDisposable {
  socket: RawSocket;
  id: string;
  flow: Flow<AppEvent>;
  /** The next request it is pushed. */
  work(): Promise<Work>;
  /** The next event of this type; those before it are passed over. */
  event<T extends 'CancelRequested' | 'LeaseRevoked' | 'ServerDraining'>(type: T): Promise<Told<T>>;
  /** Says goodbye: what it holds goes back to the queue. */
  leave(): Promise<void>;
}

export const PENDING_REQUESTS = /* GraphQL */ `
  subscription ($input: RemoteAppInput!) {
    pendingRequests(input: $input) {
      __typename
      ... on AppRegistered { app { id name } kept lost }
      ... on RequestAssigned {
        lease { token }
        job { id attempt input { prompt parameters files { id name size url } } }
      }
      ... on CancelRequested { jobId: job leaseToken: lease }
      ... on LeaseRevoked { jobId: job leaseToken: lease reason }
      ... on ServerDraining { deadline }
    }
  }`;

const report = (name: string, input: string) =>
  `mutation ($input: ${input}!) { ${name}(input: $input) { id status revision } }`;

/** Sends a report by name, as any worker would. */
export async function send(
  socket: Pick<RawSocket, 'request'>,
  name: 'reportProgress' | 'reportComplete' | 'reportFailure' | 'reportCancelled',
  input: Record<string, unknown>,
): Promise<Answer<Reported>> {
  const type = `${name[0]!.toUpperCase()}${name.slice(1)}Input`;
  const { data, errors } = await socket.request<Record<string, Reported>>(report(name, type), { input });
  return { data: data?.[name] ?? null, errors };
}

/** Registered when this resolves. */
export async function openWorker(
  server: Pick<TestServer, 'socket'>,
  spaces: string | string[],
  {
    capacity = 1,
    instance = crypto.randomUUID() as string,
    connection,
  }: { capacity?: number; instance?: string; connection?: RawSocketOptions } = {},
): Promise<Worker> {
  const socket = await openSocket(server, connection);
  const input = { instance, name: 'Worker', spaces: [spaces].flat(), capacity };
  const flow = socket.subscribe<AppEvent>(PENDING_REQUESTS, { input });
  const registered = (await flow.next()) as Told<'AppRegistered'>;

  async function event<T extends AppEvent['__typename']>(type: T): Promise<Told<T>> {
    return (await flow.until(({ __typename }) => __typename === type)) as Told<T>;
  }

  return {
    socket,
    id: registered.app.id,
    flow,
    event,
    async work() {
      const { job, lease } = await event('RequestAssigned');
      const held = { job: job.id, lease: lease.token };
      return {
        ...held,
        attempt: job.attempt,
        input: job.input,
        progress: (given) => send(socket, 'reportProgress', { stage: 'working', ...given, ...held }),
        complete: (given) => send(socket, 'reportComplete', { ...given, ...held }),
        fail: (given) => send(socket, 'reportFailure', { error: 'It broke', ...given, ...held }),
        cancelled: () => send(socket, 'reportCancelled', held),
      };
    },
    async leave() {
      flow.stop();
      await socket.close();
    },
    [Symbol.asyncDispose]: () => socket[Symbol.asyncDispose](),
  };
}
