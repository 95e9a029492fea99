import { openSqlite } from '../../src/engine/sqlite.ts';

// A process of its own for the tests of SQLite: `<directory> hold | fill`. Prints a line for each thing that happened.

const [directory, task] = process.argv.slice(2);
const engine = await openSqlite({ directory: directory! });
let ready = 0;
engine.onReady(() => ready++);
const say = (line: string) => process.stdout.write(`${line}\n`);

if (task === 'hold') {
  // Several writes at a time, for ever, each told as soon as it is acknowledged.
  const lane = async (name: number) => {
    for (let n = 0; ; n++) {
      const id = `${name}-${n}`;
      await engine.documents.put('upload', id, { id }, 0);
      say(id);
    }
  };
  await Promise.all([1, 2, 3].map(lane));
}

if (task === 'fill') {
  // For a process that may not write files as large as the first document.
  const put = (id: string, length: number) =>
    engine.documents.put('upload', id, 'x'.repeat(length), 0).then(
      (revision) => `revision ${revision}`,
      (error: Error) => error.name,
    );
  const [large, neighbour] = await Promise.all([put('large', 8_000_000), put('neighbour', 10)]);
  say(`large: ${large}`);
  say(`neighbour: ${neighbour}`);
  say(`large again: ${await put('large', 8_000_000)}`);
  const before = ready;
  say(`after: ${await put('after', 10)}`);
  say(`said to be back: ${ready - before}`);
  say(`health: ${JSON.stringify(engine.health())}`);
  await engine.close();
}
