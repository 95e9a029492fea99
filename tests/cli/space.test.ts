import { expect, test } from 'vitest';
import { startServer } from '../help/server.ts';
import { run, start } from './command.ts';

test('a space is made, listed, changed and deleted', async () => {
  await using server = await startServer();
  const env = { SPACEDOCK_URL: server.url };
  const schema = '{"type":"object","properties":{"steps":{"type":"integer"}}}';
  const policy = ['--when-offline', 'queue', '--order', 'fair', '--max-queued', '5', '--max-run-seconds', '30'];
  const inputs = [
    '--no-prompt',
    '--accept',
    'image/*,.pdf',
    '--max-bytes',
    '10MB',
    '--max-files',
    '2',
    '--parameters',
    schema,
  ];
  const created = await run(['space', 'create', 'ocr', '--title', 'Read images', ...inputs, ...policy], { env });
  expect(created).toMatchObject({
    code: 0,
    stdout: 'ocr\n',
    stderr: expect.stringMatching(
      /^Serve it with: spacedock app --spaces ocr --url http.*\n.* token create --spaces ocr /,
    ),
  });

  const list = await run(['space', 'list'], { env });
  expect(list.stdout.split('\n')).toEqual([
    'ID   TITLE        STATUS         APPS  RUNNING  QUEUED  WHO           TAKES',
    'ocr  Read images  not connected  0     0/0      0       who signs in  2 × image/* .pdf to 10 MB, parameters',
    '',
  ]);

  const changes = ['--title', 'OCR', '--max-bytes', '1MB', '--prompt', '--no-parameters', '--max-attempts', '3'];
  expect((await run(['space', 'update', 'ocr', ...changes], { env })).code).toBe(0);
  const [space] = JSON.parse((await run(['space', 'list', '--json'], { env })).stdout);
  expect(space).toMatchObject({
    id: 'ocr',
    title: 'OCR',
    inputs: { prompt: true, files: { accept: ['image/*', '.pdf'], maxBytes: 1e6, maxCount: 2 }, parameters: null },
    policy: {
      whenOffline: 'QUEUE',
      order: 'FAIR',
      maxQueued: 5,
      maxRunSeconds: 30,
      maxAttempts: 3,
      maxQueueSeconds: 600,
    },
  });

  expect((await run(['space', 'update', 'ocr', '--no-accept', '--json'], { env })).stdout).toContain('"files": null');
  expect(await run(['space', 'delete', 'ocr', '--yes'], { env })).toMatchObject({ code: 0, stderr: 'Deleted ocr.\n' });
  expect(await run(['space', 'list'], { env })).toMatchObject({ code: 0, stdout: '' });
  expect((await run(['space', 'list', '--json'], { env })).stdout).toBe('[]\n');
});

test('what the server refuses is shown with its code and what to do', async () => {
  await using server = await startServer();
  const env = { SPACEDOCK_URL: server.url };
  await run(['space', 'create', 'ocr'], { env });

  const again = await run(['space', 'create', 'ocr'], { env });
  expect(again).toMatchObject({ code: 2, stdout: '' });
  expect(again.stderr).toMatch(/^error: .*"ocr".* \(ALREADY_EXISTS\)\n.*spacedock space update ocr/);

  const unknown = await run(['space', 'update', 'ocd', '--title', 'x'], { env });
  expect(unknown).toMatchObject({ code: 2, stdout: '' });
  expect(unknown.stderr).toMatch(/did you mean "ocr".*NOT_FOUND.*\n.*space list/);

  const tooMany = await run(['space', 'update', 'ocr', '--max-attempts', '1000'], { env });
  expect(tooMany).toMatchObject({ code: 2, stderr: expect.stringContaining('maxAttempts') });
  expect((await run(['space', 'delete', 'nope', '--yes'], { env })).stderr).toContain('NOT_FOUND');
});

test('deleting asks on a terminal, and any other answer than the id deletes nothing', async () => {
  await using server = await startServer();
  const env = { SPACEDOCK_URL: server.url };
  await run(['space', 'create', 'ocr'], { env });

  for (const [answer, code] of [
    ['yes\r', 2],
    ['\u0004', 2],
    ['ocr\r', 0],
  ] as const) {
    await using command = start(['space', 'delete', 'ocr'], { env, terminal: true });
    await command.until(/Type its id: /);
    command.write(answer);
    expect((await command.ended).code).toBe(code);
  }
  expect((await run(['space', 'list', '--json'], { env })).stdout).toBe('[]\n');
});

test('status tells of spaces and their apps, and --watch follows one', async () => {
  // As in a real one: this machine may be too busy for a short keepalive.
  await using server = await startServer({ env: { KEEPALIVE_SECONDS: '5' } });
  const env = { SPACEDOCK_URL: server.url };
  await run(['space', 'create', 'words'], { env });
  expect((await run(['status'], { env })).stdout).toBe('words: not connected (never was), 0 queued\n');

  await using watching = start(['status', 'words', '--watch'], { env });
  await using json = start(['status', 'words', '--watch', '--json'], { env });
  await Promise.all([watching.until(/not connected/), json.until(/"DISCONNECTED"/)]);
  await using app = start(
    ['app', '--spaces', 'words', '--name', 'counter', '--app-version', '1.2', '--capacity', '3'],
    { env },
  );
  await watching.until(/ connected, 1 app, 0 of 3 busy, 0 queued: counter\n/);

  const status = (await run(['status', 'words'], { env })).stdout;
  expect(status).toMatch(
    /^words: connected, 1 app, 0 of 3 busy, 0 queued\n {2}APP +VERSION +STATUS +LOAD +CONNECTED +ID\n/,
  );
  expect(status).toMatch(/ {2}counter +1\.2 +connected +0\/3 +20\d\d-/);
  expect(JSON.parse((await run(['status', 'words', '--json'], { env })).stdout)).toMatchObject({ status: 'CONNECTED' });
  expect(JSON.parse((await run(['status', '--json'], { env })).stdout)).toMatchObject([{ space: 'words' }]);

  app.signal('SIGTERM');
  await watching.until(/not connected \(last seen 20.*\n$/);
  const lines = (await json.until(/"CONNECTED".*"DISCONNECTED".*\n$/s)).trim().split('\n');
  expect(lines.map((line) => JSON.parse(line).space)).toEqual(lines.map(() => 'words'));

  watching.signal('SIGINT');
  expect((await watching.ended).code).toBe(130);
  expect(await run(['status', 'nope'], { env })).toMatchObject({ code: 2, stdout: '' });
});
