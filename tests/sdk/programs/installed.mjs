/**
 * A program of somebody who installed the package: `node installed.mjs URL DIRECTORY`. Serves one request of the space
 * `stage` that has a file, with the file on disk, and hands a file back. Prints one line of JSON.
 */
import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import * as client from 'spacedock/client';

const [url, directory] = process.argv.slice(2);
const connection = client.connect({ url });

const job = await new Promise((resolve, reject) => {
  const app = client.connectRemoteApp({
    url,
    spaces: ['stage'],
    async handler({ files: [file] }, { saveFile, fetchFile, progress }) {
      await progress('reading', 0.5);
      const path = await saveFile(file, directory);
      await writeFile(join(directory, 'answer.txt'), `${await (await fetchFile(file)).text()}, and back`);
      return { result: path, files: [join(directory, 'answer.txt')] };
    },
    async onEvent(event) {
      if (event.type !== 'result') return;
      await app.drain();
      resolve(event.job);
    },
  });
  app.registered.then(submit).catch(reject);
});

async function submit() {
  const file = await connection.upload({ name: 'question.txt', data: 'there' });
  await connection.request(client.submitInferenceMutation, { input: { space: 'stage', prompt: 'x', files: [file] } });
}

let last;
for await (const snapshot of client.watchJob(connection, job)) last = snapshot;
const answer = await fetch(connection.resolve(last.files.find(({ name }) => name === 'answer.txt').url));
const urql = client.createUrqlClient({ url });
const { data } = await urql.query(client.spacesQuery, {}).toPromise();
const reporter = client.createProgressReporter({ url });
const tracked = await reporter.track('installed', async ({ each, write }) => {
  for await (const word of each(['one', ' 😀'], { stage: 'say' })) await write(word);
  return 'tracked';
});
await reporter.close();
let output = '';
for await (const { text } of client.watchOutput(connection, 'installed')) output += text;
await connection.close();

const { resolve } = createRequire(import.meta.resolve('spacedock/client'));
const found = process.argv.slice(4).filter((name) => {
  try {
    return resolve(name);
  } catch {
    return false;
  }
});
console.log(
  JSON.stringify({
    node: process.version,
    schema: import.meta.resolve('spacedock/schema.graphql'),
    status: last.status,
    answer: await answer.text(),
    tracked,
    output,
    spaces: data.spaces.map(({ id }) => id),
    found,
  }),
);
