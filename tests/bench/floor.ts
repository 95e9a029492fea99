import '../../src/production.ts';
import { createServer } from 'node:http';
import { Redis } from 'ioredis';
import { type WebSocket, WebSocketServer } from 'ws';

// The floor of any fan-out over WebSockets in Node: whatever is published on a channel goes to who asked for it, as it is.

const redis = new Redis(process.env.REDIS_URL!);
const topics = new Map<string, Set<WebSocket>>();
redis.on('message', (channel: string, message: string) => {
  const frame = `{"id":"1","type":"next","payload":${message}}`;
  for (const socket of topics.get(channel) ?? []) socket.send(frame);
});
const http = createServer((_request, response) => response.end('ok'));
new WebSocketServer({ server: http, path: '/graphql' }).on('connection', (socket) => {
  socket.on('message', (data) => {
    const { type, payload } = JSON.parse(String(data)) as { type: string; payload?: { variables: { id: string } } };
    if (type === 'connection_init') return socket.send('{"type":"connection_ack"}');
    const channel = `floor:${payload!.variables.id}`;
    const watchers = topics.get(channel) ?? new Set();
    if (watchers.size === 0) redis.subscribe(channel);
    topics.set(channel, watchers.add(socket));
    socket.on('close', () => watchers.delete(socket));
  });
});
http.listen(Number(process.env.PORT), '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));
