import '../../src/production.ts';
import { createServer } from 'node:http';
import { Redis } from 'ioredis';
import { type WebSocket, WebSocketServer } from 'ws';

// The floor of any fan-out over WebSockets in Node: whatever is published on a channel goes to who asked for it, as it is. It is asked in
// the words of the others, and knows two of their sentences: watch a job, and report on one.

interface Payload {
  variables: { id?: string; input?: { job: string; stage: string; progress: number; message: string } };
}

const url = process.env.REDIS_URL!;
const redis = new Redis(url);
const publisher = new Redis(url);
const topics = new Map<string, Set<WebSocket>>();
redis.on('message', (channel: string, message: string) => {
  const frame = `{"id":"1","type":"next","payload":${message}}`;
  for (const socket of topics.get(channel) ?? []) socket.send(frame);
});

function watch(socket: WebSocket, job: string): void {
  const channel = `floor:${job}`;
  const watchers = topics.get(channel) ?? new Set();
  if (watchers.size === 0) redis.subscribe(channel);
  topics.set(channel, watchers.add(socket));
  socket.on('close', () => watchers.delete(socket));
}

const http = createServer((_request, response) => response.end('ok'));
new WebSocketServer({ server: http, path: '/graphql' }).on('connection', (socket) => {
  socket.on('message', async (data) => {
    const { id, type, payload } = JSON.parse(String(data)) as { id: string; type: string; payload?: Payload };
    if (type === 'connection_init') return socket.send('{"type":"connection_ack"}');
    const { input } = payload!.variables;
    if (!input) return watch(socket, payload!.variables.id!);
    const { job, ...update } = input;
    await publisher.publish(`floor:${job}`, JSON.stringify({ data: { jobUpdates: { status: 'RUNNING', ...update } } }));
    socket.send(JSON.stringify({ id, type: 'next', payload: { data: { reportProgress: { status: 'RUNNING' } } } }));
    socket.send(JSON.stringify({ id, type: 'complete' }));
  });
});
http.listen(Number(process.env.PORT), '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));
