import { afterAll, beforeAll, expect } from 'vitest';
import { startServer, type TestServer, type TestServerOptions } from './server.ts';

/** One server for the tests of a describe, usable inside of them. Nothing unexpected may have happened on it in the end. */
export function useServer(options: TestServerOptions): TestServer {
  const server = {} as TestServer;
  beforeAll(async () => {
    Object.assign(server, await startServer(options));
  });
  afterAll(async () => {
    const { errors } = server.server.services.counters;
    await server.close();
    expect(errors, 'unexpected errors of the server').toBe(0);
  });
  return server;
}
