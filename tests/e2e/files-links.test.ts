import { once } from 'node:events';
import { get as httpGet, type IncomingMessage } from 'node:http';
import { createConnection } from 'node:net';
import { parse } from 'content-disposition';
import { describe, expect, it } from 'vitest';
import { contents } from '../help/contents.ts';
import { upload } from '../help/files.ts';
import { end, newSpace, openFuture, submit } from '../help/jobs.ts';
import { engines, type TestServer } from '../help/server.ts';
import { useServer } from '../help/use-server.ts';
import { openWorker } from '../help/worker.ts';

const CONTENT = '0123456789'.repeat(100);
const any = { prompt: true, files: { accept: ['*/*'] } };

/** The link to a file of a job that waits. */
async function linked(server: TestServer, name = 'digits.txt', content: string | BodyInit = CONTENT): Promise<string> {
  const space = await newSpace(server, {}, any);
  const { id } = await upload(server, content, name);
  return (await submit(server, space, { files: [id] })).input!.files[0]!.url;
}

describe.each(engines)('a link to a file on %s', (engine) => {
  const server = useServer({ engine });
  const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
    fetch(`${server.url}${path}`, { method, headers });
  const refused = async (path: string) => {
    const response = await get(path);
    const { errors } = (await response.json()) as { errors: { extensions: { code: string } }[] };
    return [response.status, errors[0]?.extensions.code];
  };

  it('is a path of the server and gives the file, as a download that never runs as a page', async () => {
    const path = await linked(server, 'page.html');
    expect(path).toMatch(/^\/files\/space-\d+\.[-0-9a-f]{36}\/[-0-9a-f]{36}\?expires=\d+&signature=[\w-]{43}$/);
    const response = await get(path);
    expect(response.status).toBe(200);
    expect(await response.text()).toBe(CONTENT);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-length': '1000',
      'content-disposition': 'attachment; filename=page.html',
      'content-security-policy': expect.stringMatching(/^default-src 'none';.*; sandbox$/),
      'cross-origin-resource-policy': 'cross-origin',
      'x-content-type-options': 'nosniff',
      'accept-ranges': 'bytes',
      'cache-control': 'private, max-age=3600, immutable',
    });
  });

  it.each([
    ['png', 'a.png', 'image/png', 'inline', 'sandbox'],
    ['wav', 'a.wav', 'audio/wav', 'inline', 'sandbox allow-same-origin'],
    ['mp4', 'a.mp4', 'video/mp4', 'inline', 'sandbox allow-same-origin'],
    ['prose', 'a.txt', 'text/plain; charset=utf-8', 'inline', 'sandbox'],
    ['csv', 'ä.csv', 'text/csv', 'attachment', 'sandbox'],
    ['zip', 'a.zip', 'application/zip', 'attachment', 'sandbox'],
    ['svg', 'a.svg', 'application/octet-stream', 'attachment', 'sandbox'],
    ['html', 'a.png', 'application/octet-stream', 'attachment', 'sandbox'],
    ['xml', 'a.xml', 'application/octet-stream', 'attachment', 'sandbox'],
    ['script', 'a.js', 'application/octet-stream', 'attachment', 'sandbox'],
    ['pdf', 'a.pdf', 'application/octet-stream', 'attachment', 'sandbox'],
    ['noise', 'a', 'application/octet-stream', 'attachment', 'sandbox'],
  ] as const)('sends %s called %s as %s, %s', async (content, name, type, disposition, policy) => {
    const { headers } = await get(await linked(server, name, contents[content]), { range: 'bytes=0-0' });
    expect(headers.get('content-type')).toBe(type);
    const directives = headers.get('content-security-policy')!.split('; ');
    expect(directives).toEqual(expect.arrayContaining(["default-src 'none'", policy]));
    expect(directives.some((directive) => /script|style|allow-scripts|unsafe|\*/.test(directive))).toBe(false);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(parse(headers.get('content-disposition')!)).toMatchObject({
      type: disposition,
      parameters: { filename: name },
    });
  });

  it('is the same for a while, so that caches can work', async () => {
    const space = await newSpace(server, {}, any);
    const { id } = await upload(server, CONTENT);
    const first = await submit(server, space, { files: [id], idempotencyKey: 'key' });
    const again = await submit(server, space, { files: [id], idempotencyKey: 'key' });
    const [one, other] = [first, again].map(({ input }) => new URL(input!.files[0]!.url, server.url));
    // At the seam of ten minutes it is another.
    if (one!.searchParams.get('expires') === other!.searchParams.get('expires')) expect(other).toEqual(one);
    // Not with fetch, which would ask caches to stay away.
    const ask = async (headers: Record<string, string>) => {
      const [response] = (await once(httpGet(one!, { headers }), 'response')) as [IncomingMessage];
      response.resume();
      return response;
    };
    const { etag } = (await ask({})).headers;
    expect((await ask({ 'if-none-match': etag! })).statusCode).toBe(304);
  });

  it.each([
    ['bytes=0-9', 206, 'bytes 0-9/1000', '0123456789'],
    ['bytes=995-', 206, 'bytes 995-999/1000', '56789'],
    ['bytes=-3', 206, 'bytes 997-999/1000', '789'],
    ['bytes=990-5000', 206, 'bytes 990-999/1000', '0123456789'],
    ['bytes=1000-', 416, 'bytes */1000', ''],
    ['bytes=5000-6000', 416, 'bytes */1000', ''],
    ['lines=1-2', 200, null, CONTENT],
  ])('gives the part %s with %i', async (range, status, contentRange, text) => {
    const response = await get(await linked(server), { range });
    expect(response.status).toBe(status);
    expect(response.headers.get('content-range')).toBe(contentRange);
    expect(await response.text()).toBe(text);
  });

  it('answers HEAD like GET, without the file', async () => {
    const response = await get(await linked(server), {}, 'HEAD');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-length')).toBe('1000');
    expect(await response.text()).toBe('');
  });

  it('that was not signed like this is refused', async () => {
    const path = await linked(server);
    const [, , job, id] = path.split(/[/?]/);
    const other = await linked(server);
    const url = new URL(path, server.url);
    const query = (expires: string, signature: string) =>
      `${url.pathname}?${new URLSearchParams({ expires, signature })}`;
    const expires = url.searchParams.get('expires')!;
    const signature = url.searchParams.get('signature')!;
    const at = (jobId: string, file: string) => path.replace(job!, jobId).replace(id!, file);
    const [, , otherJob, otherId] = other.split(/[/?]/);
    for (const forged of [
      url.pathname,
      `${url.pathname}?expires=${expires}`,
      // Signatures of other lengths, in other letters, and what only amounts to the same.
      query(expires, ''),
      query(expires, signature.slice(1)),
      query(expires, `${signature}A`),
      query(expires, `${signature}${'A'.repeat(5000)}`),
      query(expires, `${signature}=`),
      query(expires, `${signature}\0`),
      query(expires, 'ä'.repeat(43)),
      query(expires, '😀'.repeat(11)),
      query(
        expires,
        signature.replace(/^./, (first) => String.fromCodePoint(first.codePointAt(0)! + 0xfee0)),
      ),
      query(expires, `${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`),
      // Other times, also the same one written otherwise.
      ...[`${Number(expires) + 1}`, `${Number(expires) + 86_400_000}`, '0', '-1', '', 'NaN', 'Infinity'],
      ...[`${expires}.0`, `0${expires}`, ` ${expires}`, `${Number(expires).toExponential()}`, '٣'],
    ].map((given) => (given.startsWith('/') ? given : query(given, signature)))) {
      expect([forged, ...(await refused(forged))]).toEqual([forged, 403, 'FORBIDDEN']);
    }
    for (const forged of [
      at(job!, otherId!),
      at(otherJob!, id!),
      at(otherJob!, otherId!),
      at(job!.toUpperCase(), id!),
      at(job!, id!.toUpperCase()),
      at(`%2e%2e%2fjobs%2f${job}`, id!),
      at(job!, `..%2f${job}%2f${id}`),
      at(job!, `${id}%00`),
      at(job!, ''),
      at('..', id!),
      `/files/${encodeURIComponent('../../spacedock.db')}/x?expires=${expires}&signature=${signature}`,
      `/files/${job}%2f${id}${url.search}`,
      // No signature where there is nothing to sign.
      `/files/no%20job/${id}?expires=${expires}&signature=`,
      `/files/${job}/no-file?expires=${expires}&signature=`,
      '/files/a/b',
      '/files/',
    ]) {
      expect([forged, ...(await refused(forged))]).toEqual([
        forged,
        expect.any(Number),
        expect.stringMatching(/FORBIDDEN|NOT_FOUND/),
      ]);
    }
    expect(await refused(query(expires, signature.slice(1)))).toEqual([403, 'FORBIDDEN']);
    expect((await get(path)).status).toBe(200);
  });

  it('is good for an hour at least, and expires', async () => {
    const path = await linked(server);
    const expires = Number(new URL(path, server.url).searchParams.get('expires'));
    const left = expires - Date.now();
    expect(left).toBeGreaterThanOrEqual(3600_000 - 5000);
    expect(left).toBeLessThanOrEqual(3600_000 + 600_000);
    const future = await openFuture(server, left + 1000);
    const response = await fetch(`${future.url}${path}`);
    expect(response.status).toBe(403);
    expect(await response.text()).toContain('expired');
    await future.close();
  });

  it('of a deleted job is NOT_FOUND', async () => {
    const path = await linked(server);
    await server.server.services.jobs.remove(path.split('/')[2]!);
    expect(await refused(path)).toEqual([404, 'NOT_FOUND']);
  });

  it('is walked out of by no path of the request', async () => {
    const { port, hostname } = new URL(server.url);
    for (const path of [
      '/files/../../etc/passwd',
      '/files/..%2f..%2fetc%2fpasswd',
      '//',
      '//files',
      '/files//',
      '/%',
    ]) {
      const socket = createConnection(Number(port), hostname);
      socket.end(`GET ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`);
      const answer = Buffer.concat(await socket.toArray()).toString();
      expect([path, answer.split('\r\n')[0]]).toEqual([path, expect.stringMatching(/^HTTP\/1\.1 40[034] /)]);
    }
  });
});

describe('a link with a public address', () => {
  const server = useServer({ engine: 'sqlite', env: { PUBLIC_URL: 'https://localhost/base/' } });

  it('names it, in front of what the server signed', async () => {
    const url = await linked(server);
    expect(url).toMatch(/^https:\/\/localhost\/base\/files\/space-/);
    const response = await fetch(url.replace('https://localhost/base', server.url));
    expect(await response.text()).toBe(CONTENT);
  });
});

describe('links on two processes', () => {
  const server = useServer({ engine: 'redis' });

  it('[promise 8] are good at either, whoever signed them', async () => {
    await using second = await server.second();
    const space = await newSpace(server, {}, any);
    await using worker = await openWorker(second, space);
    const { id } = await submit(server, space);
    await (await worker.work()).complete({ files: [(await upload(second, CONTENT)).id] });
    for (const [asked, fetched] of [
      [server, second],
      [second, server],
    ] as const) {
      const [file] = (await end(asked, id)).files;
      expect(await (await fetch(`${fetched.url}${file!.url}`)).text()).toBe(CONTENT);
    }
  });
});
