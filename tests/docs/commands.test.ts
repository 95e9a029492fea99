import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ADMIN_PASSWORD, firstSignIn, signIn, withAccounts } from '../help/people.ts';
import { quietPort } from '../help/proxy.ts';
import { startServer } from '../help/server.ts';
import { type Block, blocksOf, commandsOf, documents, ROOT, where } from './documents.ts';
import { openTerminal } from './terminal.ts';

/**
 * What a document tells to type is typed. How a block is run stands behind its fence, where GitHub shows none of it:
 *
 *     sh                           in bash, after the blocks before it, with their variables; it has to end well
 *     sh stays                     a command that goes on: in a terminal of its own, until the end of the document
 *     sh stays=WORD                the same; it is ready when it has said this word
 *     sh stops                     before it, what goes on is ended by Ctrl-C
 *     sh run-by=scripts/smoke.ts   not here: by that file, which has these lines word for word, or takes them by `blocksRunBy`
 *     sh clone                     in the repository itself: changes nothing in it
 *
 * There is a server on http://127.0.0.1:4000 with an administrator, unless a block of the document runs `spacedock serve`; the
 * password is in $PASSWORD, and is typed where a command asks for one. Port 8000 is free. `make` is there, and builds something.
 */
const WORDS = ['stays', 'stops', 'run-by', 'clone'];

const shellBlocks = (document: string) => blocksOf(document).filter(({ language }) => language === 'sh');
const serves = ({ text }: Block) => /\bspacedock serve\b/.test(text);
const isRun = ({ words }: Block) => !words.has('run-by');

describe('every command of a document is run', () => {
  const withCommands = documents.filter((document) => shellBlocks(document).some(isRun));

  test.for(withCommands)('%s', { timeout: 300_000 }, async (document) => {
    const blocks = shellBlocks(document).filter(isRun);
    const starts = blocks.some(serves);
    const server = starts ? null : await startServer(withAccounts());
    const host = server ? new URL(server.url).host : `127.0.0.1:${await quietPort()}`;
    const at = { graphql: `http://${host}/graphql`, socket: `ws://${host}/graphql` };
    const staying = blocks.filter(({ words }) => words.has('stays')).length;
    await using terminal = openTerminal({
      host,
      serves: starts,
      otherPort: await quietPort(),
      password: ADMIN_PASSWORD,
      staying,
    });
    try {
      if (server) await signIn(server);
      for (const block of blocks) {
        if (block.words.has('stops')) await terminal.leave();
        if (!block.words.has('stays')) await terminal.run(block);
        else await terminal.start(block);
        // The administrator is made in a server's first moments.
        if (serves(block) && !block.text.includes('ACCESS=open')) await firstSignIn(at);
      }
      await terminal.leave();
      expect(server?.server.services.counters.errors ?? 0, 'unexpected errors of the server').toBe(0);
    } finally {
      await server?.close();
    }
  });
});

describe('what is not run here is run elsewhere', () => {
  const elsewhere = documents.flatMap(blocksOf).filter(({ words }) => words.has('run-by'));

  test.for(elsewhere.map((block) => [where(block), block] as const))('%s', ([, block]) => {
    const file = block.words.get('run-by')!;
    expect(existsSync(join(ROOT, file)), `${where(block)}: there is no ${file}`).toBe(true);
    const text = readFileSync(join(ROOT, file), 'utf8').replaceAll('npm run --silent', 'npm run');
    if (text.includes(`blocksRunBy('${block.document}', '${file}')`)) return;
    const missing = commandsOf(block).filter((command) => !text.includes(command));
    expect(missing, `${where(block)}: ${file} does not run it`).toEqual([]);
  });
});

test('every block of commands is marked in a way that is known', () => {
  const wrong = documents.flatMap(blocksOf).flatMap((block) => {
    const { language, words } = block;
    if (['bash', 'shell', 'zsh', 'shellsession'].includes(language)) return [`${where(block)}: call it sh`];
    if (language === '') return [`${where(block)}: say what it is: sh, console, text …`];
    const unknown = language === 'sh' ? [...words.keys()].filter((word) => !WORDS.includes(word)) : [];
    return unknown.map((word) => `${where(block)}: nobody knows what \`${word}\` is`);
  });
  expect(wrong).toEqual([]);
});
