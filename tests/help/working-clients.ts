import { expect } from 'vitest';
import { sse } from './client.ts';
import { newToken, newUser, type Person, person } from './people.ts';
import { openWorker, type Reported, send } from './worker.ts';

type Place = { url: string; graphql: string; socket: string };

interface Snapshot {
  id: string;
  status: string;
  revision: number;
  progress: number;
  result: unknown;
}

const SPACE = 'work';
const CREATE = `mutation { createSpace(input: { id: "${SPACE}", title: "Work", policy: { whenOffline: QUEUE } }) { id } }`;
const SUBMIT = 'mutation ($input: SubmitInferenceInput!) { submitInference(input: $input) { id status } }';
const JOB = 'query ($id: ID!) { job(id: $id) { id status revision progress result } }';
const UPDATES = 'subscription ($id: ID!) { jobUpdates(id: $id) { id status revision progress result } }';
const OUTPUT = 'subscription ($id: ID!) { jobOutput(id: $id) { offset end text } }';
const REPORT_OUTPUT = 'mutation ($input: ReportOutputInput!) { reportOutput(input: $input) { outputLength } }';

/** Clients that do what they always do, and see to it that all they get is right. */
export interface WorkingClients {
  /** How often each of them has done its whole round. */
  readonly rounds: Readonly<Record<string, number>>;
  /** The longest that a client waited for what it asked for, in milliseconds. */
  readonly longestMs: () => number;
  /** Each does its last round to the end. Rejects with what one of them found wrong. */
  stop(): Promise<void>;
}

/** Snapshots as a watcher is promised them: the present first, revisions that never fall, and the end. */
function expectHistory(snapshots: readonly Snapshot[], id: string, status: string): Snapshot {
  expect(snapshots.every((snapshot) => snapshot.id === id)).toBe(true);
  for (const [n, { revision }] of snapshots.entries()) {
    expect(revision).toBeGreaterThanOrEqual(snapshots[n - 1]?.revision ?? 0);
  }
  const last = snapshots.at(-1)!;
  expect(last.status).toBe(status);
  return last;
}

/** An app that works off jobs, a watcher of them, a reporter, an SSE reader of what it reports, and somebody who polls over HTTP. */
export async function startWorkingClients(server: Place, admin: Person): Promise<WorkingClients> {
  await admin.ask(CREATE);
  const user = await newUser(server, admin, 'worker');
  const appToken = await newToken(server, admin, { role: 'APP', spaces: [SPACE] });
  const reporterToken = await newToken(server, admin, { role: 'REPORTER', prefix: 'tracked-' });
  const app = await openWorker(server, SPACE, { capacity: 2, connection: { connectionParams: appToken.headers } });
  const watcher = await user.socket();
  const reporter = await reporterToken.socket();
  const rounds: Record<string, number> = {};
  let stopping = false;
  let longest = 0;

  async function timed<T>(answer: Promise<T>): Promise<T> {
    const from = performance.now();
    const value = await answer;
    longest = Math.max(longest, performance.now() - from);
    return value;
  }

  async function work(): Promise<void> {
    for (;;) {
      const job = await app.work();
      if (job.input.prompt === 'enough') {
        await job.complete();
        return;
      }
      const held = { job: job.job, lease: job.lease };
      for (const [n, text] of ['über ', 'und ', job.input.prompt!].entries()) {
        expect((await timed(job.progress({ progress: n / 3 }))).errors).toEqual([]);
        const offset = ['', 'über ', 'über und '][n]!;
        const input = { ...held, offset: Buffer.byteLength(offset), text };
        await timed(app.socket.ask(REPORT_OUTPUT, { input }));
      }
      const { data, errors } = await timed(job.complete({ result: { echo: job.input.prompt } }));
      expect([data?.status, errors]).toEqual(['COMPLETED', []]);
    }
  }

  async function submitAndWatch(n: number): Promise<void> {
    const prompt = `prompt ${n}`;
    const { submitInference } = await timed(
      watcher.ask<{ submitInference: { id: string } }>(SUBMIT, { input: { space: SPACE, prompt } }),
    );
    const { id } = submitInference;
    const updates = watcher.subscribe<Snapshot>(UPDATES, { id });
    const output = watcher.subscribe<{ offset: number; end: number; text: string }>(OUTPUT, { id });
    const last = expectHistory(await updates.rest(), id, 'COMPLETED');
    expect(await updates.ended).toBe('complete');
    expect(last.result).toEqual({ echo: prompt });
    const chunks = await output.rest();
    expect(chunks.map(({ text }) => text).join('')).toBe(`über und ${prompt}`);
  }

  async function report(n: number): Promise<void> {
    const job = `tracked-${n}`;
    const stream = await sse<Snapshot>(server, UPDATES, { id: job }, reporterToken.headers);
    for (const progress of [0.1, 0.5, 0.9]) {
      const { data, errors } = await timed(send(reporter, 'reportProgress', { job, stage: 'at work', progress }));
      expect([(data as Reported).status, errors]).toEqual(['RUNNING', []]);
    }
    expect((await timed(send(reporter, 'reportComplete', { job, result: n }))).errors).toEqual([]);
    expect(expectHistory(await stream.rest(), job, 'COMPLETED').result).toBe(n);
  }

  async function poll(n: number): Promise<void> {
    const { submitInference } = await timed(
      user.ask<{ submitInference: { id: string } }>(SUBMIT, { input: { space: SPACE, prompt: `polled ${n}` } }),
    );
    const seen: Snapshot[] = [];
    while (seen.at(-1)?.status !== 'COMPLETED') {
      seen.push((await timed(user.ask<{ job: Snapshot }>(JOB, { id: submitInference.id }))).job);
      expect((await timed(fetch(`${server.url}/health`))).status).toBe(200);
    }
    expect(expectHistory(seen, submitInference.id, 'COMPLETED').result).toEqual({ echo: `polled ${n}` });
    const { viewer } = await timed(person(server, null).ask<{ viewer: { role: string } }>('{ viewer { role } }'));
    expect(viewer.role).toBe('ANONYMOUS');
  }

  async function repeat(name: string, once: (n: number) => Promise<void>): Promise<void> {
    for (rounds[name] = 0; !stopping; rounds[name]++) await once(rounds[name]!);
  }

  // Whoever finds something wrong is heard of at the end, as all of the others are stopped then.
  const working = work();
  const others = [repeat('watcher', submitAndWatch), repeat('reporter', report), repeat('poller', poll)];
  for (const client of [working, ...others]) client.catch(() => undefined);

  return {
    rounds,
    longestMs: () => longest,
    async stop() {
      stopping = true;
      await Promise.all(others);
      await user.ask(SUBMIT, { input: { space: SPACE, prompt: 'enough' } });
      await working;
      await app.leave();
      // Still the sockets that they began with.
      await Promise.all([watcher.close(), reporter.close()]);
    },
  };
}
