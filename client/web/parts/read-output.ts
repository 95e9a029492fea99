import type { Client } from 'urql';
import { jobOutputSubscription } from '../../sdk/documents.ts';
import { createOutputTail } from '../../sdk/output-tail.ts';
import { sharedWatch } from '../../sdk/shared-watch.ts';

/** All output of a job's newest attempt, up to at least byte `end`. Rejects with urql's CombinedError. */
export function readOutput(client: Client, id: string, end: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const tail = createOutputTail(Number.POSITIVE_INFINITY);
    const begin = () => ({
      add: ({ jobOutput }: { jobOutput: Parameters<typeof tail.add>[0] }) => tail.add(jobOutput),
      current: tail.current,
    });
    const watch = sharedWatch(client, `all ${id} ${end}`, jobOutputSubscription, { id }, begin);
    const stop = watch.listen(() => {
      const error = watch.error();
      const known = watch.current();
      if (!error && (known === null || known.end < end)) return;
      queueMicrotask(() => stop());
      if (error) reject(error);
      else resolve(known!.text);
    });
  });
}

/** Hands a text to the browser to be kept as a file. */
export function saveText(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/plain;charset=utf-8' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
