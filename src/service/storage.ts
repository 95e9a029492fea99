import { lstat, mkdir, realpath, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Disk } from 'flydrive';
import { FSDriver } from 'flydrive/drivers/fs';
import { isJobId, type JobId } from '../domain/ids.ts';

const FILE_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Whether an upload or a file of a job may be called so. */
export const isFileId = (id: string): boolean => FILE_ID.test(id);

/** An id becomes a part of a path only if it can be nothing else. */
function part(id: string, right: boolean): string {
  if (!right) throw new Error(`No path is made of ${JSON.stringify(id.slice(0, 200))}`);
  return id;
}

/** Where an upload lies that no job has taken. */
export const uploadKey = (id: string): string => `uploads/${part(id, isFileId(id))}`;
/** Where all files of a job lie. */
export const jobFolder = (job: JobId): string => `jobs/${part(job, isJobId(job))}`;
/** Where a job's file lies. */
export const jobKey = (job: JobId, id: string): string => `${jobFolder(job)}/${part(id, isFileId(id))}`;

/** The file is not there, or it is none. */
export class NoFile extends Error {
  override readonly name = 'NoFile';
}

export type Storage = ReturnType<typeof createStorage>;

/**
 * A directory of files by keys like `jobs/<job>/<file>`. It may be a link itself; below it nothing is followed out of it, whoever put a
 * link there: what would lead elsewhere is refused.
 */
export function createStorage(directory: string) {
  const disk = new Disk(new FSDriver({ location: directory, visibility: 'private' }));

  /** The real path of a folder, which is where it should be. With `make` it is made if it is not there. */
  async function folder(key: string, make: boolean): Promise<string> {
    if (key === '.') {
      if (make) await mkdir(directory, { recursive: true });
      return realpath(directory);
    }
    // One after the other: within what a link leads to, nothing may be made either.
    const path = join(await folder(dirname(key), make), basename(key));
    if (make) await mkdir(path).catch(unlessThere);
    if ((await realpath(path)) !== path) throw new Error(`${path} is a link: files stay within ${directory}`);
    return path;
  }

  /** The real path of a file that is there. */
  async function find(key: string): Promise<string> {
    try {
      const path = join(await folder(dirname(key), false), basename(key));
      if ((await lstat(path)).isFile()) return path;
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
    throw new NoFile(`There is no file ${key}`);
  }

  const there = (key: string): Promise<boolean> =>
    folder(key, false).then(
      () => true,
      (error) => {
        if (isMissing(error)) return false;
        throw error;
      },
    );

  return {
    directory,
    find,

    /** Where a new file is to be written. */
    async place(key: string): Promise<string> {
      return join(await folder(dirname(key), true), basename(key));
    },

    /** Within one storage this costs nothing; what was moved already is left as it is. */
    async move(from: string, to: string): Promise<void> {
      const target = join(await folder(dirname(to), true), basename(to));
      try {
        await rename(await find(from), target);
      } catch (error) {
        if (!(error instanceof NoFile) && !isMissing(error)) throw error;
        await find(to);
      }
    },

    async copy(from: string, to: string): Promise<void> {
      await find(from);
      await folder(dirname(to), true);
      await disk.copy(from, to);
    },

    /** Does nothing where there is none. */
    async remove(key: string): Promise<void> {
      if (await there(dirname(key))) await disk.delete(key);
    },

    async removeFolder(key: string): Promise<void> {
      if (await there(dirname(key))) await disk.deleteAll(key);
    },
  };
}

const isMissing = (error: unknown): boolean =>
  ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');

function unlessThere(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EEXIST') throw error;
}
