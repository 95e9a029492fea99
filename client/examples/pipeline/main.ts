#!/usr/bin/env node
/**
 * A pipeline of stages that are of unequal length: finds the words that files have in common most.
 *
 *     node client/examples/pipeline/main.ts --directory docs
 *
 * Each stage says how far it is itself, from 0 to 1; by its weight that becomes the progress of the whole job.
 */
import { randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createProgressReporter } from '../../sdk/index.ts';

const { url, token, job, directory } = parseArgs({
  options: {
    url: { type: 'string', default: process.env.SPACEDOCK_URL ?? 'http://127.0.0.1:4000' },
    token: { type: 'string', default: process.env.SPACEDOCK_TOKEN },
    job: { type: 'string', default: `pipeline-${randomUUID()}` },
    directory: { type: 'string', default: join(import.meta.dirname, '..') },
  },
}).values;

await using reporter = createProgressReporter({ url, token });
console.log(`Job ${job}\nspacedock watch ${job}`);

const common = await reporter.track(
  job,
  async (t) => {
    // Reading takes seven times as long as looking for the files: the bar moves evenly.
    const stages = t.stages({ scanning: 1, reading: 7, ranking: 2 });

    const paths = await stages.run('scanning', async () => {
      const entries = await readdir(directory, { recursive: true, withFileTypes: true });
      const files = entries.filter((entry) => entry.isFile() && /\.(md|txt|ts|py)$/.test(entry.name));
      return files.map((file) => join(file.parentPath, file.name));
    });

    const filesOf = new Map<string, number>();
    await stages.run('reading', async ({ each }) => {
      // `each` counts what is done, and stops when the job is cancelled.
      for await (const path of each(paths)) {
        const text = await readFile(path, 'utf8');
        for (const word of new Set(text.toLowerCase().match(/\p{L}{4,}/gu))) {
          filesOf.set(word, (filesOf.get(word) ?? 0) + 1);
        }
      }
    });

    return stages.run('ranking', async ({ report }) => {
      const ranked = [...filesOf].sort(([a, m], [b, n]) => n - m || a.localeCompare(b));
      void report(0.9, `${ranked.length} words`);
      return ranked.slice(0, 10).map(([word, files]) => ({ word, files }));
    });
  },
  { title: `Common words of ${directory}` },
);
for (const { word, files } of common) console.log(`${word}: in ${files} files`);
