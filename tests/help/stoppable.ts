import { type IncomingMessage, request } from 'node:http';
import { type Query, textOf } from './client.ts';
import { createFlow, type Flow } from './flow.ts';
import type { TestServer } from './server.ts';

/** A subscription over Server-Sent Events whose reader can stop: what `fetch` reads ahead would hide it from the server. */
export interface Stoppable<T> extends AsyncDisposable {
  flow: Flow<T>;
  /** From here on nothing is read from the connection. */
  pause(): void;
  resume(): void;
  /** Resolves when the connection is over. */
  closed: Promise<void>;
}

export async function openStoppable<T, V = Record<string, unknown>>(
  { graphql }: Pick<TestServer, 'graphql'>,
  query: Query<Record<string, T>, V>,
  variables?: V,
): Promise<Stoppable<T>> {
  const headers = { 'content-type': 'application/json', accept: 'text/event-stream' };
  const asking = request(graphql, { method: 'POST', headers, agent: false });
  asking.end(JSON.stringify({ query: textOf(query), variables }));
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    asking.once('response', resolve).once('error', reject);
  });
  const { flow, push, end, lose } = createFlow<T>(() => asking.destroy());
  const closed = new Promise<void>((resolve) => answer.once('close', resolve));
  const gone = () => lose(new Error('The stream was cut'));
  answer.on('error', gone).on('close', gone);
  asking.on('error', gone);
  let text = '';
  answer.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (text + chunk).split('\n');
    text = lines.pop()!;
    for (const line of lines) {
      if (line.startsWith('data:') && line.length > 6) push(JSON.parse(line.slice(5)));
      else if (line === 'event: complete') end('complete');
    }
  });
  return {
    flow,
    pause: () => void answer.pause(),
    resume: () => void answer.resume(),
    closed,
    async [Symbol.asyncDispose]() {
      asking.destroy();
      await closed;
    },
  };
}
