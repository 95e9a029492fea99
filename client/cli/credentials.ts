import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { parseAddress } from '../sdk/address.ts';
import type { VisitorMemory } from '../sdk/index.ts';
import { Problem } from './problem.ts';

/** Somebody who has signed in to a server from here. */
export interface KeptSession {
  token: string;
  name: string;
}

const Stored = z.object({
  version: z.literal(1),
  /** By the server's address, as `parseAddress` has it. */
  sessions: z.record(z.string(), z.object({ token: z.string(), name: z.string() })),
});
type Stored = z.infer<typeof Stored>;

/** The user's own directory for settings (https://specifications.freedesktop.org/basedir-spec/latest/). */
function directory(): string {
  const { SPACEDOCK_CONFIG_DIR: own, XDG_CONFIG_HOME: base } = process.env;
  return own || join(base || join(homedir(), '.config'), 'spacedock');
}

/** Where sessions are kept, for this user alone. */
export const credentialsFile = (): string => join(directory(), 'credentials.json');

const keyOf = (url: string): string => parseAddress(url).base;

/** Undefined: there is no such file. */
function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw new Problem(`${path} cannot be read: ${(error as Error).message}`);
  }
}

function readAll(): Stored {
  const path = credentialsFile();
  const text = textOf(path);
  if (text === undefined) return { version: 1, sessions: {} };
  try {
    return Stored.parse(JSON.parse(text));
  } catch {
    throw new Problem(`${path} is not what spacedock wrote there.`, { hint: 'Delete it, and sign in again.' });
  }
}

/** A file of this user alone, beside where it is to be: whoever reads that sees all of it or nothing. */
function writeBeside(path: string, text: string): string {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const beside = `${path}.${randomUUID()}`;
  writeFileSync(beside, text, { mode: 0o600, flag: 'wx', flush: true });
  return beside;
}

export const keptSession = (url: string): KeptSession | undefined => readAll().sessions[keyOf(url)];

/** Undefined: nobody is signed in to it any more. */
export function keepSession(url: string, session: KeptSession | undefined): void {
  const { sessions, version } = readAll();
  const { [keyOf(url)]: _, ...others } = sessions;
  const all: Stored = { version, sessions: { ...others, ...(session && { [keyOf(url)]: session }) } };
  const path = credentialsFile();
  try {
    renameSync(writeBeside(path, `${JSON.stringify(all, null, 2)}\n`), path);
  } catch (error) {
    throw new Problem(`${path} cannot be written: ${(error as Error).message}`, {
      hint: 'SPACEDOCK_CONFIG_DIR names another directory; a program comes with SPACEDOCK_TOKEN instead.',
    });
  }
}

/** Where there is such a file already, as of a command that came first, that one stays. */
function writeFirst(path: string, text: string): void {
  const beside = writeBeside(path, text);
  try {
    linkSync(beside, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(beside);
  }
}

/** One file for each server, so that of several commands that come to it first at once all are the same visitor. */
export function visitorMemory(url: string): VisitorMemory {
  const path = join(directory(), 'visitors', encodeURIComponent(keyOf(url)));
  return {
    read: () => textOf(path)?.trim() || undefined,
    write(token) {
      try {
        if (token === undefined) rmSync(path, { force: true });
        else writeFirst(path, `${token}\n`);
      } catch (error) {
        // As in a container without a home: what is asked for works all the same.
        const why = (error as Error).message;
        process.stderr.write(`Who you are to ${url} cannot be kept, so that your jobs are not found again: ${why}\n`);
      }
    },
  };
}
