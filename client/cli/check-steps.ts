import { randomBytes, randomUUID } from 'node:crypto';
import {
  type Connection,
  connectRemoteApp,
  createSpaceMutation,
  deleteSpaceMutation,
  type JobSnapshot,
  type RemoteApp,
  submitInferenceMutation,
  watchJob,
} from '../sdk/index.ts';
import { signInOf } from './caller.ts';
import { expect, refusalStep, type Step } from './check-step.ts';
import type { ServerOptions } from './options.ts';

/**
 * The life of one job on a space of its own, as steps that build on each other. `cleanUp` ends the app and tells what is still to
 * do, whichever step was the last.
 */
export function checkSteps(server: Connection, options: ServerOptions): { steps: Step[]; cleanUp(): Promise<Step[]> } {
  const space = `check-${randomUUID()}`;
  const content = randomBytes(64 * 1024);
  const seenHalfWay = Promise.withResolvers<void>();
  const seen: JobSnapshot[] = [];
  let app: RemoteApp | undefined;
  let spaceMade = false;

  const steps: Step[] = [
    {
      name: 'a space can be made',
      remedy: 'The log of the server says more.',
      async run(signal) {
        const inputs = { prompt: true, files: { accept: ['application/octet-stream'], maxBytes: 1e6, maxCount: 1 } };
        const policy = { retentionSeconds: 60, maxRunSeconds: 30 };
        const input = { id: space, title: 'spacedock check', inputs, policy };
        await server.request(createSpaceMutation, { input }, { signal });
        spaceMade = true;
      },
    },
    {
      name: 'an app can connect',
      remedy: 'Let WebSockets through: a proxy must pass Upgrade headers on /graphql.',
      async run() {
        app = connectRemoteApp({
          url: options.url,
          token: signInOf(options).token,
          spaces: [space],
          name: 'spacedock check',
          drainOnSignals: false,
          async handler({ prompt, files: [file] }, tools) {
            if (!file) return { result: null };
            await tools.progress('half way', 0.5);
            const data = await tools.fetchFile(file);
            // Goes on when the submitter has seen it, as a step later is about that; without it, soon enough.
            await Promise.race([seenHalfWay.promise, new Promise((resolve) => setTimeout(resolve, 3000).unref())]);
            return { result: { prompt }, confidence: 1, files: [{ name: 'back.bin', type: file.type, data }] };
          },
        });
        app.done.catch(() => {});
        await app.registered;
      },
    },
    {
      name: 'a job with a file reaches the app and ends',
      remedy: 'The log of the server says more.',
      async run(signal) {
        const upload = { name: 'check.bin', type: 'application/octet-stream', data: content };
        const file = await server.upload(upload, { signal });
        const input = { space, prompt: 'check', files: [file] };
        const { submitInference } = await server.request(submitInferenceMutation, { input }, { signal });
        for await (const job of watchJob(server, submitInference.id, { signal })) {
          seen.push(job);
          if (job.stage === 'half way' && job.progress === 0.5) seenHalfWay.resolve();
        }
        const last = seen.at(-1);
        expect(
          last?.status === 'COMPLETED',
          `it ended as ${last?.status}: ${last?.error?.message ?? 'no reason given'}`,
        );
      },
    },
    {
      name: 'its progress is seen live',
      remedy: 'A proxy may hold messages back: turn buffering off for /graphql.',
      async run() {
        const stages = seen.map(({ status, stage, progress }) => `${status} ${stage} ${progress}`);
        expect(stages.includes('RUNNING half way 0.5'), `what was seen: ${stages.join(', ')}`);
      },
    },
    {
      name: 'its result is right',
      remedy: 'The log of the server says more.',
      async run() {
        const { result, confidence } = seen.at(-1) ?? {};
        expect(JSON.stringify(result) === '{"prompt":"check"}' && confidence === 1, `it was ${JSON.stringify(result)}`);
      },
    },
    {
      name: 'its file comes back byte for byte',
      remedy:
        'Processes on several hosts need shared storage (FILES_URL); behind a proxy PUBLIC_URL must be its address.',
      async run(signal) {
        const [file] = seen.at(-1)?.files ?? [];
        expect(file !== undefined, 'the result has no file');
        const response = await fetch(server.resolve(file.url), { signal });
        expect(response.ok, `its link answers ${response.status}`);
        expect(content.equals(Buffer.from(await response.arrayBuffer())), 'it differs');
      },
    },
    refusalStep(server, `${space}-x`.slice(-64)),
  ];

  async function cleanUp(): Promise<Step[]> {
    await app?.close().catch(() => {});
    if (!spaceMade) return [];
    const remedy = `Delete it yourself: spacedock space delete ${space}`;
    return [
      {
        name: 'the space can be deleted',
        remedy,
        async run(signal) {
          await server.request(deleteSpaceMutation, { id: space }, { signal });
        },
      },
    ];
  }

  return { steps, cleanUp };
}
