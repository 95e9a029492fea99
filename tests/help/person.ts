import {
  type Connection,
  cancelJobMutation,
  connect,
  createSpaceMutation,
  deleteSpaceMutation,
  disconnectAppMutation,
  type JobSnapshot,
  jobQuery,
  type RemoteAppFragment,
  remoteAppsQuery,
  type SpaceConnectionFragment,
  type SpaceFragment,
  type SubmitInferenceInput,
  spaceConnectionSubscription,
  submitInferenceMutation,
  watchJob,
} from '../../client/sdk/index.ts';
import { createInbox, type Inbox } from './inbox.ts';

/** Someone who uses a server as people do: through the SDK. */
export interface Person extends AsyncDisposable {
  connection: Connection;
  /** Makes a space that takes prompts and files, and queues while no app is there. */
  space(id: string, policy?: Partial<SpaceFragment['policy']>): Promise<void>;
  submit(space: string, prompt: string, more?: Partial<SubmitInferenceInput>): Promise<JobSnapshot>;
  /** So many, one after the other; the prompts count from 0. Resolves to their ids. */
  submitMany(space: string, count: number): Promise<string[]>;
  job(id: string): Promise<JobSnapshot>;
  /** What a watcher sees, from now to the end. */
  watch(id: string): Inbox<JobSnapshot>;
  /** The last thing that a watcher sees. */
  end(id: string): Promise<JobSnapshot>;
  /** The connection state of a space, as someone who looks at it sees it. */
  look(space: string): Inbox<SpaceConnectionFragment>;
  cancel(id: string): Promise<JobSnapshot>;
  apps(): Promise<RemoteAppFragment[]>;
  disconnectApp(id: string): Promise<boolean>;
  deleteSpace(id: string): Promise<boolean>;
}

/** `keepAliveSeconds`: how soon a silent server is noticed. */
export function connectPerson(
  url: string,
  { keepAliveSeconds = 10, token }: { keepAliveSeconds?: number; token?: string | undefined } = {},
): Person {
  const connection = connect({ url, keepAliveSeconds, token });

  const submit: Person['submit'] = async (space, prompt, more) => {
    const input = { space, prompt, ...more };
    return (await connection.request(submitInferenceMutation, { input })).submitInference;
  };

  function follow<T>(source: AsyncIterable<T>, what: string): Inbox<T> {
    const inbox = createInbox<T>();
    const read = async () => {
      for await (const item of source) inbox.put(item);
    };
    read().then(
      () => inbox.end(`${what} ended`),
      (error) => inbox.end(`${what} failed with ${error}`),
    );
    return inbox;
  }

  return {
    connection,
    async space(id, policy) {
      const inputs = { prompt: true, files: { accept: ['*/*'] } };
      const input = { id, title: id, inputs, policy: { whenOffline: 'QUEUE' as const, ...policy } };
      await connection.request(createSpaceMutation, { input });
    },
    submit,
    async submitMany(space, count) {
      const ids: string[] = [];
      for (let n = 0; n < count; n++) ids.push((await submit(space, `${n}`)).id);
      return ids;
    },
    async job(id) {
      const { job } = await connection.request(jobQuery, { id });
      if (!job) throw new Error(`There is no job ${id}`);
      return job;
    },
    watch: (id) => follow(watchJob(connection, id), `Watching ${id}`),
    async end(id) {
      let last: JobSnapshot | undefined;
      for await (const job of watchJob(connection, id)) last = job;
      if (!last?.finishedAt) throw new Error(`Watching ${id} ended with ${last?.status ?? 'nothing'}`);
      return last;
    },
    look(space) {
      const states = async function* () {
        const changes = connection.subscribe(spaceConnectionSubscription, { space });
        for await (const { spaceConnection } of changes) yield spaceConnection;
      };
      return follow(states(), `Looking at ${space}`);
    },
    cancel: async (id) => (await connection.request(cancelJobMutation, { id })).cancelJob,
    apps: async () => (await connection.request(remoteAppsQuery, {})).remoteApps,
    disconnectApp: async (id) => (await connection.request(disconnectAppMutation, { id })).disconnectApp,
    deleteSpace: async (id) => (await connection.request(deleteSpaceMutation, { id })).deleteSpace,
    [Symbol.asyncDispose]: () => connection.close(),
  };
}
