import { afterEach, expect, test, vi } from 'vitest';
import { createDelivery } from '../../client/sdk/delivery.ts';
import { SpacedockError } from '../../client/sdk/index.ts';
import { deferred } from '../../client/sdk/promises.ts';
import { createReportQueue, type Report, type ReportedJob } from '../../client/sdk/report-queue.ts';

const REPLY: ReportedJob = {
  id: 'job',
  status: 'RUNNING',
  attempt: 1,
  stage: null,
  progress: 0,
  message: null,
  revision: 1,
};

function setUp() {
  const answers: (ReportedJob | Error)[] = [];
  const deliver = createDelivery(new AbortController().signal);
  const queue = createReportQueue<Report>({ deliver, onAnswer: (answer) => answers.push(answer) });
  return { queue, answers };
}

/** A report that is answered as told, and says when it is asked for. */
function progress() {
  const answer = deferred<ReportedJob>();
  const leaves = deferred<void>();
  const report: Report = {
    kind: 'progress',
    send() {
      leaves.resolve();
      return answer.promise;
    },
  };
  return { report, answer, leaves: leaves.promise };
}

afterEach(() => {
  vi.useRealTimers();
});

test.each([
  ['progress', 10],
  ['output', 20],
] as const)('of %s at most %i leave in a second, and no pause is before an end', async (kind, most) => {
  vi.useFakeTimers();
  const { queue } = setUp();
  const send = vi.fn(async () => REPLY);
  for (let turn = 0; turn < 500; turn++) {
    if (!queue.open(kind)) void queue.add({ kind, send });
    await vi.advanceTimersByTimeAsync(10);
  }
  expect(send.mock.calls.length).toBeGreaterThanOrEqual(5 * most - 1);
  expect(send.mock.calls.length).toBeLessThanOrEqual(5 * most + 1);
  void queue.add({ kind, send });
  const end = queue.add({ kind: 'end', send: async () => REPLY });
  const before = performance.now();
  await end;
  expect(performance.now()).toBe(before);
  expect(queue.length).toBe(0);
});

test.each([
  ['answered', (answer: PromiseWithResolvers<ReportedJob>) => answer.resolve(REPLY)],
  ['refused', (answer: PromiseWithResolvers<ReportedJob>) => answer.reject(new SpacedockError('FORBIDDEN', 'no'))],
])('nothing joins a report that was %s, in no turn before its caller hears of it', async (_, settle) => {
  const { queue } = setUp();
  const { report, answer, leaves } = progress();
  let heard = false;
  void queue
    .add(report)
    .catch(() => {})
    .then(() => {
      heard = true;
    });
  expect(queue.open('progress')).toBe(report);
  await leaves;
  settle(answer);
  while (!heard) {
    expect(queue.open('progress')).toBeUndefined();
    await null;
  }
});

test('a report that was lost on its way takes more with it when it leaves again', async () => {
  const { queue } = setUp();
  const first = deferred<void>();
  let tries = 0;
  const report: Report = {
    kind: 'progress',
    async send() {
      if (++tries === 2) return REPLY;
      first.resolve();
      throw new SpacedockError('CONNECTION_LOST', 'away');
    },
  };
  const added = queue.add(report);
  await first.promise;
  while (!queue.open('progress')) await null;
  expect(await Promise.all([added, queue.join(report)])).toEqual([REPLY, REPLY]);
});

test('nothing crosses a start or an end', async () => {
  const { queue } = setUp();
  const before = progress();
  void queue.add(before.report);
  const end: Report = { kind: 'end', send: async () => REPLY };
  void queue.add(end);
  expect(queue.open('progress')).toBeUndefined();
  expect(queue.oldest('progress')).toBe(before.report);
  const after = progress();
  void queue.add(after.report);
  expect(queue.open('progress')).toBe(after.report);
  before.answer.resolve(REPLY);
  after.answer.resolve(REPLY);
  await queue.settled();
  expect(queue.length).toBe(0);
});

test('what is replaced or refused goes without being sent, and its callers hear of it', async () => {
  const { queue, answers } = setUp();
  const [stuck, replaced, refused, last] = [progress(), progress(), progress(), progress()];
  const reports = [stuck, replaced, refused, last].map(({ report }) => queue.add(report));
  await stuck.leaves;
  queue.replace(replaced.report, last.report);
  const error = new SpacedockError('OUTPUT_GAP', 'a hole');
  queue.refuse((report) => report === refused.report || report === stuck.report, error);
  await expect(reports[2]).rejects.toBe(error);
  stuck.answer.resolve(REPLY);
  last.answer.resolve({ ...REPLY, revision: 2 });
  expect(await Promise.all([reports[0], reports[1], reports[3]])).toMatchObject([
    { revision: 1 },
    { revision: 2 },
    { revision: 2 },
  ]);
  expect(answers).toHaveLength(3);
});
