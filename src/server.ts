import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { printSchema } from 'graphql';
import type { Config } from './config.ts';
import { Refusal } from './domain/refusal.ts';
import { type Engine, EngineUnavailable } from './engine/engine.ts';
import { createDocuments } from './graphql/documents.ts';
import { createOperations } from './graphql/operations.ts';
import { schema } from './graphql/schema.ts';
import { createAddressLimit } from './http/address-limit.ts';
import { createClientAddress } from './http/client-address.ts';
import { createDoorkeeper } from './http/doorkeeper.ts';
import { createFileRoutes } from './http/files.ts';
import { createGraphqlRoute } from './http/graphql.ts';
import { securityHeaders } from './http/headers.ts';
import { createListener } from './http/listener.ts';
import { createMetrics } from './http/metrics.ts';
import { createOidcRoutes } from './http/oidc.ts';
import { createPages } from './http/pages.ts';
import { refuseUpgrade, sendJson, sendRefusal, sendText } from './http/respond.ts';
import { refusedFor } from './live/origin.ts';
import { createSockets } from './live/socket.ts';
import { createWatch } from './live/watch.ts';
import type { Log } from './log.ts';
import { type Console, TERMINAL } from './service/console.ts';
import { createServices, type Services } from './service/services.ts';

export interface Server {
  /** Where it listens: `http://host:port`. */
  url: string;
  services: Services;
  /** Listeners that live views hold on this process. */
  topics(): number;
  /** Executions that watchers on this process share. */
  groups(): number;
  /** Bytes that wait for sockets and streams of events which read slowly. */
  unsent(): number;
  /** Drains: nothing new is taken, who is connected hears of it and goes elsewhere, and nothing is lost. */
  close(): Promise<void>;
}

/** How long sockets may take to send what they hold. */
const GOODBYE_MS = 3000;

/** The one assembly: HTTP, SSE, WebSocket, files, health and metrics on one port. The engine is the caller's to close. */
export async function openServer(
  engine: Engine,
  config: Config,
  log: Log,
  console: Console = TERMINAL,
): Promise<Server> {
  const documents = createDocuments(config);
  const services = createServices(engine, config, log, console);
  const watch = createWatch(services, log);
  const operations = createOperations(services, watch, documents, log);
  const headers = securityHeaders(config);
  const client = createClientAddress(config.trustProxy, log);
  const addresses = createAddressLimit(config.limits.socketsPerAddress, client);
  const sockets = createSockets({
    operations,
    identity: services.identity,
    rates: services.rates,
    config,
    counters: services.counters,
    log,
    addressOf: client.addressOf,
    refuse,
  });
  services.spaces.observe(() => sockets.reconsider());
  const doorkeeper = createDoorkeeper(services, client, config);
  const files = createFileRoutes(services, doorkeeper);
  const oidc = createOidcRoutes(services, doorkeeper);
  const metrics = createMetrics(services);
  const pages = createPages();
  const graphql = createGraphqlRoute(services, watch, config, log, { documents, doorkeeper, addresses });
  const sdl = `${printSchema(schema)}\n`;

  function refuse(socket: Duplex, refusal: Refusal): void {
    refuseUpgrade(socket, refusal, headers);
  }

  async function ready(response: ServerResponse): Promise<void> {
    const { ready: up, problem } = engine.health();
    if (services.draining()) sendJson(response, 503, { status: 'draining' });
    else if (up) sendJson(response, 200, { status: 'ready', engine: engine.name });
    else sendJson(response, 503, { status: 'unavailable', problem });
  }

  async function route(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const { method = 'GET' } = request;
    const path = url.pathname;
    if (path === '/graphql') return graphql.answer(request, response);
    if (path === '/files' && method === 'POST') return files.post(request, response, url);
    if (method !== 'GET' && method !== 'HEAD') throw new Refusal('NOT_FOUND', `There is no ${method} ${path}`);
    if (oidc.has(path)) return oidc.get(request, response, url);
    if (path.startsWith('/files/')) return files.get(request, response, url);
    switch (path) {
      case '/health':
        return sendJson(response, 200, { status: 'ok' });
      case '/ready':
        return ready(response);
      case '/stats':
        await doorkeeper.requireAdmin(request, '/stats');
        return sendJson(response, 200, await services.stats.read());
      case '/metrics':
        await doorkeeper.requireAdmin(request, '/metrics');
        return sendText(response, 200, metrics.contentType, await metrics.metrics());
      case '/schema.graphql':
        if (!config.introspection) throw new Refusal('FORBIDDEN', 'The schema is not shown (INTROSPECTION is off)');
        return sendText(response, 200, 'application/graphql; charset=utf-8', sdl);
    }
    if (pages.has(request, path)) {
      // A visitor's cookie is there before the page asks for anything, over several connections at once.
      if (pages.isPage(path)) await doorkeeper.welcome(request, response).catch(() => undefined);
      return pages.send(request, response, path);
    }
    if (path === '/' && config.graphiql) {
      response.writeHead(302, { location: '/graphql' }).end();
      return;
    }
    throw new Refusal('NOT_FOUND', `There is no ${path}; the API is at /graphql`);
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { origin, host } = request.headers;
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    response.setHeader('vary', 'Origin');
    const refused = refusedFor(request.headers, config);
    if (refused !== null) {
      log.warn({ origin, host }, refused);
      throw new Refusal('FORBIDDEN', refused);
    }
    if (origin !== undefined) {
      response.setHeader('access-control-allow-origin', origin);
      response.setHeader('access-control-allow-credentials', 'true');
      if (request.method === 'OPTIONS') {
        response
          .writeHead(204, {
            'access-control-allow-methods': 'GET, POST, OPTIONS',
            'access-control-allow-headers': request.headers['access-control-request-headers'] ?? '',
            'access-control-max-age': '600',
          })
          .end();
        return;
      }
    }
    const url = targetOf(request);
    if (!url) throw new Refusal('BAD_USER_INPUT', 'The request has no valid target');
    // As everything behind this expects it, also where a client wrote all of the address (RFC 9112, 3.2.2).
    request.url = `${url.pathname}${url.search}`;
    await route(request, response, url);
  }

  const http = createListener((request, response) => {
    handle(request, response).catch((error) => {
      if (response.headersSent) return response.destroy();
      if (error instanceof Refusal) return sendRefusal(response, error);
      if (error instanceof EngineUnavailable) return sendRefusal(response, withoutStorage(), 503);
      services.counters.errors++;
      log.error({ err: error, path: request.url?.split('?', 1)[0] }, 'A request failed unexpectedly');
      sendRefusal(response, new Refusal('INTERNAL_SERVER_ERROR', 'Internal server error'));
    });
  });
  http.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    try {
      if (targetOf(request)?.pathname !== '/graphql') throw new Refusal('NOT_FOUND', 'WebSockets are at /graphql');
      if (services.draining())
        throw new Refusal('SERVER_DRAINING', 'This server is going away; try again', { retryAfterSeconds: 1 });
      socket.once('close', addresses.enter(request));
      sockets.upgrade(request, socket, head);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      refuse(socket, error);
    }
  });

  await new Promise<void>((resolve, reject) => {
    http.once('error', reject);
    http.listen(config.port, config.host, resolve);
  });
  const { port, family, address } = http.address() as AddressInfo;
  const named =
    config.host === '0.0.0.0' || config.host === '::' ? 'localhost' : family === 'IPv6' ? `[${address}]` : address;

  let closing: Promise<void> | null = null;
  async function close(): Promise<void> {
    const deadline = AbortSignal.timeout(config.drainMs);
    services.drain();
    const closed = new Promise<void>((resolve) => http.close(() => resolve()));
    await sockets.drain(Math.min(GOODBYE_MS, config.drainMs));
    graphql.cut();
    http.closeIdleConnections();
    const idle = setInterval(() => http.closeIdleConnections(), 100);
    deadline.addEventListener('abort', () => http.closeAllConnections());
    await closed;
    clearInterval(idle);
    watch.stop();
    await services.stop();
    metrics.clear();
  }

  return {
    url: `http://${named}:${port}`,
    services,
    topics: watch.topics,
    groups: sockets.groups,
    unsent: () => sockets.unsent() + graphql.unsent(),
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

const withoutStorage = () =>
  new Refusal('INTERNAL_SERVER_ERROR', 'The storage is away; try again in a moment', { retryAfterSeconds: 2 });

/** What is asked for; null where the client sent nonsense. */
const targetOf = ({ url = '/' }: IncomingMessage): URL | null =>
  URL.parse(url.startsWith('/') ? `http://host${url}` : url);
