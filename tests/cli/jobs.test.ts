import { describe, expect, test } from 'vitest';
import { engines } from '../help/server.ts';
import { openStage, SPACE } from '../sdk/stage.ts';
import { run } from './command.ts';

describe.each(engines)('on %s', (engine) => {
  test('jobs are listed, newest first, with where they stand and what they are about', async () => {
    await using stage = await openStage({}, { engine });
    const env = { SPACEDOCK_URL: stage.server.url };
    expect(await run(['jobs', SPACE], { env })).toEqual({
      code: 0,
      stdout: '',
      stderr: `No jobs yet. Submit one with: spacedock submit ${SPACE} --prompt TEXT\n`,
    });

    const first = await stage.submit({ prompt: 'the first\nof two lines' });
    const actor = await stage.actor({ handler: () => ({ result: 1 }) });
    await stage.end(first.id);
    await actor.app.close();
    const file = await stage.person.upload({ name: 'scan.png', type: 'image/png', data: 'x' });
    const third = await stage.submit({ prompt: undefined, files: [file] });
    const second = await stage.submit({ prompt: 'x'.repeat(200) });

    const { code, stdout, stderr } = await run(['jobs', SPACE], { env });
    expect([code, stderr]).toEqual([0, '']);
    const [heading, ...rows] = stdout.trimEnd().split('\n');
    expect(heading).toMatch(/^ID +STATUS +PROGRESS +AGE +TITLE OR INPUT$/);
    expect(rows[0]).toMatch(new RegExp(`^${second.id}  QUEUED +place 2 in the queue +[\\d.]+ s +x{49}…$`));
    expect(rows[1]).toMatch(new RegExp(`^${third.id}  QUEUED +place 1 in the queue +[\\d.]+ s +scan\\.png$`));
    expect(rows[2]).toMatch(new RegExp(`^${first.id}  COMPLETED +after [\\d.]+ s +[\\d.]+ s +the first of two lines$`));
    expect((await run(['jobs'], { env })).stdout.split('\n')).toHaveLength(5);

    const queued = await run(['jobs', '--status', 'queued,timed-out', '--json'], { env });
    expect(JSON.parse(queued.stdout)).toMatchObject([
      { id: second.id, status: 'QUEUED' },
      { id: third.id, status: 'QUEUED' },
    ]);
    expect((await run(['jobs', '--status', 'failed'], { env })).stderr).toBe('No such jobs.\n');
  });
});

test('a limit beyond one page of the API takes more pages, and says when there are more', async () => {
  await using stage = await openStage();
  const env = { SPACEDOCK_URL: stage.server.url };
  const ids: string[] = [];
  for (let count = 0; count < 105; count += 1) ids.unshift((await stage.submit({ prompt: `${count}` })).id);

  const most = await run(['jobs', SPACE, '--limit', '103', '--json'], { env });
  expect(JSON.parse(most.stdout).map(({ id }: { id: string }) => id)).toEqual(ids.slice(0, 103));
  const few = await run(['jobs', SPACE, '--limit', '3'], { env });
  expect(few.stdout.split('\n')).toHaveLength(5);
  expect(few.stderr).toBe('There are more: --limit 15\n');
  expect((await run(['jobs', SPACE, '--limit', '105'], { env })).stderr).toBe('');
});

test('an unknown space and an unknown status are refused', async () => {
  await using stage = await openStage();
  const env = { SPACEDOCK_URL: stage.server.url };
  expect(await run(['jobs', 'stagg'], { env })).toMatchObject({ code: 2, stderr: expect.stringMatching(/NOT_FOUND/) });
  expect(await run(['jobs', '--status', 'lost'], { env })).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('queued, running, cancelling'),
  });
});
