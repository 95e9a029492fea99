import type { Address } from './address.ts';
import { createBackoff } from './backoff.ts';
import type { Credentials } from './credentials.ts';
import {
  reportCancelledMutation,
  reportCompleteMutation,
  reportFailureMutation,
  reportOutputMutation,
  reportProgressMutation,
} from './documents.ts';
import { fetchFile, saveFile } from './downloads.ts';
import { isPassing, SpacedockError } from './errors.ts';
import { describeFailure } from './failure.ts';
import { type UploadSource, upload } from './files.ts';
import type { ReportCompleteInput, ReportFailureInput, ReportProgressInput } from './gql/graphql.ts';
import { operationOf } from './operation.ts';
import { createOutputWriter } from './output-writer.ts';
import { createProgress } from './progress.ts';
import { deferred, unlessAborted } from './promises.ts';
import type { HandlerTools, InferenceRequest, RemoteAppEvent, RemoteAppOptions } from './remote-app-options.ts';
import { MESSAGE_TOO_BIG, type Sessions } from './sessions.ts';
import { call } from './socket.ts';
import { pause } from './timing.ts';

export interface WorkContext {
  handler: RemoteAppOptions['handler'];
  emit(event: RemoteAppEvent): void;
  sessions: Sessions;
  address: Address;
  credentials: Credentials;
}

/** One request in hand: from its assignment until its report was answered, or its lease was lost. */
export interface Work {
  readonly job: string;
  readonly lease: string;
  /** Whether we may still report under the lease. */
  readonly held: boolean;
  /** Resolves when nothing remains to be done for it. */
  readonly over: Promise<void>;
  /** Calls the handler, once. */
  start(): void;
  /** Somebody cancelled the job: the handler is asked to stop, and then that is reported. */
  cancel(): void;
  /** The lease is gone: the handler is asked to stop, and nothing is reported. A report on its way stays: its answer tells. */
  lose(error: SpacedockError): void;
}

type ProgressReport = Pick<ReportProgressInput, 'stage' | 'progress' | 'message' | 'metadata'>;

/** What is said of the work in the end. */
type Outcome =
  | { type: 'result'; input: ReportCompleteInput }
  | { type: 'failed'; input: ReportFailureInput; error: Error }
  | { type: 'cancelled' };

/** Refusals that say that the lease is over: there is nothing to report any more. */
const GONE = new Set<string | undefined>(['LEASE_LOST', 'NOT_FOUND', 'JOB_FINISHED']);

/** An upload that fails this often while the app is connected is given up, and the job fails. */
const UPLOAD_TRIES = 12;

export function createWork(request: InferenceRequest, lease: string, context: WorkContext): Work {
  const { handler, emit, sessions, address, credentials } = context;
  const target = { job: request.id, lease };
  const controller = new AbortController();
  const { signal } = controller;
  const access = { address, identify: credentials.authorization, signal };
  const { promise: over, resolve: finish } = deferred<void>();
  let started = false;
  let reporting = false;
  let held = true;

  const progress = createProgress<ProgressReport>({
    ready: sessions.current,
    send: sendProgress,
    // The server keeps progress and metadata until replaced, while a message goes with its report.
    merge: ({ progress, metadata }, newer) => ({ progress, metadata, ...newer }),
  });

  const output = createOutputWriter({
    send: (piece) => sessions.deliver(reportOutputMutation, { input: { ...target, ...piece } }),
    onRefused: (error) => GONE.has(error.code) && lose(error),
  });

  const tools: HandlerTools = {
    signal,
    write: output.write,
    progress(stage, fraction, message, metadata) {
      const known = fraction !== undefined && !Number.isNaN(fraction);
      progress.report({
        stage,
        ...(known && { progress: Math.min(1, Math.max(0, fraction)) }),
        ...(message !== undefined && { message }),
        ...(metadata !== undefined && { metadata }),
      });
      return new Promise((resolve) => setImmediate(resolve));
    },
    fetchFile: (file) => fetchFile(access, file),
    saveFile: (file, directory) => saveFile(access, file, directory),
  };

  async function sendProgress(report: ProgressReport): Promise<boolean> {
    try {
      await call(await sessions.current(), operationOf(reportProgressMutation, { input: { ...target, ...report } }));
    } catch (error) {
      const refusal = error as SpacedockError;
      // Sent again, what closes sockets by its size would close the next one, too.
      if (refusal.code === 'CONNECTION_LOST') return refusal.closeCode === MESSAGE_TOO_BIG;
      if (GONE.has(refusal.code)) lose(refusal);
      else if (!reporting) emit({ type: 'refused', job: request.id, error: refusal });
    }
    return true;
  }

  async function run(): Promise<void> {
    const outcome: Outcome = signal.aborted ? { type: 'cancelled' } : await perform();
    progress.stop();
    // A failure comes after what was written before it. What the server refuses of that has failed the job already.
    await output.finish().catch(() => {});
    if (!held) return;
    reporting = true;
    await report(signal.aborted ? { type: 'cancelled' } : outcome);
    finish();
  }

  async function perform(): Promise<Outcome> {
    try {
      const returned = (await handler(request, tools)) ?? {};
      if (typeof returned !== 'object') throw new TypeError('A handler must return an object like { result }');
      const { result, confidence, message, metadata, files = [] } = returned;
      const ids: string[] = [];
      for (const file of files) ids.push(await uploadPatiently(file));
      await output.finish();
      return { type: 'result', input: { ...target, result, confidence, message, metadata, files: ids } };
    } catch (error) {
      return failed(error instanceof Error ? error : new Error(String(error)));
    }
  }

  async function uploadPatiently(file: UploadSource): Promise<string> {
    const backoff = createBackoff();
    for (let left = UPLOAD_TRIES; ; left--) {
      await unlessAborted(sessions.current(), signal);
      try {
        return await upload(access, file);
      } catch (error) {
        signal.throwIfAborted();
        if (!isPassing(error) || left === 1) throw error;
        await pause(backoff.next(), signal);
      }
    }
  }

  function failed(error: Error): Outcome {
    return { type: 'failed', error, input: { ...target, ...describeFailure(error) } };
  }

  async function report(outcome: Outcome, isLast = false): Promise<void> {
    try {
      await send(outcome);
    } catch (error) {
      const refusal = error as SpacedockError;
      if (isLast || outcome.type === 'cancelled' || GONE.has(refusal.code)) {
        return emit({ type: 'refused', job: request.id, error: refusal });
      }
      // A result too large, say, or a failure with too much metadata: the job must not wait for its deadline to fail.
      return report(failed(outcome.type === 'failed' ? new Error(outcome.error.message) : refusal), true);
    }
    if (outcome.type === 'failed') emit({ type: 'failed', job: request.id, error: outcome.error });
    else emit({ type: outcome.type, job: request.id });
  }

  function send(outcome: Outcome): Promise<unknown> {
    switch (outcome.type) {
      case 'result':
        return sessions.deliver(reportCompleteMutation, { input: outcome.input });
      case 'failed':
        return sessions.deliver(reportFailureMutation, { input: outcome.input });
      case 'cancelled':
        return sessions.deliver(reportCancelledMutation, { input: target });
    }
  }

  function lose(error: SpacedockError): void {
    if (reporting || !held) return;
    held = false;
    progress.stop();
    output.stop();
    emit({ type: 'revoked', job: request.id, reason: error.message });
    controller.abort(error);
    finish();
  }

  return {
    job: request.id,
    lease,
    get held() {
      return held;
    },
    over,
    start() {
      if (started || !held) return;
      started = true;
      void run();
    },
    cancel() {
      if (!reporting) controller.abort(new SpacedockError('CANCELLED', 'The job was cancelled.'));
    },
    lose,
  };
}
