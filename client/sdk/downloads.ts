import { createBackoff } from './backoff.ts';
import { isPassing, SpacedockError } from './errors.ts';
import { download, type FileAccess } from './files.ts';
import type { StoredFile } from './remote-app-options.ts';
import { pause } from './timing.ts';

/** Tries over about fifteen seconds: a server that restarts, a network that blinks. */
const TRIES = 12;

/** The content of a stored file. Tries again over short outages. Rejects with a SpacedockError, or the signal's reason. */
export function fetchFile(access: FileAccess, file: StoredFile): Promise<Blob> {
  return persistently(access, file, (response) => response.blob());
}

/**
 * Streams a stored file into a directory, under its own name or one like it that is free, and returns the path.
 * Node only. Tries and rejects like `fetchFile`; no part of a file is left behind.
 */
export async function saveFile(access: FileAccess, file: StoredFile, directory: string): Promise<string> {
  // Not imported, so that bundlers of pages need not know what to do about them.
  const { createWriteStream } = process.getBuiltinModule('node:fs');
  const { open, rm } = process.getBuiltinModule('node:fs/promises');
  const { parse, join } = process.getBuiltinModule('node:path');
  const { pipeline } = process.getBuiltinModule('node:stream/promises');
  const { name, ext } = parse(safeName(file.name));

  /** Creates the file, so that nobody else takes its name. */
  async function reserve(copy = 1): Promise<string> {
    const path = join(directory, copy === 1 ? `${name}${ext}` : `${name}-${copy}${ext}`);
    try {
      await (await open(path, 'wx')).close();
      return path;
    } catch (error) {
      if ((error as { code?: string }).code !== 'EEXIST') throw error;
      return reserve(copy + 1);
    }
  }

  const path = await reserve();
  try {
    await persistently(access, file, ({ body }) => pipeline(body ?? [], createWriteStream(path)));
    return path;
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
}

/** A name from elsewhere, safe on this machine: no directories, no control characters, not hidden, not too long. */
export function safeName(name: string): string {
  const base = name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1);
  const plain = base.replace(/[\p{Cc}<>:"|?*]/gu, '_').replace(/^\.+/, '');
  const dot = plain.lastIndexOf('.');
  const extension = dot > 0 ? plain.slice(dot).slice(0, 16) : '';
  const stem = (dot > 0 ? plain.slice(0, dot) : plain).slice(0, 60);
  return stem + extension || 'file';
}

async function persistently<T>(
  access: FileAccess,
  file: StoredFile,
  read: (response: Response) => Promise<T>,
): Promise<T> {
  // Outside: what is wrong with the argument is no lost connection.
  const { url } = file;
  const backoff = createBackoff();
  for (let left = TRIES; ; left--) {
    try {
      return await read(await download(access, url));
    } catch (thrown) {
      access.signal?.throwIfAborted();
      const error = named(thrown);
      if (!isPassing(error) || left === 1) throw error;
      await pause(backoff.next(), access.signal);
    }
  }
}

/** What fetch throws when a body breaks off, as the lost connection that it is. */
function named(error: unknown): unknown {
  return error instanceof TypeError ? new SpacedockError('CONNECTION_LOST', error.message, { cause: error }) : error;
}
