#!/usr/bin/env node
/** A remote app that reads text in images. It holds the model; Spacedock brings the images and takes the text away. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { connectRemoteApp, type RemoteAppEvent } from '../../sdk/index.ts';
import { answer } from './answer.ts';
import { createPool } from './pool.ts';
import { createRecogniser } from './recognise.ts';

interface Options {
  host: string;
  space: string;
  capacity: number;
  token?: string;
  verbose?: boolean;
}

const { host, space, capacity, token, verbose } = new Command('ocr')
  .description('A remote app that reads text in images, with tesseract.js. Offline but for its link to Spacedock.')
  .addOption(new Option('--host <url>', 'the Spacedock server').env('SPACEDOCK_URL').default('http://127.0.0.1:4000'))
  .option('--space <id>', 'the space to serve', 'ocr')
  .option('--capacity <n>', 'requests to work on at a time; each has a model of its own', slots, 1)
  .addOption(new Option('--token <token>', 'sign in with this token').env('SPACEDOCK_TOKEN'))
  .option('--verbose', 'show jobs, files and stages')
  .parse()
  .opts<Options>();

await using models = new AsyncDisposableStack();
const loading = Array.from({ length: capacity }, () =>
  createRecogniser((stage, progress) => {
    if (progress === 1) detail(stage);
  }),
);
const recognisers = await Promise.all(loading);
for (const recogniser of recognisers) models.use(recogniser);
const pool = createPool(recognisers);

const app = connectRemoteApp({
  url: host,
  token,
  spaces: [space],
  capacity,
  name: 'ocr',
  handler: (request, tools) => pool.use((recogniser) => answer(recogniser, request, tools)),
  onEvent: report,
});
app.registered.catch(() => {});
try {
  // Until SIGTERM or Ctrl-C, after which it finishes what it has begun.
  await app.done;
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}

/** What people and scripts wait for goes to stdout, what went wrong to stderr. */
function report(event: RemoteAppEvent): void {
  switch (event.type) {
    case 'registered':
      console.log('Registration successful');
      break;
    case 'request':
      console.log('[REQUEST] New inference request received');
      detail(`job ${event.job}, attempt ${event.request.attempt}`);
      for (const { name, type, size } of event.request.files) detail(`${name} (${type}, ${size} bytes)`);
      break;
    case 'result':
      console.log('[RESULT] Result sent');
      detail(`job ${event.job}`);
      break;
    case 'failed':
      console.error(`[FAILED] ${event.error.message}`);
      break;
    case 'cancelled':
      console.error(`[CANCELLED] job ${event.job}`);
      break;
    case 'revoked':
      console.error(`[REVOKED] job ${event.job}: ${event.reason}`);
      break;
    case 'disconnected':
      console.error(`Connection lost (${event.code}), trying again`);
      break;
    case 'refused':
      // The last one ends the app, and is said then.
      if (!event.final) console.error(`Refused: ${event.error.message}`);
      break;
  }
}

function detail(line: string): void {
  if (verbose) console.log(`  ${line}`);
}

function slots(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1) throw new InvalidArgumentError('It must be a whole number from 1.');
  return count;
}
