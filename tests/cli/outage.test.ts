import { describe, expect, test } from 'vitest';
import { createAppNotices, tellConnection } from '../../client/cli/notices.ts';
import { connect, spaceConnectionSubscription } from '../../client/sdk/index.ts';
import { engines } from '../help/server.ts';
import { startProxy } from '../help/tcp-proxy.ts';
import { openStage, SPACE } from '../sdk/stage.ts';
import { start } from './command.ts';

/** An address where nobody listens: the port of a proxy that is gone. */
async function nobody(): Promise<string> {
  await using proxy = await startProxy('http://127.0.0.1:1');
  return proxy.url;
}

describe.each(engines)('on %s', (engine) => {
  test('who watches is told once that the connection is lost, and once that it is there again', async () => {
    await using stage = await openStage({}, { engine });
    await using proxy = await startProxy(stage.server.url);
    const { id } = await stage.submit();
    const env = { SPACEDOCK_URL: proxy.url };
    await using watching = start(['watch', id], { env });
    await using status = start(['status', SPACE, '--watch'], { env });
    await Promise.all([watching.until(/no app has connected yet/, 'stderr'), status.until(/never was/)]);

    proxy.to(await nobody());
    proxy.cut();
    await Promise.all([watching, status].map((command) => command.until(/connection lost, trying again\n/, 'stderr')));
    proxy.to(stage.server.url);
    await Promise.all([watching, status].map((command) => command.until(/connected again\n/, 'stderr')));

    await stage.actor({ handler: () => ({ result: 'fine' }) });
    const { code, stdout, stderr } = await watching.ended;
    expect([code, stdout]).toEqual([0, 'fine\n']);
    expect(stderr.match(/^connect.*$/gm)).toEqual(['connection lost, trying again', 'connected again']);
    status.signal('SIGINT');
    expect((await status.ended).stderr).toBe('connection lost, trying again\nconnected again\n');
  });

  test('who watches is told when the app goes away, how long the job waits, and when it is back', async () => {
    await using stage = await openStage({ maxQueueSeconds: 120 }, { engine });
    const env = { SPACEDOCK_URL: stage.server.url };
    await using first = start(['app', '--spaces', SPACE, '--exec', 'echo begun; sleep 600'], { env });
    await first.until(/Registration successful\n/);
    const { id } = await stage.submit();
    await using watching = start(['watch', id], { env });
    await watching.until(/begun/, 'stderr');

    first.signal('SIGKILL');
    await watching.until(/the app is away; the job waits for it up to 2 min\n/, 'stderr');
    await stage.actor({ handler: () => ({ result: 'by another' }) });
    const { code, stdout, stderr } = await watching.ended;
    expect([code, stdout]).toEqual([0, 'begun\nby another\n']);
    expect(stderr.match(/^the app .*$/gm)?.slice(-2)).toEqual([
      'the app is away; the job waits for it up to 2 min',
      'the app is back',
    ]);
  });
});

test('however often connecting again fails, the loss is one line', async () => {
  await using stage = await openStage();
  await using proxy = await startProxy(stage.server.url);
  const server = connect({ url: proxy.url });
  const said: string[] = [];
  tellConnection(server, (line) => said.push(line));
  let losses = 0;
  const threeLosses = new Promise<void>((resolve) => {
    server.onChange(({ type }) => {
      if (type === 'lost') losses += 1;
      if (losses === 3) resolve();
    });
  });
  const states = server.subscribe(spaceConnectionSubscription, { space: SPACE });
  await states.next();
  proxy.to(await nobody());
  proxy.cut();
  await threeLosses;
  proxy.to(stage.server.url);
  await states.next();
  expect(said).toEqual(['connection lost, trying again', 'connected again']);
  await server.close();
  expect(said).toHaveLength(2);
});

test('nothing is said of an app that is there', async () => {
  await using stage = await openStage();
  await stage.actor({ handler: () => ({ result: 1 }) });
  const said: string[] = [];
  const over = new AbortController();
  const notices = createAppNotices(stage.person, (line) => said.push(line), over.signal);
  const job = await stage.submit();
  notices.show(job);
  for (const snapshot of await stage.watch(job.id)) notices.show(snapshot);
  over.abort();
  expect(said).toEqual([]);
});

test('to watch on a server that is not there is refused at once', async () => {
  await using watching = start(['watch', 'words.1', '--url', await nobody()]);
  expect(await watching.ended).toMatchObject({ code: 5, stderr: expect.stringContaining('ECONNREFUSED') });
});
