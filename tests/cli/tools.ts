import { readFileSync } from 'node:fs';
import { copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { HandlerTools, InferenceRequest, Json } from '../../client/sdk/index.ts';

export interface Progress {
  stage: string;
  progress: number | undefined;
  message: string | undefined;
  metadata: Json | undefined;
}

/** The tools a handler gets, with what it reported and a way to cancel it. The url of a file is a path on this machine. */
export function recordingTools() {
  const controller = new AbortController();
  const reported: Progress[] = [];
  const written: string[] = [];
  const waiting: { wanted(progress: Progress): boolean; found(progress: Progress): void }[] = [];
  const tools: HandlerTools = {
    signal: controller.signal,
    async progress(stage, progress, message, metadata) {
      const report = { stage, progress, message, metadata };
      reported.push(report);
      for (const { wanted, found } of waiting) if (wanted(report)) found(report);
    },
    write: async (text) => void written.push(text),
    fetchFile: async (file) => new Blob([file.url]),
    async saveFile(file, directory) {
      const path = join(directory, file.name);
      await copyFile(file.url, path);
      return path;
    },
  };
  return {
    tools,
    reported,
    /** All that it wrote so far. */
    output: () => written.join(''),
    cancel: () => controller.abort(new Error('cancelled')),
    /** The first report that fits, past or to come. */
    until(wanted: (progress: Progress) => boolean): Promise<Progress> {
      const past = reported.find(wanted);
      return past ? Promise.resolve(past) : new Promise((found) => waiting.push({ wanted, found }));
    },
  };
}

export function request(prompt: string, more: Partial<InferenceRequest> = {}): InferenceRequest {
  return {
    id: 'words.1',
    space: 'words',
    prompt,
    parameters: null,
    files: [],
    attempt: 1,
    submitter: null,
    createdAt: '2026-01-01T00:00:00.000Z',
    ...more,
  };
}

/** Whether a process runs; one that waits to be collected by its parent does not. */
export function alive(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** The processes that this one started. */
export async function childrenOf(pid: number): Promise<number[]> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return children.trim().split(' ').map(Number);
}

/** Resolves when a process that is not ours has ended; nothing else than looking tells of it. */
export async function gone(pid: number): Promise<void> {
  while (alive(pid)) await setTimeout(20);
}
