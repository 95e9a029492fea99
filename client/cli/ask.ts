import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { EXIT, Problem } from './problem.ts';

/** Asks on the terminal; stderr shows the question, as scripts read stdout. `instead`: what to do where there is no terminal. */
export const ask = (question: string, instead: string): Promise<string> => line(question, process.stderr, instead);

/** As `ask`, and what is typed is not shown. */
export async function askSecret(question: string, instead: string): Promise<string> {
  const hidden = new Writable({ write: (_chunk, _encoding, done) => done() });
  try {
    return await line(question, hidden, instead);
  } finally {
    process.stderr.write('\n');
  }
}

function line(question: string, output: NodeJS.WritableStream, instead: string): Promise<string> {
  if (!process.stdin.isTTY) {
    throw new Problem('There is no terminal to ask on.', { hint: instead });
  }
  // The question comes after: once it can be seen, nothing that is typed is shown by the terminal itself.
  const terminal = createInterface({ input: process.stdin, output, terminal: true });
  if (output !== process.stderr) process.stderr.write(question);
  return new Promise((resolve, reject) => {
    const leave = () => reject(new Problem('Nothing was done.', { exitCode: EXIT.interrupted }));
    terminal.once('SIGINT', leave).once('close', leave);
    terminal.question(question, resolve);
  }).finally(() => terminal.close()) as Promise<string>;
}

/** What is given on stdin, line by line; the end of the last line may be missing. */
export async function linesOfStdin(count: number, what: string): Promise<string[]> {
  const lines = (await text(process.stdin)).replace(/\r?\n$/, '').split(/\r?\n/);
  if (lines.length === count && lines.every((each) => each !== '')) return lines;
  throw new Problem(`--password-stdin takes ${what} on stdin.`);
}

/** A new password: from stdin, or typed twice. */
export async function newPassword(fromStdin: boolean | undefined, whose: string): Promise<string> {
  if (fromStdin) return (await linesOfStdin(1, 'the password as one line'))[0] as string;
  const instead = 'Give the password on stdin, as one line, and say so with --password-stdin.';
  const password = await askSecret(`New password ${whose}: `, instead);
  if ((await askSecret('Once more: ', instead)) !== password) throw new Problem('The two are not the same.');
  return password;
}
