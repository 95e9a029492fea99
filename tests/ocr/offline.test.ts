import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { sampleFile, sampleText } from './samples.ts';

const SCRIPT = `
  import { readFile } from 'node:fs/promises';
  import { createRecogniser } from ${JSON.stringify(sampleFile('../recognise.ts').href)};
  const denied = await fetch('http://127.0.0.1:8080').catch((error) => error.cause?.code ?? error.code);
  await using recogniser = await createRecogniser();
  const { text } = await recogniser.recognise(await readFile(new URL(${JSON.stringify(sampleFile('formats/line.png').href)})));
  console.log(JSON.stringify({ denied, text }));
`;

test('the model loads and reads in a process that may not use the network nor write a file', async () => {
  const permissions = ['--permission', '--allow-fs-read=*', '--allow-worker'];
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...permissions,
    '--input-type=module-typescript',
    '--eval',
    SCRIPT,
  ]);
  expect(JSON.parse(stdout)).toEqual({ denied: 'ERR_ACCESS_DENIED', text: await sampleText('formats/line.txt') });
});
