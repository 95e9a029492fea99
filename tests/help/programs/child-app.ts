import { connectRemoteApp, type RemoteAppEvent, type RemoteAppOptions } from '../../../client/sdk/index.ts';

// A remote app that does what its prompts say:
//   block <ms>   computes on its event loop for so long, so that nothing else runs
//   hold         works until its parent says `finish`, or the signal aborts
//   <other>      answers at once
// It tells its parent what happens to it.

/** Errors in them have crossed a pipe: their code is left, and they are no Errors any more. */
export type ChildEvent =
  | RemoteAppEvent
  /** The handler has begun, and its first progress is on its way. */
  | { type: 'working'; job: string; attempt: number }
  | { type: 'aborted'; job: string; code: string };

const options = JSON.parse(process.argv[2]!) as Omit<RemoteAppOptions, 'handler'>;
const held = new Map<string, () => void>();

/** Resolves when it was written, so that what blocks next does not hold it back. */
const tell = (event: ChildEvent) => new Promise<void>((resolve) => process.send!(event, () => resolve()));

process.on('message', ({ finish }: { finish: string }) => held.get(finish)?.());
// Its parent has gone.
process.on('disconnect', () => process.exit());

const app = connectRemoteApp({
  ...options,
  async handler({ id, prompt, attempt }, { signal, progress }) {
    const [verb, ms] = (prompt ?? '').split(' ');
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    held.set(id, release);
    signal.addEventListener('abort', () => {
      release();
      void tell({ type: 'aborted', job: id, code: signal.reason.code });
    });
    await progress('working', 0.5);
    await tell({ type: 'working', job: id, attempt });
    if (verb === 'block') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(ms));
    if (verb === 'hold') await released;
    return { result: { by: options.name ?? null, attempt } };
  },
  onEvent: (event) => void tell(event),
});
const leave = () => process.exit();
app.done.then(leave, leave);
