import '../../src/production.ts';
import { createServer } from 'node:http';
import { buildSchema } from 'graphql';
import { RedisPubSub } from 'graphql-redis-subscriptions';
import { useServer } from 'graphql-ws/use/ws';
import { Redis } from 'ioredis';
import { WebSocketServer } from 'ws';

// The fan-out of one update to many watchers as the manuals of graphql-ws and graphql-redis-subscriptions would have it built.

const url = process.env.REDIS_URL!;
const pubsub = new RedisPubSub({ publisher: new Redis(url), subscriber: new Redis(url) });
const schema = buildSchema(/* GraphQL */ `
  type Job { status: String! stage: String progress: Float! message: String }
  input ReportProgressInput { job: ID! stage: String! progress: Float message: String }
  type Query { ok: Boolean! }
  type Mutation { reportProgress(input: ReportProgressInput!): Job! }
  type Subscription { jobUpdates(id: ID!): Job! }
`);
interface Report {
  job: string;
  stage: string;
  progress: number;
  message: string;
}
const roots = {
  mutation: {
    async reportProgress({ input: { job, ...progress } }: { input: Report }) {
      const state = { status: 'RUNNING', ...progress };
      await pubsub.publish(`job:${job}`, { jobUpdates: state });
      return state;
    },
  },
  subscription: { jobUpdates: ({ id }: { id: string }) => pubsub.asyncIterableIterator(`job:${id}`) },
};
const http = createServer((_request, response) => response.end('ok'));
useServer({ schema, roots }, new WebSocketServer({ server: http, path: '/graphql' }));
http.listen(Number(process.env.PORT), '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));
