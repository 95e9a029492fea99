#!/usr/bin/env node
/**
 * A batch: the same for many things, of which some may fail. How much smaller would files be, compressed?
 *
 *     node client/examples/batch/main.ts README.md docs/*
 */
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { brotliCompress } from 'node:zlib';
import { createProgressReporter } from '../../sdk/index.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    url: { type: 'string', default: process.env.SPACEDOCK_URL ?? 'http://127.0.0.1:4000' },
    token: { type: 'string', default: process.env.SPACEDOCK_TOKEN },
    job: { type: 'string', default: `batch-${randomUUID()}` },
  },
});
const { url, token, job } = values;
const paths = positionals.length > 0 ? positionals : [import.meta.filename];
const compress = promisify(brotliCompress);

await using reporter = createProgressReporter({ url, token });
console.log(`Job ${job}\nspacedock watch ${job}`);

const result = await reporter.track(
  job,
  async ({ each, write }) => {
    let [bytes, compressed] = [0, 0];
    const failed: string[] = [];
    for await (const path of each(paths, { stage: 'compressing' })) {
      try {
        const content = await readFile(path);
        const small = await compress(content);
        bytes += content.length;
        compressed += small.length;
        // Output: what people read who watch, line by line as it comes.
        await write(`${basename(path)}: ${content.length} to ${small.length} bytes\n`);
      } catch (error) {
        // One that fails is no reason to leave out the others: it is told of, and counted.
        failed.push(path);
        await write(`${basename(path)}: ${(error as Error).message}\n`);
      }
    }
    return { files: paths.length, failed, bytes, compressed };
  },
  { title: `Compress ${paths.length} files` },
);
console.log(`${result.bytes} to ${result.compressed} bytes, ${result.failed.length} of ${result.files} files failed`);
