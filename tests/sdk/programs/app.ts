/**
 * A remote app as a program of its own, for the tests: `node app.ts URL [block]`. Says what happens as lines of JSON.
 * A request runs until a line comes on stdin; with `block` it blocks the event loop for as many milliseconds as its
 * prompt says, from the first line of the handler on.
 */
import { createInterface } from 'node:readline';
import { connectRemoteApp } from '../../../client/sdk/index.ts';

const [url = '', mode] = process.argv.slice(2);
const lines = createInterface({ input: process.stdin });
const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);

const app = connectRemoteApp({
  url,
  spaces: ['stage'],
  // Shorter than it blocks.
  keepAliveSeconds: 1,
  onEvent: ({ type }) => say({ event: type }),
  async handler({ prompt }, { progress }) {
    if (mode === 'block') {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(prompt));
      return { result: 'unblocked' };
    }
    await progress('working');
    await new Promise((resolve) => lines.once('line', resolve));
    return { result: 'as told' };
  },
});

app.done.then(
  () => {
    say({ done: true });
    // Nothing else may keep the program alive.
    lines.close();
  },
  (error: Error) => {
    say({ error: error.message });
    lines.close();
  },
);
