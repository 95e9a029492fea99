import { request as ask } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { startServer, type TestServer } from '../help/server.ts';

/** As it came over the wire. */
function get(server: TestServer, path: string, headers: Record<string, string> = {}) {
  return new Promise<{ status: number; headers: Record<string, unknown>; body: Buffer }>((resolve, reject) => {
    ask(`${server.url}${path}`, { headers }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () =>
        resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(parts) }),
      );
    })
      .on('error', reject)
      .end();
  });
}

it('the pages come compressed to who can take that, and their files may be kept for ever', async () => {
  await using server = await startServer();
  const page = await get(server, '/spaces/anything', { accept: 'text/html' });
  expect([page.status, page.headers['content-type'], page.headers['cache-control']]).toEqual([
    ...[200, 'text/html; charset=utf-8', 'public, max-age=0'],
  ]);
  expect(page.headers['set-cookie']).toBeUndefined();
  const script = /src="(\/assets\/[^"]+\.js)"/.exec(page.body.toString())![1]!;
  const plain = await get(server, script);
  expect([plain.status, plain.headers['content-encoding']]).toEqual([200, undefined]);
  const packed = await get(server, script, { 'accept-encoding': 'br, gzip;q=0.5' });
  expect(packed.headers).toMatchObject({
    'content-encoding': 'gzip',
    'content-type': plain.headers['content-type'],
    'cache-control': 'public, max-age=31536000, immutable',
    vary: expect.stringContaining('Accept-Encoding'),
  });
  expect(packed.body.length).toBeLessThan(plain.body.length / 2);
  expect(gunzipSync(packed.body).equals(plain.body)).toBe(true);
  expect((await get(server, script, { 'accept-encoding': 'gzip;q=0' })).headers['content-encoding']).toBeUndefined();
  expect((await get(server, '/assets/none.js')).status).toBe(404);
});
