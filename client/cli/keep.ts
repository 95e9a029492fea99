import { setTimeout as sleep } from 'node:timers/promises';
import { type HandlerResult, type HandlerTools, type InferenceRequest, JobFailure, type Json } from '../sdk/index.ts';
import { describeEnding, type ProcessGroup, remedyFor, startProcessGroup } from './process-group.ts';
import { parseJson } from './program-output.ts';
import { confidenceIn, fractionOf, type ProgramOptions, type Runner, shorten } from './runner.ts';
import { createWorkspace, type ProgramRequest } from './workspace.ts';

/** One line from the program. Its types are hopes: a program may write anything. */
interface ProgramLine {
  type?: unknown;
  id?: unknown;
  text?: unknown;
  progress?: unknown;
  stage?: unknown;
  message?: unknown;
  metadata?: Json;
  result?: Json;
  confidence?: unknown;
  error?: unknown;
  code?: unknown;
  retryable?: unknown;
}

/** A request that a program has, until it answers. */
interface Call {
  onProgress(line: ProgramLine): void;
  onOutput(line: ProgramLine): void;
  resolve(line: ProgramLine): void;
  reject(error: Error): void;
}

/** One life of the program. */
interface Life {
  group: ProcessGroup;
  calls: Map<string, Call>;
  answered: boolean;
  /** Nothing it wrote was an answer or progress, for a while, and the operator was told. */
  silenceTold: boolean;
  over: boolean;
}

/** A model may take long to load; a program that does not know the lines, or does not flush them, is silent for ever. */
const SILENCE_SECONDS = 30;
const FIRST_RESTART_MS = 500;
const SLOWEST_RESTART_MS = 30_000;

/**
 * `app --keep`: one long-lived program that gets every request as a JSON line and answers with JSON lines, so that a model loads
 * once. If it ends, its jobs fail retryably and it is started again, later each time it ends without an answer. README.md beside
 * this file describes the lines.
 */
export function createKeepRunner(options: ProgramOptions & { silenceSeconds?: number }): Runner {
  const { command, killAfterSeconds, onStderr, silenceSeconds = SILENCE_SECONDS } = options;
  const workspace = createWorkspace();
  const closing = new AbortController();
  let lastId = 0;
  let restarts = 0;
  let started = Promise.withResolvers<Life>();
  let finished = Promise.resolve();

  function start() {
    if (closing.signal.aborted) return;
    const life: Life = {
      calls: new Map(),
      answered: false,
      silenceTold: false,
      over: false,
      group: startProcessGroup({
        command,
        killAfterSeconds,
        onStderr,
        onLine: (line, cut) => receive(life, line, cut),
      }),
    };
    started.resolve(life);
    finished = superviseLife(life);
  }

  async function superviseLife(life: Life) {
    const ending = await life.group.ended;
    life.over = true;
    started = Promise.withResolvers<Life>();
    const what = describeEnding(ending, life.group.stderrTail());
    for (const call of life.calls.values()) {
      call.reject(new JobFailure(what, { code: 'PROGRAM_FAILED', retryable: true }));
    }
    if (closing.signal.aborted) return;

    restarts = life.answered ? 0 : restarts + 1;
    const waitMs = Math.min(SLOWEST_RESTART_MS, FIRST_RESTART_MS * 2 ** restarts);
    const said = [what, remedyFor(ending), `Starting it again in ${waitMs / 1000} s.`];
    onStderr(`${said.filter(Boolean).join('\n')}\n`);
    await sleep(waitMs, undefined, { signal: closing.signal }).then(start, () => {});
  }

  function receive(life: Life, text: string, cut: boolean) {
    const line = parseJson(text)?.value as ProgramLine | null | undefined;
    const id = cut ? /"id"\s*:\s*"(\d+)"/.exec(text.slice(0, 200))?.[1] : line?.id;
    const call = life.calls.get(String(id));
    if (cut) {
      const tooLong = 'The program wrote a line that is too long: write large results to a file in outputDir';
      onStderr(`${tooLong}\n`);
      call?.reject(new JobFailure(tooLong, { code: 'PAYLOAD_TOO_LARGE' }));
    } else if (typeof line !== 'object' || line === null) {
      // Libraries like to print: what is no JSON is for the operator's eyes.
      if (text.trim() !== '') onStderr(`${text}\n`);
    } else if (line.type === 'progress') {
      call?.onProgress(line);
    } else if (line.type === 'output') {
      call?.onOutput(line);
    } else if (line.type === 'result') {
      life.answered = true;
      call?.resolve(line);
    } else if (line.type === 'failure') {
      life.answered = true;
      call?.reject(failureOf(line));
    } else {
      onStderr(`The program wrote a line of unknown type: ${shorten(text)}\n`);
    }
  }

  /** The program as it is running now; waits for its restart. */
  async function currentLife(signal: AbortSignal): Promise<Life> {
    let life: Life;
    do life = await unlessAborted(started.promise, signal);
    while (life.over);
    return life;
  }

  function tellSilence(life: Life, id: string) {
    if (life.answered || life.silenceTold) return;
    life.silenceTold = true;
    onStderr(
      `The program has not answered in ${silenceSeconds} s. If it is not still loading: it must print lines such as {"type":"result","id":"${id}","result":…} and flush each (client/cli/README.md)\n`,
    );
  }

  /** Sends one request to the program and waits for its answer, or for its end. */
  async function ask(life: Life, description: ProgramRequest, tools: HandlerTools): Promise<ProgramLine> {
    const id = String(++lastId);
    const answer = Promise.withResolvers<ProgramLine>();
    let stage = 'running';
    life.calls.set(id, {
      ...answer,
      onProgress(line) {
        clearTimeout(silence);
        if (tools.signal.aborted) return;
        if (typeof line.stage === 'string') stage = line.stage;
        void tools.progress(stage, fractionOf(line.progress), messageOf(line), line.metadata);
      },
      onOutput({ text }) {
        clearTimeout(silence);
        // Output that is refused fails the job at its end.
        if (typeof text === 'string' && !tools.signal.aborted) tools.write(text).catch(() => {});
      },
    });
    const silence = setTimeout(() => tellSilence(life, id), silenceSeconds * 1000);
    let killTimer: NodeJS.Timeout | undefined;
    const cancel = () => {
      life.group.write(`${JSON.stringify({ type: 'cancel', id })}\n`);
      killTimer = setTimeout(() => void life.group.stop(), killAfterSeconds * 1000);
    };
    try {
      tools.signal.addEventListener('abort', cancel, { once: true });
      life.group.write(`${JSON.stringify({ type: 'request', id, ...description })}\n`);
      return await answer.promise;
    } finally {
      tools.signal.removeEventListener('abort', cancel);
      clearTimeout(killTimer);
      clearTimeout(silence);
      life.calls.delete(id);
    }
  }

  async function handler(request: InferenceRequest, tools: HandlerTools): Promise<HandlerResult> {
    const desk = await workspace.open(request.id);
    try {
      const description = await desk.describe(request, tools);
      const life = await currentLife(AbortSignal.any([tools.signal, closing.signal]));
      const line = await ask(life, description, tools);
      tools.signal.throwIfAborted();
      return {
        result: line.result,
        message: messageOf(line),
        metadata: line.metadata,
        confidence: fractionOf(line.confidence) ?? confidenceIn(line.result),
        files: await desk.handOver(),
      };
    } catch (error) {
      await desk.remove();
      throw tools.signal.aborted ? tools.signal.reason : error;
    }
  }

  start();
  return {
    handler,
    sent: workspace.clear,
    async close() {
      closing.abort(new JobFailure('The app was stopped', { code: 'APP_STOPPED', retryable: true }));
      const life = await Promise.race([started.promise, finished]);
      // The end of its stdin lets a program leave in its own way; after that it is told to.
      life?.group.endInput();
      const timer = setTimeout(() => void life?.group.stop(), killAfterSeconds * 1000);
      await finished;
      clearTimeout(timer);
      await workspace.close();
    },
  };
}

function messageOf({ message }: ProgramLine): string | undefined {
  return typeof message === 'string' ? shorten(message) : undefined;
}

function failureOf(line: ProgramLine): JobFailure {
  return new JobFailure(typeof line.error === 'string' ? line.error : 'The program failed without saying why', {
    code: typeof line.code === 'string' ? line.code : 'PROGRAM_FAILED',
    retryable: line.retryable === true,
    metadata: line.metadata,
  });
}

/** Settles with the promise, or rejects with the signal's reason, whichever is first. */
async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
