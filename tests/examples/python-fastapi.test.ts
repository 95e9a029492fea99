import { describe, expect, it } from 'vitest';
import { newToken, signIn, withAccounts } from '../help/people.ts';
import { connectPerson } from '../help/person.ts';
import { engines, startServer } from '../help/server.ts';
import { type Program, startPythonWith } from './python.ts';

interface Service extends AsyncDisposable {
  url: string;
  post(render: object): Promise<Response>;
}

async function startService(spacedock: string, SPACEDOCK_TOKEN = ''): Promise<Service> {
  const program: Program = startPythonWith(
    { SPACEDOCK_TOKEN },
    'fastapi_service.py',
    '--spacedock',
    spacedock,
    '--port',
    '0',
  );
  const said = await program.said(/running on http:\S+/);
  const url = /running on (http:\S+)/.exec(said)![1]!;
  return {
    url,
    post: (render) =>
      fetch(`${url}/renders`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(render),
      }),
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  };
}

interface Started {
  job: string;
  watch: string;
}

describe.each(engines)('the HTTP service in Python on %s', (engine) => {
  it('hands back a job and how to watch it, renders in the background, and serves the image', async () => {
    await using server = await startServer(withAccounts({ engine }));
    const admin = await signIn(server);
    const { secret } = await newToken(server, admin, { role: 'REPORTER', prefix: 'render-' });
    await using service = await startService(server.url, secret!);
    const answer = await service.post({ width: 160, height: 120 });
    expect(answer.status).toBe(202);
    const { job, watch } = (await answer.json()) as Started;
    const stream = await fetch(watch, { headers: { accept: 'text/event-stream' } });
    const events = await stream.text();
    expect(events).toContain('"status":"RUNNING"');
    expect(events).toMatch(/"status":"COMPLETED".*\n\nevent: complete\ndata:\n\n$/);
    const { image } = JSON.parse(/"result":(\{.*?\})/.exec(events)![1]!) as { image: string };
    expect(image).toBe(`/renders/${job}.png`);
    const png = await fetch(service.url + image);
    expect(png.headers.get('content-type')).toBe('image/png');
    const bytes = Buffer.from(await png.arrayBuffer());
    expect(bytes.subarray(1, 4).toString()).toBe('PNG');
    expect([bytes.readUInt32BE(16), bytes.readUInt32BE(20)]).toEqual([160, 120]);
  });

  it('goes on answering while it renders, and stops when a render is cancelled', async () => {
    await using server = await startServer(withAccounts({ engine }));
    const admin = await signIn(server);
    const { secret } = await newToken(server, admin, { role: 'REPORTER', prefix: 'render-' });
    await using service = await startService(server.url, secret!);
    await using person = connectPerson(server.url, { token: admin.secret! });
    const { job } = (await (await service.post({ width: 2000, height: 2000, iterations: 1000 })).json()) as Started;
    await person.watch(job).take(({ stage }) => stage === 'rendering');
    expect((await service.post({ width: 0 })).status).toBe(422);
    expect((await fetch(`${service.url}/renders/${job}.png`)).status).toBe(404);
    await person.cancel(job);
    const { status, cancellation } = await person.end(job);
    expect({ status, confirmed: cancellation?.confirmedAt }).toEqual({
      status: 'CANCELLED',
      confirmed: expect.any(String),
    });
  });
});

describe('the HTTP service in Python', () => {
  it('says 503 while nobody could watch', async () => {
    await using service = await startService('http://127.0.0.1:9');
    const answer = await service.post({});
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('5');
  });
});
