import { type Client, connect } from './load.ts';

/** Whole job lives: submit over a socket, delivered, one progress report, complete, end seen by the submitter's subscription. */
export interface Flow {
  submit: string;
  updates: string;
  requests: string;
  progress: string;
  complete: string;
}

export const spacedock: Flow = {
  submit: 'mutation($p:String!){submitInference(input:{space:"bench",prompt:$p}){id}}',
  updates: 'subscription($id:ID!){jobUpdates(id:$id){status progress}}',
  requests: `subscription($input:RemoteAppInput!){pendingRequests(input:$input){__typename
    ... on AppRegistered{kept} ... on RequestAssigned{lease{token} job{id input{prompt}}}}}`,
  progress: 'mutation($input:ReportProgressInput!){reportProgress(input:$input){status}}',
  complete: 'mutation($input:ReportCompleteInput!){reportComplete(input:$input){status}}',
};

interface RequestEvent {
  __typename: string;
  lease: { token: string };
  job: { id: string; input: { prompt: string } };
}

/** An app that does nothing but answer. */
export async function startApp(url: string, flow: Flow, capacity: number, authorization?: string): Promise<Client> {
  const client = await connect(url, authorization);
  const registered = Promise.withResolvers<void>();
  const input = { instance: `bench-${process.pid}-${Math.random()}`, name: 'bench', spaces: ['bench'], capacity };
  const work = async ({ lease, job }: RequestEvent) => {
    const report = { job: job.id, lease: lease.token };
    await client.once(flow.progress, { input: { ...report, stage: 'working', progress: 0.5 } });
    await client.once(flow.complete, { input: { ...report, result: { echo: job.input.prompt } } });
  };
  client
    .run(flow.requests, { input }, ({ pendingRequests }) => {
      const event = pendingRequests as RequestEvent;
      if (event.__typename === 'AppRegistered') registered.resolve();
      else if (event.__typename === 'RequestAssigned') work(event).catch(registered.reject);
    })
    .catch(registered.reject);
  await registered.promise;
  return client;
}

export interface Result {
  lives: number;
  seconds: number;
  /** Milliseconds, sorted. */
  latencies: number[];
}

/** `lives` jobs, `inFlight` at a time. */
export async function run(client: Client, flow: Flow, lives: number, inFlight: number): Promise<Result> {
  let left = lives;
  const latencies: number[] = [];
  const begin = performance.now();
  await Promise.all(
    Array.from({ length: inFlight }, async () => {
      while (left-- > 0) {
        const at = performance.now();
        const { submitInference } = await client.once(flow.submit, {
          p: 'A prompt of ordinary length, as people write them.',
        });
        const { id } = submitInference as { id: string };
        let status = '';
        await client.run(flow.updates, { id }, ({ jobUpdates }) => {
          status = (jobUpdates as { status: string }).status;
        });
        if (status !== 'COMPLETED') throw new Error(`Job ${id} ended as ${status}`);
        latencies.push(performance.now() - at);
      }
    }),
  );
  return { lives, seconds: (performance.now() - begin) / 1000, latencies: latencies.sort((a, b) => a - b) };
}
