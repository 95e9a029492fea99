import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { acceptCount, acceptFile } from '../domain/acceptance.ts';
import type { JobId } from '../domain/ids.ts';
import type { StoredFile } from '../domain/job.ts';
import type { Instant } from '../domain/json.ts';
import { badInput, Refusal } from '../domain/refusal.ts';
import type { FileRules } from '../domain/space.ts';
import type { Engine } from '../engine/engine.ts';
import { createFileLinks } from './file-links.ts';
import { createRoom } from './room.ts';
import { createStorage, jobFolder, jobKey } from './storage.ts';
import { createUploadQuota, type UploadLimits } from './upload-quota.ts';
import { createUploads, type Owner, UPLOAD_MS, type Upload } from './uploads.ts';

/** A file on its way in: the id of an upload, or bytes with a name. */
export type IncomingFile = string | { name: string; type: string; size: number; stream(): Readable };

export interface FilesOptions {
  engine: Engine;
  /** Where files lie: a directory, shared by all processes. */
  directory: string;
  /** Largest upload, whatever a space's rules allow. */
  maxBytes: number;
  /** What the unclaimed uploads of one viewer may be. */
  uploads: UploadLimits;
  /** What all files together may take, in bytes; null: as much as there is. */
  maxStorageBytes: number | null;
  /** What stays free of the disk, in bytes. */
  minFreeBytes: number;
  /** The address in front of links; null: they are paths, and clients know the server's address. */
  publicUrl: string | null;
}

/** Between moving an upload to a job and storing that job hardly any time passes. */
const SETTLE_MS = 5000;
const SETTLE_STEP_MS = 20;

export type Files = ReturnType<typeof createFiles>;

export const filesDirectory = (config: { filesUrl: string | null; dataDir: string }): string =>
  config.filesUrl ? fileURLToPath(config.filesUrl) : join(config.dataDir, 'files');

/** `owner` is always the id of the viewer whose uploads are meant. */
export function createFiles({ engine, directory, maxBytes, publicUrl, ...limits }: FilesOptions) {
  const storage = createStorage(directory);
  const room = createRoom({ directory, maxBytes: limits.maxStorageBytes, minFreeBytes: limits.minFreeBytes });
  const quota = createUploadQuota(engine, limits.uploads, UPLOAD_MS);
  const uploads = createUploads({ engine, storage, room, quota });

  /** Whether the job is there and the file is one of its. */
  async function names(id: JobId, file: string): Promise<boolean> {
    const job = await engine.jobs.read(id);
    if (!job) return false;
    const input = await engine.jobs.input(id);
    const results = job.status === 'COMPLETED' ? job.files : [];
    return [...(input?.files ?? []), ...results].some((one) => one.id === file);
  }

  /** Drops what came within a request that is of no use any more. */
  async function discardAll(received: readonly Upload[]): Promise<void> {
    for (const upload of received) await uploads.discard(upload);
  }

  /**
   * Brings files to storage and checks them against the rules (null: none are taken; 'any': a result's). Nothing is a job's
   * yet: `assign` makes it so, and what is never assigned goes after an hour.
   */
  async function accept(
    incoming: readonly IncomingFile[],
    rules: FileRules | null | 'any',
    field: string,
    owner: string,
    job: JobId | null = null,
  ): Promise<StoredFile[]> {
    const ids = incoming.filter((file) => typeof file === 'string');
    if (new Set(ids).size < ids.length) throw badInput(field, 'names a file twice');
    const limit = rules === 'any' || !rules ? maxBytes : Math.min(maxBytes, rules.maxBytes);
    const accepted: Upload[] = [];
    const received: Upload[] = [];
    try {
      for (const [index, file] of incoming.entries()) {
        const at = `${field}.${index}`;
        // Before anything is kept; what it is shows only then.
        if (rules !== 'any') acceptCount(rules, incoming.length, at);
        if (typeof file === 'string') {
          accepted.push(await uploads.find(file, owner, at, job));
        } else {
          const { name, type, size } = file;
          const upload = await uploads.receive(
            { name, type, source: file.stream(), length: size },
            { id: owner },
            limit,
            at,
            true,
          );
          received.push(upload);
          accepted.push(upload);
        }
        if (rules !== 'any') acceptFile(rules, accepted[index]!, incoming.length, at);
      }
    } catch (error) {
      await discardAll(received);
      throw error;
    }
    return accepted.map(stored);
  }

  return {
    /** The path of a file of a job. Rejects with a NoFile. */
    path: (job: JobId, id: string): Promise<string> => storage.find(jobKey(job, id)),

    /** Takes an upload in, for a later mutation of the same viewer to claim. `length`: how large it is, if that is known. */
    receive: async (
      name: string,
      type: string,
      source: Readable,
      owner: string | Owner,
      length: number | null = null,
    ): Promise<StoredFile> =>
      stored(await uploads.receive({ name, type, source, length }, ownerOf(owner), maxBytes, 'file', false)),

    accept,

    /** Whether these are the files, by name and content. Of bytes nothing is kept. */
    async same(incoming: readonly IncomingFile[], known: readonly StoredFile[], owner: string): Promise<boolean> {
      if (incoming.length !== known.length) return false;
      for (const [index, file] of incoming.entries()) {
        const { id, sha256, name } = known[index]!;
        if (file === id) continue;
        const [given] = await accept([file], 'any', 'input.files', owner);
        if (typeof file !== 'string') await uploads.discard({ id: given!.id, sharer: owner });
        if (given!.sha256 !== sha256 || given!.name !== name) return false;
      }
      return true;
    },

    /**
     * Moves accepted files to where a job's are deleted with it. To be settled when the job is stored, or taken back when it is known
     * not to be. Doing it again for the same job is harmless: a report may come twice, or its process end half-way.
     */
    async assign(job: JobId, files: readonly StoredFile[]): Promise<void> {
      for (const { id } of files) {
        if (await uploads.claim(id, job)) continue;
        throw new Refusal('CONFLICT', `Upload ${id} is taken by another job already`, { field: 'input.files' });
      }
    },

    /** The job that the files were assigned to is stored. */
    async settle(files: readonly StoredFile[]): Promise<void> {
      for (const { id } of files) await uploads.forget(id);
    },

    /** The job that the files were assigned to is not: they are uploads again. */
    async takeBack(job: JobId, files: readonly StoredFile[]): Promise<void> {
      for (const { id } of files) await uploads.unclaim(id, job);
    },

    /**
     * Resolves when none of these uploads is on its way to a job any more, or one stays so for SETTLE_MS: its process has ended. True:
     * all of them are there for another job.
     */
    async settled(incoming: readonly IncomingFile[], owner: string): Promise<boolean> {
      const until = performance.now() + SETTLE_MS;
      const ids = incoming.filter((file) => typeof file === 'string');
      for (const id of ids) {
        for (;;) {
          const upload = await uploads.look(id, owner);
          if (!upload) return false;
          if (upload.job === null) break;
          if (performance.now() > until || (await engine.jobs.read(upload.job))) return false;
          await delay(SETTLE_STEP_MS);
        }
      }
      return ids.length > 0;
    },

    /**
     * A job gets copies of another's files, under new ids. To be settled when the job is stored: until then the sweep removes what no
     * job names.
     */
    async copy(from: JobId, to: JobId, files: readonly StoredFile[]): Promise<StoredFile[]> {
      const copies = files.map((file) => ({ ...file, id: randomUUID() }));
      for (const [index, file] of files.entries()) {
        const copy = copies[index]!;
        await room.promise(file.size, 'id');
        try {
          await uploads.plan(copy, to);
          await storage.copy(jobKey(from, file.id), jobKey(to, copy.id));
          room.written(file.size);
        } catch (error) {
          room.release(file.size);
          throw error;
        }
      }
      return copies;
    },

    async removeOf(job: JobId): Promise<void> {
      await storage.removeFolder(jobFolder(job));
      room.freed();
    },

    /** Forgets uploads that nobody claimed in time. */
    async sweep(now: Instant): Promise<void> {
      for (const upload of await uploads.overdue(now)) {
        // A process that ended between moving and storing leaves files that no job names.
        const { job, id } = upload;
        if (job && !(await names(job, id))) await storage.remove(jobKey(job, id));
        await uploads.discard(upload);
      }
    },

    ...createFileLinks(engine, publicUrl),
  };
}

const ownerOf = (owner: string | Owner): Owner => (typeof owner === 'string' ? { id: owner } : owner);
const stored = ({ id, name, type, size, sha256 }: Upload): StoredFile => ({ id, name, type, size, sha256 });
