import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileTooLarge } from '../domain/acceptance.ts';
import { fileName } from '../domain/file-name.ts';
import type { JobId } from '../domain/ids.ts';
import type { StoredFile } from '../domain/job.ts';
import type { Instant } from '../domain/json.ts';
import { fitsName, judgedType } from '../domain/media-type.ts';
import { Refusal } from '../domain/refusal.ts';
import type { Document, Engine } from '../engine/engine.ts';
import { createLook } from './content.ts';
import type { Room } from './room.ts';
import { isFileId, jobKey, type Storage, uploadKey } from './storage.ts';
import type { UploadQuota } from './upload-quota.ts';

/** Unclaimed uploads are kept this long. */
export const UPLOAD_MS = 3_600_000;
/** One that is not whole after this long never will be. */
const RECEIVE_MS = 24 * 3_600_000;
/** While bytes come its share of the quota is kept alive this often. */
const RENEW_MS = UPLOAD_MS / 6;
/** The first share of an upload that does not say how large it is; later ones grow with it. */
const STEP_BYTES = 1024 * 1024;

const UPLOAD = 'upload';

/** A document of the engine. */
export type Upload = { [K in keyof UploadRecord]: UploadRecord[K] };

interface UploadRecord extends StoredFile {
  /** The id of the viewer who sent it. */
  owner: string;
  /** In whose quota it is counted. */
  sharer: string;
  createdAt: Instant;
  /** Whether it is whole. */
  stored: boolean;
  /** It is being moved to this job, which may not be there yet. */
  job: JobId | null;
  /** It came within the request that uses it: nobody else knows its id, so it is of no use when that is refused. */
  within: boolean;
  /** Whether the content may be what the name's ending stands for. */
  fitsName: boolean;
}

export interface Incoming {
  name: string;
  /** As the sender says; empty: nothing. */
  type: string;
  source: Readable;
  /** How large it is going to be, in bytes; null: nobody knows. */
  length: number | null;
}

/** Whose an upload is. */
export interface Owner {
  /** Of the viewer. */
  id: string;
  /** Whose quota it is counted in, if not the viewer's own. */
  sharer?: string;
}

export interface UploadsParts {
  engine: Engine;
  storage: Storage;
  room: Room;
  quota: UploadQuota;
}

export type Uploads = ReturnType<typeof createUploads>;

/** Files that no job has taken yet. */
export function createUploads({ engine, storage, room, quota }: UploadsParts) {
  const read = (id: string): Promise<Document<Upload> | null> => engine.documents.get<Upload>(UPLOAD, id);

  async function discard({ id, sharer }: Pick<Upload, 'id' | 'sharer'>): Promise<void> {
    await storage.remove(uploadKey(id));
    room.freed();
    await engine.documents.remove(UPLOAD, id);
    await quota.drop(sharer, id);
  }

  /**
   * Streams to storage, at most `limit` bytes, and judges what it is. The record is written first: whatever happens, the sweep finds the
   * bytes. Refused: FILE_TOO_LARGE; what the quota and the disk do not take.
   */
  async function receive(
    { name, type, source, length }: Incoming,
    { id: owner, sharer = owner }: Owner,
    limit: number,
    field: string,
    within: boolean,
  ): Promise<Upload> {
    const id = randomUUID();
    const blank: Upload = {
      id,
      name: fileName(name),
      type: '',
      size: 0,
      sha256: '',
      owner,
      sharer,
      createdAt: engine.now(),
      stored: false,
      job: null,
      within,
      fitsName: true,
    };
    if (length !== null && length > limit) throw fileTooLarge(field, blank.name, limit);
    const first = length ?? 0;
    /** What the quota and the disk have agreed to so far. */
    const share = { bytes: first, at: performance.now() };
    let promised = 0;
    let size = 0;
    const hash = createHash('sha256');
    const look = createLook();

    /** Room for so many bytes and some more, or if that is not there, for just so many. */
    async function more(bytes: number): Promise<number> {
      const step = bytes + STEP_BYTES;
      const given = await room.promise(step, field).then(
        () => true,
        () => false,
      );
      if (!given) await room.promise(bytes, field);
      return given ? step : bytes;
    }
    async function admit(chunk: Buffer): Promise<void> {
      size += chunk.length;
      if (size > limit) throw fileTooLarge(field, blank.name, limit);
      if (size > share.bytes || performance.now() - share.at > RENEW_MS) {
        const wanted = Math.min(limit, Math.max(share.bytes, size + Math.max(STEP_BYTES, size / 2)));
        share.bytes = await quota.widen(sharer, id, size, Math.floor(wanted), field);
        share.at = performance.now();
      }
      if (chunk.length > promised) promised += await more(chunk.length - promised);
      promised -= chunk.length;
      room.written(chunk.length);
      hash.update(chunk);
      look.take(chunk);
    }
    const measured = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        admit(chunk).then(() => done(null, chunk), done);
      },
    });
    // From the first moment on: the sender may go before anything is written.
    source.once('error', (error) => measured.destroy(error));
    measured.once('error', () => source.unpipe(measured));
    try {
      const path = await storage.place(uploadKey(id));
      await room.promise(first, field);
      promised += first;
      // Together, as one write of the storage; whatever is refused, there is nothing on its way when both are discarded.
      const recorded = engine.documents.put(UPLOAD, id, { ...blank }, 0);
      recorded.catch(() => undefined);
      await quota.open(sharer, id, first, field).finally(() => recorded);
      if (source.destroyed && !source.readableEnded) throw new Error('The sender went away');
      source.pipe(measured);
      // Not flydrive's putStream: it rejects while the file may still be opening, and what is deleted then comes back.
      await pipeline(measured, createWriteStream(path, { flags: 'wx' }));
      const content = await look.content(path);
      const upload: Upload = {
        ...blank,
        type: judgedType(type, blank.name, content, size),
        fitsName: fitsName(blank.name, content),
        createdAt: engine.now(),
        size,
        sha256: hash.digest('hex'),
        stored: true,
      };
      const settled = share.bytes === size ? null : quota.set(sharer, id, size);
      await Promise.all([settled, engine.documents.put(UPLOAD, id, { ...upload }, 1)]);
      return upload;
    } catch (error) {
      measured.destroy();
      await discard(blank);
      throw outOfSpace(error, field);
    } finally {
      room.release(promised);
    }
  }

  return {
    receive,
    discard,

    /** A whole upload of this owner that is free, or on its way to this job. Anybody else's is NOT_FOUND like one that never was. */
    async find(id: string, owner: string, field: string, job: JobId | null): Promise<Upload> {
      const found = isFileId(id) ? (await read(id))?.value : undefined;
      if (!found?.stored || found.owner !== owner || (found.job !== null && found.job !== job)) {
        const message = `${field}: there is no upload "${id.slice(0, 64)}"; uploads are kept for an hour`;
        throw new Refusal('NOT_FOUND', message, { field });
      }
      return found;
    },

    /** Null: none, not whole, or not this owner's. */
    async look(id: string, owner: string): Promise<Upload | null> {
      const found = isFileId(id) ? (await read(id))?.value : undefined;
      return found?.stored && found.owner === owner ? found : null;
    },

    /** A job's, from now on: false when another has it. Doing it again for the same job is harmless. */
    async claim(id: string, job: JobId): Promise<boolean> {
      const document = await read(id);
      if (document?.value.job !== job) {
        if (document?.value.job !== null) return false;
        const claimed = await engine.documents.put(UPLOAD, id, { ...document.value, job }, document.revision);
        // The same report a moment earlier may have been faster.
        if (claimed === null && (await read(id))?.value.job !== job) return false;
      }
      const moved = storage.move(uploadKey(id), jobKey(job, id));
      await Promise.all([moved, document && quota.drop(document.value.sharer, id)]);
      return true;
    },

    /** No job's any more: free again, or gone if nobody could use it. */
    async unclaim(id: string, job: JobId): Promise<void> {
      const document = await read(id);
      if (document?.value.job !== job) return;
      const { sharer, size, createdAt, within } = document.value;
      await storage.move(jobKey(job, id), uploadKey(id)).catch(() => undefined);
      const until = createdAt + UPLOAD_MS;
      if (!within && until > engine.now()) await quota.set(sharer, id, size, until);
      await engine.documents.put(UPLOAD, id, { ...document.value, job: null }, document.revision);
      if (within) await discard(document.value);
    },

    /** A record for a file that is on its way to a job without having been uploaded. */
    async plan(file: StoredFile, job: JobId): Promise<void> {
      const upload = {
        ...file,
        owner: '',
        sharer: '',
        createdAt: engine.now(),
        stored: true,
        job,
        within: true,
        fitsName: true,
      };
      await engine.documents.put(UPLOAD, file.id, upload, 0);
    },

    /** The job has it: there is nothing more to know of the upload. */
    forget: (id: string): Promise<boolean> => engine.documents.remove(UPLOAD, id),

    /** Those that nobody claimed in time, and those whose sender or process went away half-way. */
    async overdue(now: Instant): Promise<Upload[]> {
      const found: Upload[] = [];
      for (const { value } of await engine.documents.list<Upload>(UPLOAD)) {
        const comingIn = !value.stored && (await quota.has(value.sharer ?? '', value.id));
        if (value.createdAt + (comingIn ? RECEIVE_MS : UPLOAD_MS) <= now) found.push(value);
      }
      return found;
    },
  };
}

/** A disk or a quota of the system that is full, in our words. */
function outOfSpace(error: unknown, field: string): unknown {
  if (!['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '')) return error;
  const message = `${field}: the server's disk is full; try again when there is room`;
  return new Refusal('RATE_LIMITED', message, { field, retryAfterSeconds: 60 });
}
