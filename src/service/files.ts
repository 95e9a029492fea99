import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Disk } from 'flydrive';
import { FSDriver } from 'flydrive/drivers/fs';
import { lookup } from 'mime-types';
import { acceptFile, fileTooLarge } from '../domain/acceptance.ts';
import type { JobId } from '../domain/ids.ts';
import type { StoredFile } from '../domain/job.ts';
import type { Instant } from '../domain/json.ts';
import { badInput, Refusal } from '../domain/refusal.ts';
import type { FileRules } from '../domain/space.ts';
import type { Engine } from '../engine/engine.ts';
import { createFileLinks, jobKey } from './file-links.ts';

/** A file on its way in: the id of an upload, or bytes with a name. */
export type IncomingFile = string | { name: string; type: string; stream(): Readable };

export interface FilesOptions {
  engine: Engine;
  /** Where files lie: a directory, shared by all processes. */
  directory: string;
  /** Largest upload, whatever a space's rules allow. */
  maxBytes: number;
  /** The address in front of links; null: they are paths, and clients know the server's address. */
  publicUrl: string | null;
}

/** Unclaimed uploads are kept this long. */
export const UPLOAD_MS = 3_600_000;
/** One that is not whole after this long never will be: its process ended. */
const RECEIVE_MS = 24 * 3_600_000;
/** Between moving an upload to a job and storing that job hardly any time passes. */
const SETTLE_MS = 5000;
const SETTLE_STEP_MS = 20;

const UPLOAD = 'upload';
const UPLOAD_ID = /^[0-9a-f-]{36}$/;

/** `job`: it is being moved to this job, which may not be there yet. */
type Upload = StoredFile & { createdAt: Instant; stored: boolean; job: JobId | null };

export type Files = ReturnType<typeof createFiles>;

export const filesDirectory = (config: { filesUrl: string | null; dataDir: string }): string =>
  config.filesUrl ? fileURLToPath(config.filesUrl) : join(config.dataDir, 'files');

export function createFiles({ engine, directory, maxBytes, publicUrl }: FilesOptions) {
  const disk = new Disk(new FSDriver({ location: directory, visibility: 'private' }));
  const uploadKey = (id: string) => `uploads/${id}`;

  /** Streams to storage. The record is written first: whatever happens, the sweep finds the bytes. */
  async function receive(name: string, type: string, source: Readable, limit: number, field: string): Promise<Upload> {
    const id = randomUUID();
    const blank: Upload = {
      id,
      name: fileName(name),
      type: mediaType(type, name),
      size: 0,
      sha256: '',
      createdAt: engine.now(),
      stored: false,
      job: null,
    };
    const hash = createHash('sha256');
    let size = 0;
    const measured = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        size += chunk.length;
        if (size > limit) return done(fileTooLarge(field, blank.name, limit));
        hash.update(chunk);
        done(null, chunk);
      },
    });
    // From the first moment on: the sender may go before anything is written.
    source.once('error', (error) => measured.destroy(error));
    measured.once('error', () => source.unpipe(measured));
    source.pipe(measured);
    try {
      await engine.documents.put(UPLOAD, id, { ...blank }, 0);
      await mkdir(join(directory, 'uploads'), { recursive: true });
      // Not flydrive's putStream: it rejects while the file may still be opening, and what is deleted then comes back.
      await pipeline(measured, createWriteStream(join(directory, uploadKey(id))));
    } catch (error) {
      measured.destroy();
      await discard(id);
      throw error;
    }
    const upload: Upload = { ...blank, createdAt: engine.now(), size, sha256: hash.digest('hex'), stored: true };
    await engine.documents.put(UPLOAD, id, { ...upload }, 1);
    return upload;
  }

  async function discard(id: string): Promise<void> {
    await disk.delete(uploadKey(id));
    await engine.documents.remove(UPLOAD, id);
  }

  /** Within one storage a move costs nothing; one that was done already is none. */
  async function relocate(from: string, to: string): Promise<void> {
    const target = join(directory, to);
    await mkdir(dirname(target), { recursive: true });
    await rename(join(directory, from), target).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT' || !(await disk.exists(to))) throw error;
    });
  }

  /** Whether the job is there and the file is one of its. */
  async function names(id: JobId, file: string): Promise<boolean> {
    const job = await engine.jobs.read(id);
    if (!job) return false;
    const input = await engine.jobs.input(id);
    const results = job.status === 'COMPLETED' ? job.files : [];
    return [...(input?.files ?? []), ...results].some((one) => one.id === file);
  }

  async function upload(id: string, field: string, job: JobId | null): Promise<Upload> {
    const document = UPLOAD_ID.test(id) ? await engine.documents.get<Upload & Record<string, never>>(UPLOAD, id) : null;
    if (!document?.value.stored || (document.value.job !== null && document.value.job !== job)) {
      throw new Refusal(
        'NOT_FOUND',
        `${field}: there is no upload "${id.slice(0, 64)}"; uploads are kept for an hour`,
        {
          field,
        },
      );
    }
    return document.value;
  }

  return {
    directory,

    /** Takes an upload in, for a later mutation to claim. */
    receive: (name: string, type: string, source: Readable): Promise<StoredFile> =>
      receive(name, type, source, maxBytes, 'file'),

    /**
     * Brings files to storage and checks them against the rules (null: none are taken; 'any': a result's). Nothing is a job's
     * yet: `assign` makes it so, and what is never assigned goes after an hour.
     */
    async accept(
      incoming: readonly IncomingFile[],
      rules: FileRules | null | 'any',
      field: string,
      job: JobId | null = null,
    ): Promise<StoredFile[]> {
      const accepted: StoredFile[] = [];
      const limit = rules === 'any' || !rules ? maxBytes : Math.min(maxBytes, rules.maxBytes);
      for (const [index, file] of incoming.entries()) {
        const at = `${field}.${index}`;
        const check = (found: { name: string; type: string; size: number }) => {
          if (rules !== 'any') acceptFile(rules, found, incoming.length, at);
        };
        if (typeof file === 'string') {
          const found = await upload(file, at, job);
          check(found);
          accepted.push(stored(found));
        } else {
          check({ name: fileName(file.name), type: mediaType(file.type, file.name), size: 0 });
          accepted.push(stored(await receive(file.name, file.type, file.stream(), limit, at)));
        }
      }
      if (new Set(accepted.map(({ id }) => id)).size < accepted.length) throw badInput(field, 'names a file twice');
      return accepted;
    },

    /**
     * Moves accepted files to where a job's are deleted with it. To be settled when the job is stored, or taken back when it is known
     * not to be. Doing it again for the same job is harmless: a report may come twice, or its process end half-way.
     */
    async assign(job: JobId, files: readonly StoredFile[]): Promise<void> {
      for (const { id } of files) {
        const document = await engine.documents.get<Upload & Record<string, never>>(UPLOAD, id);
        const taken = document?.value.job === job;
        const free = document?.value.job === null;
        if (
          !taken &&
          !(free && (await engine.documents.put(UPLOAD, id, { ...document.value, job }, document.revision)))
        ) {
          // The same report a moment earlier may have been faster.
          const now = free ? await engine.documents.get<Upload & Record<string, never>>(UPLOAD, id) : null;
          if (now?.value.job !== job) {
            throw new Refusal('CONFLICT', `Upload ${id} is taken by another job already`, { field: 'input.files' });
          }
        }
        await relocate(uploadKey(id), jobKey(job, id));
      }
    },

    /** The job that the files were assigned to is stored. */
    async settle(files: readonly StoredFile[]): Promise<void> {
      for (const { id } of files) await engine.documents.remove(UPLOAD, id);
    },

    /** The job that the files were assigned to is not: they are uploads again. */
    async takeBack(job: JobId, files: readonly StoredFile[]): Promise<void> {
      for (const { id } of files) {
        const document = await engine.documents.get<Upload & Record<string, never>>(UPLOAD, id);
        if (document?.value.job !== job) continue;
        await relocate(jobKey(job, id), uploadKey(id)).catch(() => undefined);
        await engine.documents.put(UPLOAD, id, { ...document.value, job: null }, document.revision);
      }
    },

    /**
     * Resolves when none of these uploads is on its way to a job any more, or one stays so for SETTLE_MS: its process has ended. True:
     * all of them are there for another job.
     */
    async settled(incoming: readonly IncomingFile[]): Promise<boolean> {
      const until = performance.now() + SETTLE_MS;
      const uploads = incoming.filter((file) => typeof file === 'string');
      for (const id of uploads) {
        if (!UPLOAD_ID.test(id)) return false;
        for (;;) {
          const document = await engine.documents.get<Upload & Record<string, never>>(UPLOAD, id);
          if (!document?.value.stored) return false;
          if (document.value.job === null) break;
          if (performance.now() > until || (await engine.jobs.read(document.value.job))) return false;
          await delay(SETTLE_STEP_MS);
        }
      }
      return uploads.length > 0;
    },

    /**
     * A job gets copies of another's files, under new ids. To be settled when the job is stored: until then the sweep removes what no
     * job names.
     */
    async copy(from: JobId, to: JobId, files: readonly StoredFile[]): Promise<StoredFile[]> {
      const copies = files.map((file) => ({ ...file, id: randomUUID() }));
      for (const [index, file] of files.entries()) {
        const copy = copies[index]!;
        await engine.documents.put(UPLOAD, copy.id, { ...copy, createdAt: engine.now(), stored: true, job: to }, 0);
        await disk.copy(jobKey(from, file.id), jobKey(to, copy.id));
      }
      return copies;
    },

    removeOf: (job: JobId): Promise<void> => disk.deleteAll(`jobs/${job}`),

    /** Forgets uploads that nobody claimed in time. */
    async sweep(now: Instant): Promise<void> {
      for (const { value } of await engine.documents.list<Upload & Record<string, never>>(UPLOAD)) {
        if (value.createdAt + (value.stored ? UPLOAD_MS : RECEIVE_MS) > now) continue;
        // A process that ended between moving and storing leaves files that no job names.
        if (value.job && !(await names(value.job, value.id))) await disk.delete(jobKey(value.job, value.id));
        await discard(value.id);
      }
    },

    ...createFileLinks(engine, publicUrl),
  };
}

const stored = ({ id, name, type, size, sha256 }: Upload): StoredFile => ({ id, name, type, size, sha256 });

/** The last part of a path, without control characters, in at most 255 characters. */
function fileName(name: string): string {
  const last = name
    .toWellFormed()
    .split(/[\\/]/)
    .at(-1)!
    .replace(/\p{Cc}/gu, '');
  // Not within a character of two units.
  const end = last.slice(-255).replace(/^[\udc00-\udfff]/, '');
  return end === '' || end === '.' || end === '..' ? 'file' : end;
}

/** What the client said, if it said anything; else what the name's ending says. */
function mediaType(type: string, name: string): string {
  const said = type.split(';', 1)[0]!.trim().toLowerCase();
  if (/^[\w.+-]+\/[\w.+-]+$/.test(said) && said !== 'application/octet-stream') return said;
  return lookup(name) || 'application/octet-stream';
}
