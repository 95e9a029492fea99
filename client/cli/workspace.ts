import { mkdtempSync, openAsBlob, rmSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, sep } from 'node:path';
import type { HandlerTools, InferenceRequest, UploadSource } from '../sdk/index.ts';

/** What a program is told of a request: the JSON on the stdin of `--exec`, and the body of a `--keep` request line. */
export interface ProgramRequest {
  job: string;
  space: string;
  prompt: string | null;
  parameters: unknown;
  /** `path`: the file on this machine, readable until the job ends. */
  files: { name: string; type: string; size: number; path: string }[];
  attempt: number;
  /** Every regular file written here is sent back with the result. */
  outputDir: string;
}

/** The directory of one attempt at a job. */
export interface Desk {
  readonly outputDir: string;
  /** Fetches the request's files and describes it for the program. */
  describe(request: InferenceRequest, tools: HandlerTools): Promise<ProgramRequest>;
  /**
   * The files the program wrote; they stay until `clear`, as they are read while they are uploaded. Symbolic links are left out:
   * what a user sent in must not be able to send other files of this machine back.
   */
  handOver(): Promise<UploadSource[]>;
  remove(): Promise<void>;
}

export interface Workspace {
  open(job: string): Promise<Desk>;
  /** Removes what was handed over for a job: call it once its result was sent. */
  clear(job: string): Promise<void>;
  close(): Promise<void>;
}

/** A temporary directory for the requests of one app; gone when this process ends, whichever way but SIGKILL. */
export function createWorkspace(): Workspace {
  const root = mkdtempSync(join(tmpdir(), 'spacedock-app-'));
  const removeRoot = () => rmSync(root, { recursive: true, force: true });
  process.once('exit', removeRoot);
  const handedOver = new Map<string, string[]>();
  const remove = (directory: string) => rm(directory, { recursive: true, force: true });

  return {
    async open(job) {
      const directory = await mkdtemp(join(root, 'job-'));
      const outputDir = join(directory, 'output');
      await mkdir(outputDir);
      return {
        outputDir,
        async describe(request, tools) {
          const files: ProgramRequest['files'] = [];
          for (const [index, file] of request.files.entries()) {
            // A directory for each file: two of the same name must keep it.
            const place = join(directory, 'input', String(index + 1));
            await mkdir(place, { recursive: true });
            const { name, type, size } = file;
            files.push({ name, type, size, path: await tools.saveFile(file, place) });
          }
          const { id, space, prompt, parameters, attempt } = request;
          return { job: id, space, prompt, parameters, files, attempt, outputDir };
        },
        async handOver() {
          const files = await regularFiles(outputDir);
          if (files.length > 0) handedOver.set(job, [...(handedOver.get(job) ?? []), directory]);
          else await remove(directory);
          return files;
        },
        remove: () => remove(directory),
      };
    },
    async clear(job) {
      const directories = handedOver.get(job) ?? [];
      handedOver.delete(job);
      await Promise.all(directories.map(remove));
    },
    async close() {
      process.off('exit', removeRoot);
      await rm(root, { recursive: true, force: true });
    },
  };
}

async function regularFiles(directory: string): Promise<UploadSource[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Promise.all(
    // `plots/loss.png` goes out as `plots-loss.png`: a file of a job has a name, not a path.
    paths.sort().map(async (path) => ({
      name: relative(directory, path).split(sep).join('-'),
      data: await openAsBlob(path),
    })),
  );
}
