import { serverAudits } from 'graphql-http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startServer, type TestServer } from '../help/server.ts';

// The requirements of GraphQL over HTTP (https://graphql.github.io/graphql-over-http/), as graphql-http tests them.
describe('the running server keeps GraphQL over HTTP', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server.close());

  const audits = serverAudits({ url: () => server.graphql });

  it.each(audits.map(({ id, name, fn }) => [id, name, fn] as const))('%s: it %s', async (_id, _name, fn) => {
    const result = await fn();
    expect(result.status, 'reason' in result ? result.reason : undefined).toBe('ok');
  });

  it('was asked for everything', () => {
    expect(audits.length).toBeGreaterThanOrEqual(61);
  });
});
