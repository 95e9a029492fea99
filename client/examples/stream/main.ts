#!/usr/bin/env node
/**
 * A remote app that streams text: goes on from a prompt as a Markov chain of words does, learned from the prompt and a page of a story.
 *
 *     SPACEDOCK_TOKEN=$(spacedock token create --spaces stories) node client/examples/stream/main.ts
 *     spacedock submit stories --prompt 'The ship was beginning' --watch
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { connect, connectRemoteApp, createSpaceMutation, errorCode } from '../../sdk/index.ts';

const { values } = parseArgs({
  options: {
    url: { type: 'string', default: process.env.SPACEDOCK_URL ?? 'http://127.0.0.1:4000' },
    token: { type: 'string', default: process.env.SPACEDOCK_TOKEN },
    space: { type: 'string', default: 'stories' },
    words: { type: 'string', default: '80' },
    pause: { type: 'string', default: '0.05' },
  },
});
const { url, token, space } = values;
const BOOK = wordsOf(readFileSync(join(import.meta.dirname, 'book.txt'), 'utf8'));

function wordsOf(text: string): string[] {
  return text.split(/\s+/).filter(Boolean);
}

/** For each two words that follow each other, all words that came next. */
function learn(words: string[], next = new Map<string, string[]>()): Map<string, string[]> {
  for (let i = 2; i < words.length; i++) {
    const pair = `${words[i - 2]} ${words[i - 1]}`;
    next.set(pair, [...(next.get(pair) ?? []), words[i] as string]);
  }
  return next;
}

/** Words that go on from the end of the prompt; where nothing ever followed, from a place at random. */
function* tell(prompt: string): Generator<string, never> {
  const begin = wordsOf(prompt);
  const next = learn(begin, learn(BOOK));
  const pairs = [...next.keys()];
  let pair = begin.slice(-2).join(' ');
  for (;;) {
    const choices = next.get(pair);
    const word = choices?.[Math.floor(Math.random() * choices.length)];
    if (word === undefined) {
      pair = pairs[Math.floor(Math.random() * pairs.length)] as string;
      yield* pair.split(' ');
    } else {
      pair = `${pair.split(' ')[1]} ${word}`;
      yield word;
    }
  }
}

const connection = connect({ url, token });
try {
  await connection.request(createSpaceMutation, { input: { id: space, title: 'Stories', inputs: { prompt: true } } });
} catch (error) {
  // With the token of an app it has to be there already: administrators make spaces.
  if (!['ALREADY_EXISTS', 'FORBIDDEN'].includes(errorCode(error) ?? '')) throw error;
}
await connection.close();

const app = connectRemoteApp({
  url,
  token,
  spaces: [space],
  name: 'storyteller',
  capacity: 4,
  async handler({ prompt }, { signal, progress, write }) {
    const length = Number(values.words);
    const words: string[] = [];
    for (const word of tell(prompt ?? '')) {
      // Everybody who watches sees the word now; who comes later gets all of them.
      await write(words.length === 0 ? word : ` ${word}`);
      words.push(word);
      await progress('telling', words.length / length);
      if (words.length >= length) break;
      // A model takes its time for each word. A cancel ends that, and the job.
      await sleep(Number(values.pause) * 1000, undefined, { signal });
    }
    return { result: words.join(' ') };
  },
  onEvent(event) {
    if (event.type === 'registered')
      console.log(`Serving ${space}: spacedock submit ${space} --prompt 'The ship was beginning' --watch`);
    if (event.type === 'request') console.log(`Job ${event.job}\nspacedock watch ${event.job}`);
  },
});
await app.done;
