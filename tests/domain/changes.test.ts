import { describe, expect, test } from 'vitest';
import { isFinished, type Job, keptUntil, MAX_EVENTS, processingTime } from '../../src/domain/job.ts';
import { CANCEL_GRACE_SECONDS, MAX_UNDELIVERED } from '../../src/domain/lease.ts';
import { NO_PROGRESS } from '../../src/domain/progress.ts';
import { deadline, expire, lost, undelivered } from '../../src/domain/recovery.ts';
import {
  assign,
  cancelDelivered,
  complete,
  fail,
  progress,
  reportCancelled,
  requestCancel,
} from '../../src/domain/transitions.ts';
import {
  APP,
  COMPLETION,
  claim,
  confirmed,
  FAILURE,
  LEASE,
  LIMITS,
  queued,
  refusalOf,
  running,
  START,
  tracked,
} from './states.ts';

const LATER = START + 5000;

describe('what a change leaves behind', () => {
  test('long messages push older progress out of the events, never a change of status', () => {
    let job: Job = running();
    for (let n = 0; n < 40; n++) job = progress(job, LEASE, { stage: `s${n}`, message: 'x'.repeat(8000) }, START + n);
    job = requestCancel(job, LATER);
    expect(Buffer.byteLength(JSON.stringify(job.events))).toBeLessThan(68 * 1024);
    expect([...new Set(job.events.map(({ status }) => status))]).toEqual(['QUEUED', 'RUNNING', 'CANCELLING']);
    expect(job.events.at(-2)?.stage).toBe('s39');
  });

  test('a submitted job waits, at revision 1, with one event', () => {
    expect(queued()).toMatchObject({
      status: 'QUEUED',
      ...{ queuedAt: START, createdAt: START, updatedAt: START, revision: 1, attempt: 0, app: null },
      progress: NO_PROGRESS,
      events: [{ at: START, status: 'QUEUED', stage: null, message: null, attempt: 0 }],
    });
  });

  test('a claimed job is the next attempt of its app, unconfirmed', () => {
    const lease = { token: LEASE, app: APP, session: 3, claimedAt: START + 1, confirmed: false };
    expect(running()).toMatchObject({ status: 'RUNNING', attempt: 1, app: APP, startedAt: START + 1, lease });
    expect(running().events.at(-1)).toEqual({
      at: START + 1,
      status: 'RUNNING',
      stage: null,
      message: null,
      attempt: 1,
    });
  });

  test('a report confirms its lease and forgets undelivered tries; another stage is an event, the same is not', () => {
    const first = progress({ ...running(), undelivered: 2 }, LEASE, { stage: 'load', progress: 0.1 }, LATER);
    expect(first).toMatchObject({ undelivered: 0, updatedAt: LATER, lease: { token: LEASE, confirmed: true } });
    expect(first.events).toHaveLength(3);
    expect(first.events.at(-1)).toMatchObject({ status: 'RUNNING', stage: 'load', at: LATER });
    const second = progress(first, LEASE, { stage: 'load', progress: 0.2, message: 'half' }, LATER + 1);
    expect(second.events).toBe(first.events);
    expect(second).toMatchObject({ progress: { progress: 0.2, message: 'half' }, updatedAt: LATER + 1 });
  });

  test('a report that is refused for its content changes nothing', () => {
    const refusal = refusalOf(() => progress(running(), LEASE, { stage: 'work', progress: Number.NaN }, LATER));
    expect([refusal?.code, refusal?.details.field]).toEqual(['BAD_USER_INPUT', 'input.progress']);
  });

  test('a completed job has its result, stage complete, progress 1, and the default message', () => {
    const done = complete(running(), LEASE, COMPLETION, LATER);
    expect(done).toMatchObject({
      status: 'COMPLETED',
      ...{ result: COMPLETION.result, files: [], confidence: 0.9, startedAt: START + 1, finishedAt: LATER },
      progress: { stage: 'complete', progress: 1, message: 'Job completed' },
      ending: { lease: LEASE, by: 'complete' },
    });
    expect(done).not.toHaveProperty('lease');
    expect(processingTime(done)).toBe(LATER - START - 1);
    expect(keptUntil(done)).toBe(LATER + 3_600_000);
    const said = complete(running(), LEASE, { ...COMPLETION, message: 'Ready', metadata: { n: 1 } }, LATER);
    expect(said.progress).toMatchObject({ message: 'Ready', metadata: { n: 1 } });
  });

  test('a failure keeps stage and progress unless it names a stage', () => {
    const working = progress(running(), LEASE, { stage: 'work', progress: 0.4, metadata: { n: 1 } }, START + 3);
    const failed = fail(working, LEASE, FAILURE, LATER);
    expect(failed).toMatchObject({
      status: 'FAILED',
      error: FAILURE.error,
      progress: { stage: 'work', progress: 0.4, message: 'It broke', metadata: { n: 1 } },
      ending: { lease: LEASE, by: 'fail' },
    });
    expect(fail(working, LEASE, { ...FAILURE, stage: 'saving' }, LATER).progress.stage).toBe('saving');
    expect(refusalOf(() => fail(working, LEASE, { ...FAILURE, stage: '' }, LATER))?.code).toBe('BAD_USER_INPUT');
  });

  test('a requeued job has its place, a new stay in the queue, and no lease or progress', () => {
    const working = progress(running(), LEASE, { stage: 'work', progress: 0.4 }, START + 3);
    const again = fail(working, LEASE, { ...FAILURE, retryable: true }, LATER);
    expect(again).toMatchObject({ status: 'QUEUED', seq: 7, priority: 0, queuedAt: LATER, attempt: 1, app: APP });
    expect(again.progress).toEqual({ ...NO_PROGRESS, message: 'It broke; trying again' });
    expect(deadline(again)).toBe(LATER + 600_000);
    for (const gone of ['lease', 'startedAt']) expect(again).not.toHaveProperty(gone);
  });

  test('an undelivered try does not count, and the third in a row ends the job as UNDELIVERABLE', () => {
    let job: Job = queued();
    for (let n = 1; n < MAX_UNDELIVERED; n++) {
      if (job.status !== 'QUEUED') throw new Error(job.status);
      job = undelivered(assign(job, claim(`lease-${n}`)), `lease-${n}`, LATER);
      expect(job).toMatchObject({ status: 'QUEUED', attempt: 0, undelivered: n });
    }
    const last = undelivered(assign(job as never, claim('last')), 'last', LATER);
    expect(last).toMatchObject({
      status: 'FAILED',
      error: { code: 'UNDELIVERABLE' },
      ending: { lease: 'last', by: null },
    });
    expect((last as { error: { message: string } }).error.message).toMatch(/3 tries.*event loop/);
  });

  test('an app lost before it was known to have the request costs nothing: its stay in the queue goes on', () => {
    const before = queued();
    const again = lost(assign({ ...before, undelivered: 2 }, claim('lease-9')), 'lease-9', LATER);
    expect(again).toMatchObject({ status: 'QUEUED', attempt: 0, undelivered: 2, queuedAt: before.queuedAt });
    expect(deadline(again)).toBe(deadline(before));
  });

  test('a lost app’s last attempt ends the job as APP_LOST', () => {
    expect(lost(confirmed(running({ limits: { ...LIMITS, maxAttempts: 1 } })), LEASE, LATER)).toMatchObject({
      error: { code: 'APP_LOST', message: expect.stringContaining('after 1 attempt') },
      ending: { lease: LEASE, by: null },
    });
  });

  test('a cancellation is requested, delivered and confirmed, or shows what did not happen', () => {
    const asked = requestCancel(running(), START + 2);
    expect(asked).toMatchObject({ cancellation: { requestedAt: START + 2, deliveredAt: null, confirmedAt: null } });
    const delivered = cancelDelivered(asked, START + 3);
    const at = { requestedAt: START + 2, deliveredAt: START + 3 };
    expect(delivered).toMatchObject({ cancellation: { ...at, confirmedAt: null }, lease: { token: LEASE } });
    expect(reportCancelled(delivered, LEASE, LATER)).toMatchObject({ cancellation: { ...at, confirmedAt: LATER } });
    expect(expire(delivered, LATER + 60_000)).toMatchObject({ cancellation: { ...at, confirmedAt: null } });
    expect(lost(requestCancel(confirmed(), START + 2), LEASE, LATER)).toMatchObject({
      cancellation: { confirmedAt: null },
    });
    expect(undelivered(asked, LEASE, LATER)).toMatchObject({ cancellation: { deliveredAt: null, confirmedAt: LATER } });
    expect(requestCancel(queued(), LATER)).toMatchObject({
      cancellation: { requestedAt: LATER, deliveredAt: null, confirmedAt: LATER },
      startedAt: null,
    });
  });

  test('a result that arrives while CANCELLING is discarded', () => {
    const ended = complete(requestCancel(running(), START + 2), LEASE, COMPLETION, LATER);
    expect(ended).toMatchObject({ status: 'CANCELLED', ending: { lease: LEASE, by: 'complete' } });
    expect(ended).not.toHaveProperty('result');
    expect(complete(ended, LEASE, COMPLETION, LATER + 1)).toBe(ended);
  });

  test('a timeout names the policy and how to raise it', () => {
    const message = (job: Job) => (job.status === 'TIMED_OUT' ? job.error.message : '');
    expect(message(expire(queued(), START + 600_000))).toMatch(
      /maxQueueSeconds \(600 s\) of space space\..*spacedock space update space --max-queue-seconds/,
    );
    expect(message(expire(running(), START + 200_000))).toMatch(/maxRunSeconds \(120 s\).*--max-run-seconds/);
    expect(message(expire(tracked(), START + 120_000))).toMatch(/Nothing was reported for 120 s.*silentSeconds/);
  });

  test('deadlines: a stay in the queue, an attempt, silence of a tracked job, the grace of a cancel, retention', () => {
    expect(deadline(queued())).toBe(START + 600_000);
    const worked = progress(running(), LEASE, { stage: 'work' }, LATER);
    expect(deadline(worked)).toBe(START + 1 + 120_000);
    expect(deadline(progress(tracked(), null, { stage: 'work' }, LATER))).toBe(LATER + 120_000);
    expect(deadline(requestCancel(running(), LATER))).toBe(LATER + CANCEL_GRACE_SECONDS * 1000);
    expect(deadline(requestCancel(running(), START + 119_000))).toBe(START + 120_001);
    expect(deadline(complete(running(), LEASE, COMPLETION, LATER))).toBe(LATER + 3_600_000);
  });

  test('the event list keeps the last hundred', () => {
    let job = progress(running(), LEASE, { stage: 'stage 0' }, START + 2);
    for (let n = 1; n < 150; n++) job = progress(job, LEASE, { stage: `stage ${n}` }, START + 2 + n);
    expect(job.events).toHaveLength(MAX_EVENTS);
    expect(job.events[0]?.stage).toBe('stage 50');
    expect(job.events.at(-1)?.stage).toBe('stage 149');
    expect(isFinished(job)).toBe(false);
  });
});
