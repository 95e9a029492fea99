import { useEffect, useRef, useState } from 'react';
import type { Problem } from '../../parts/errors.ts';
import { accepts, type FileRules } from './accept.ts';
import { type Sending, sendFile } from './send-file.ts';

/** A file of the form. */
export interface Upload {
  key: string;
  name: string;
  size: number;
  type: string;
  /** Null: sent before the page was loaded anew, which a file does not survive; its id does. */
  file: File | null;
  /** Of an image, to be shown. */
  preview: string | null;
  /** From 0 to 1. */
  progress: number;
  /** The server has it under this id. */
  id: string | null;
  /** Why it cannot be sent; `files.…` is a text of the page. */
  refused: 'type' | 'size' | 'count' | null;
  problem: Problem | null;
}

/** What is kept of a file that was sent. */
export type SentFile = Pick<Upload, 'name' | 'size' | 'type'> & { id: string };

export interface Uploads {
  list: readonly Upload[];
  add(files: Iterable<File>): void;
  remove(key: string): void;
  retry(key: string): void;
  /** The server refused one, by its place among those that were sent. */
  refuse(index: number, problem: Problem): void;
  clear(): void;
}

let last = 0;

/** The files of a form. Each is sent as soon as it is chosen; one that does not fit is not sent, and says why. */
export function useUploads(rules: FileRules | null, kept: readonly SentFile[]): Uploads {
  const [list, setList] = useState<readonly Upload[]>(() =>
    kept.map((file) => ({ ...blank(file), id: file.id, progress: 1 })),
  );
  const sendings = useRef(new Map<string, Sending>());
  // As of now, also between two renders.
  const present = useRef(list);
  present.current = list;

  function change(next: readonly Upload[]): void {
    present.current = next;
    setList(next);
  }
  const update = (key: string, news: Partial<Upload>) =>
    change(present.current.map((upload) => (upload.key === key ? { ...upload, ...news } : upload)));

  function send({ key, file }: Upload): void {
    if (!file) return;
    const sending = sendFile(file, (progress) => update(key, { progress }));
    sendings.current.set(key, sending);
    sending.done
      .then(
        (id) => update(key, { id, progress: 1 }),
        (problem: Problem) => update(key, { problem }),
      )
      .finally(() => sendings.current.delete(key));
  }

  function drop(key: string): void {
    sendings.current.get(key)?.abort();
    sendings.current.delete(key);
    const preview = present.current.find((upload) => upload.key === key)?.preview;
    if (preview) URL.revokeObjectURL(preview);
  }

  // biome-ignore lint/correctness/useExhaustiveDependencies: whatever there is when the form goes
  useEffect(
    () => () => {
      for (const { key } of present.current) drop(key);
    },
    [],
  );

  return {
    // Of a space that takes none any more those from before are none.
    list: rules ? list : [],
    add(files) {
      if (!rules) return;
      const added: Upload[] = [];
      let count = present.current.filter(({ refused }) => refused === null).length;
      for (const file of files) {
        const refused = whyNot(rules, file, count);
        if (refused === null) count++;
        const preview = refused === null && file.type.startsWith('image/') ? URL.createObjectURL(file) : null;
        added.push({ ...blank(file), file, preview, refused });
      }
      // Refusals of before have been read by then.
      change([...present.current.filter(({ refused }) => refused === null), ...added]);
      for (const upload of added) if (upload.refused === null) send(upload);
    },
    remove(key) {
      drop(key);
      change(present.current.filter((upload) => upload.key !== key));
    },
    retry(key) {
      update(key, { problem: null, progress: 0, id: null });
      const upload = present.current.find((candidate) => candidate.key === key);
      if (upload) send(upload);
    },
    refuse(index, problem) {
      const upload = present.current.filter(({ id }) => id !== null)[index];
      if (upload) update(upload.key, { problem, id: null });
    },
    clear() {
      for (const { key } of present.current) drop(key);
      change([]);
    },
  };
}

const blank = ({ name, size, type }: { name: string; size: number; type: string }): Upload => ({
  key: `${++last}`,
  name,
  size,
  type,
  file: null,
  preview: null,
  progress: 0,
  id: null,
  refused: null,
  problem: null,
});

function whyNot(rules: FileRules, file: File, count: number): Upload['refused'] {
  if (!accepts(rules, file)) return 'type';
  if (file.size > rules.maxBytes) return 'size';
  return count >= rules.maxCount ? 'count' : null;
}
