import { expect, test } from 'vitest';
import { createOutputPump, MOST_KEPT } from '../../client/cli/output-pump.ts';
import { type ReportedJob, SpacedockError } from '../../client/sdk/index.ts';

const JOB = { id: 'a', status: 'RUNNING' } as ReportedJob;

/** A reporter whose server answers when it is told to. */
function silentReporter() {
  const sent: string[] = [];
  const waiting: PromiseWithResolvers<ReportedJob>[] = [];
  return {
    sent,
    reportOutput(_job: string, text: string) {
      sent.push(text);
      const reply = Promise.withResolvers<ReportedJob>();
      waiting.push(reply);
      return reply.promise;
    },
    answer() {
      for (const { resolve } of waiting.splice(0)) resolve(JOB);
    },
    refuse(error: Error) {
      for (const { reject } of waiting.splice(0)) reject(error);
    },
  };
}

const listeners = { onReply() {}, onRefused() {} };
const MILLION = 'x'.repeat(1_000_000);

test('of what a server that is away cannot be kept, is said how much is left out, and where', async () => {
  const reporter = silentReporter();
  const pump = createOutputPump(reporter, 'a', listeners);
  for (let n = 0; n < 20; n++) await pump.write(MILLION);
  const kept = Math.floor(MOST_KEPT / MILLION.length);
  expect(reporter.sent).toHaveLength(kept);
  reporter.answer();
  await new Promise((resolve) => setImmediate(resolve));
  await pump.write('after');
  const marker = `\n[${(20 - kept) * MILLION.length} characters were left out while the server was away]\n`;
  expect(reporter.sent.slice(kept)).toEqual([marker, 'after']);
  reporter.answer();
  await pump.finish();
});

test('the program waits for a server that is there, and goes on when it has taken enough', async () => {
  const reporter = silentReporter();
  const pump = createOutputPump(reporter, 'a', listeners);
  await pump.write(MILLION);
  const second = pump.write(MILLION);
  const first = await Promise.race([second.then(() => 'room'), Promise.resolve('waits')]);
  expect(first).toBe('waits');
  reporter.answer();
  await second;
});

test('a refusal is told once, and nothing more is sent', async () => {
  const reporter = silentReporter();
  const refused: Error[] = [];
  const pump = createOutputPump(reporter, 'a', { ...listeners, onRefused: (error) => refused.push(error) });
  await pump.write('a');
  await pump.write('b');
  const error = new SpacedockError('PAYLOAD_TOO_LARGE', 'Too much');
  reporter.refuse(error);
  await pump.finish();
  await pump.write('c');
  expect([reporter.sent, refused]).toEqual([['a', 'b'], [error]]);
});
