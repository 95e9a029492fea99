import {
  type Connection,
  connect,
  connectRemoteApp,
  createSpaceMutation,
  type JobSnapshot,
  type RemoteApp,
  type RemoteAppEvent,
  type RemoteAppOptions,
  type SpaceFragment,
  type SubmitInferenceInput,
  submitInferenceMutation,
  watchJob,
} from '../../client/sdk/index.ts';
import { startServer, type TestServer, type TestServerOptions } from '../help/server.ts';

/** An app of a test, and what happened to it. */
export interface Actor extends AsyncDisposable {
  app: RemoteApp;
  events: RemoteAppEvent[];
  /** The next event of this type that nobody has taken yet, also if it was before the call. */
  event<T extends RemoteAppEvent['type']>(type: T): Promise<Extract<RemoteAppEvent, { type: T }>>;
}

/** A server with a space called `stage`, and a person connected to it. */
export interface Stage extends AsyncDisposable {
  server: TestServer;
  person: Connection;
  /** An app that serves the space, unless told otherwise; registered when this resolves. */
  actor(options: Partial<RemoteAppOptions> & Pick<RemoteAppOptions, 'handler'>): Promise<Actor>;
  submit(input?: Partial<SubmitInferenceInput>): Promise<JobSnapshot>;
  /** Every snapshot that a watcher gets, to the end. */
  watch(id: string): Promise<JobSnapshot[]>;
  /** The first one that is as wanted. */
  until(id: string, wanted: (job: JobSnapshot) => boolean): Promise<JobSnapshot>;
  /** The last one. */
  end(id: string): Promise<JobSnapshot>;
}

export const SPACE = 'stage';

export async function openStage(
  policy: Partial<SpaceFragment['policy']> = {},
  options: TestServerOptions = {},
): Promise<Stage> {
  const server = await startServer(options);
  const person = connect({ url: server.url });
  const actors: Actor[] = [];
  const inputs = { prompt: true, files: { accept: ['*/*'] } };
  await person.request(createSpaceMutation, {
    input: { id: SPACE, title: 'Stage', inputs, policy: { whenOffline: 'QUEUE', ...policy } },
  });

  async function watch(id: string): Promise<JobSnapshot[]> {
    const snapshots: JobSnapshot[] = [];
    for await (const job of watchJob(person, id)) snapshots.push(job);
    return snapshots;
  }

  return {
    server,
    person,
    watch,
    async until(id, wanted) {
      for await (const job of watchJob(person, id)) if (wanted(job)) return job;
      throw new Error(`Job ${id} ended otherwise`);
    },
    end: async (id) => (await watch(id)).at(-1)!,
    async actor(choices) {
      const actor = startActor({ url: server.url, spaces: [SPACE], drainOnSignals: false, ...choices });
      actors.push(actor);
      await actor.app.registered;
      return actor;
    },
    async submit(input) {
      const { submitInference } = await person.request(submitInferenceMutation, {
        input: { space: SPACE, prompt: 'hello', ...input },
      });
      return submitInference;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(actors.map((actor) => actor[Symbol.asyncDispose]()));
      await person.close();
      await server.close();
    },
  };
}

/** Connects an app and keeps its events. */
export function startActor(options: RemoteAppOptions): Actor {
  const events: RemoteAppEvent[] = [];
  const untaken: RemoteAppEvent[] = [];
  let look = () => {};

  const app = connectRemoteApp({
    ...options,
    onEvent(event) {
      events.push(event);
      untaken.push(event);
      look();
    },
  });

  function event<T extends RemoteAppEvent['type']>(type: T): Promise<Extract<RemoteAppEvent, { type: T }>> {
    return new Promise((resolve) => {
      const before = look;
      const mine = () => {
        const index = untaken.findIndex((candidate) => candidate.type === type);
        if (index < 0) return before();
        const [found] = untaken.splice(index, 1);
        look = before;
        resolve(found as Extract<RemoteAppEvent, { type: T }>);
      };
      look = mine;
      mine();
    });
  }

  return {
    app,
    events,
    event,
    async [Symbol.asyncDispose]() {
      // An app that a test let end with an error has told it to the test.
      await app.close().catch(() => {});
    },
  };
}
