import { type Connection, watchOutput } from '../../client/sdk/index.ts';

/** The streamed output of a job as somebody sees it who watches from now. */
export interface OutputFlow {
  /** Resolves with all of it when it is, or fits, that; rejects when the job ended otherwise. */
  until(wanted: string | RegExp): Promise<string>;
  /** All of it, at the end of the job. */
  readonly whole: Promise<string>;
}

export function followOutput(connection: Connection, job: string): OutputFlow {
  let text = '';
  const waiting = new Set<() => void>();
  const whole = (async () => {
    for await (const chunk of watchOutput(connection, job)) {
      text = chunk.offset === 0 ? chunk.text : text + chunk.text;
      for (const check of waiting) check();
    }
    return text;
  })();
  whole.catch(() => {});

  return {
    whole,
    until: (wanted) =>
      new Promise((resolve, reject) => {
        const check = () => {
          if (typeof wanted === 'string' ? text !== wanted : !wanted.test(text)) return;
          waiting.delete(check);
          resolve(text);
        };
        waiting.add(check);
        check();
        whole.then(() => {
          if (waiting.delete(check)) reject(new Error(`The output ended without ${wanted}: ${text}`));
        }, reject);
      }),
  };
}
