import '../../src/production.ts';
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { type Job, Queue, Worker } from 'bullmq';
import { buildSchema } from 'graphql';
import { RedisPubSub } from 'graphql-redis-subscriptions';
import { useServer } from 'graphql-ws/use/ws';
import { Redis } from 'ioredis';
import { WebSocketServer } from 'ws';

// What the bench compares with: the same flow as the manuals of its parts would have it built, graphql-ws, BullMQ and
// graphql-redis-subscriptions, without leases, confirmed delivery, replay, or snapshots beyond one look at the start.

const url = process.env.REDIS_URL!;
const { hostname: host, port } = new URL(url);
const connection = { host, port: Number(port), maxRetriesPerRequest: null };
const queue = new Queue<{ prompt: string }>('bench', { connection });
const pubsub = new RedisPubSub({ publisher: new Redis(url), subscriber: new Redis(url) });

const schema = buildSchema(/* GraphQL */ `
  scalar JSON
  type Job { id: ID! status: String! progress: Float! input: JobInput }
  type JobInput { prompt: String }
  type Lease { token: ID! }
  union RemoteAppEvent = AppRegistered | RequestAssigned
  type AppRegistered { kept: [ID!]! }
  type RequestAssigned { lease: Lease! job: Job! }
  input SubmitInferenceInput { space: ID! prompt: String }
  input ReportProgressInput { job: ID! lease: ID stage: String! progress: Float }
  input ReportCompleteInput { job: ID! lease: ID result: JSON }
  input RemoteAppInput { instance: ID! name: String! spaces: [ID!]! capacity: Int }
  type Query { ok: Boolean! }
  type Mutation {
    submitInference(input: SubmitInferenceInput!): Job!
    reportProgress(input: ReportProgressInput!): Job!
    reportComplete(input: ReportCompleteInput!): Job!
  }
  type Subscription { jobUpdates(id: ID!): Job! pendingRequests(input: RemoteAppInput!): RemoteAppEvent! }
`);

interface State {
  id: string;
  status: string;
  progress: number;
}
const topic = (id: string) => `job:${id}`;
async function tell(state: State): Promise<State> {
  await pubsub.publish(topic(state.id), { jobUpdates: state });
  return state;
}

const finished = new Set<string>();
const running = new Map<string, { job: Job; done(result: unknown): void }>();

const mutation = {
  async submitInference({ input }: { input: { prompt: string } }): Promise<State> {
    const { id } = await queue.add('job', { prompt: input.prompt });
    return { id: id!, status: 'QUEUED', progress: 0 };
  },
  async reportProgress({ input }: { input: { job: string; progress: number } }): Promise<State> {
    await running.get(input.job)?.job.updateProgress(input.progress);
    return tell({ id: input.job, status: 'RUNNING', progress: input.progress });
  },
  async reportComplete({ input }: { input: { job: string; result: unknown } }): Promise<State> {
    finished.add(input.job);
    running.get(input.job)?.done(input.result);
    return tell({ id: input.job, status: 'COMPLETED', progress: 1 });
  },
};

const subscription = {
  async *jobUpdates({ id }: { id: string }) {
    const news: State[] = [];
    let wake = Promise.withResolvers<void>();
    const subscribed = await pubsub.subscribe(topic(id), ({ jobUpdates }: { jobUpdates: State }) => {
      news.push(jobUpdates);
      wake.resolve();
    });
    try {
      const done = finished.has(id);
      yield { jobUpdates: { id, status: done ? 'COMPLETED' : 'QUEUED', progress: 0 } };
      if (done) return;
      for (;;) {
        await wake.promise;
        wake = Promise.withResolvers();
        for (const state of news.splice(0)) {
          yield { jobUpdates: state };
          if (state.status === 'COMPLETED') return;
        }
      }
    } finally {
      pubsub.unsubscribe(subscribed);
    }
  },

  async *pendingRequests({ input }: { input: { capacity: number } }) {
    const ready: object[] = [];
    let wake = Promise.withResolvers<void>();
    const worker = new Worker<{ prompt: string }>(
      'bench',
      (job) =>
        new Promise((done) => {
          running.set(job.id!, { job, done });
          ready.push({
            __typename: 'RequestAssigned',
            lease: { token: randomUUID() },
            job: { id: job.id, status: 'RUNNING', progress: 0, input: { prompt: job.data.prompt } },
          });
          wake.resolve();
        }).finally(() => running.delete(job.id!)),
      { connection, concurrency: input.capacity, removeOnComplete: { count: 10_000 } },
    );
    try {
      await worker.waitUntilReady();
      yield { pendingRequests: { __typename: 'AppRegistered', kept: [] } };
      for (;;) {
        await wake.promise;
        wake = Promise.withResolvers();
        for (const event of ready.splice(0)) yield { pendingRequests: event };
      }
    } finally {
      await worker.close(true);
    }
  },
};

const http = createServer((_request, response) => response.end('ok'));
useServer({ schema, roots: { mutation, subscription } }, new WebSocketServer({ server: http, path: '/graphql' }));
http.listen(Number(process.env.PORT), '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));
