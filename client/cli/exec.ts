import { type HandlerTools, type InferenceRequest, JobFailure, type Json } from '../sdk/index.ts';
import { createLineFilter } from './line-filter.ts';
import { describeEnding, fatalSignal, remedyFor, startProcessGroup } from './process-group.ts';
import { isMeant, mayBeMeant, RESULT_CHARS, readProgramOutput } from './program-output.ts';
import { confidenceIn, type ProgramOptions, type Runner } from './runner.ts';
import { createWorkspace, type Desk } from './workspace.ts';

/** The exit code by which a program says "try again later" (EX_TEMPFAIL of sysexits.h). */
const TRY_AGAIN = 75;

/** `app --exec`: one run of the program per request. README.md beside this file describes what passes between the two. */
export function createExecRunner(options: ProgramOptions): Runner {
  const { command, killAfterSeconds, onStderr } = options;
  const workspace = createWorkspace();
  const running = new Set<Promise<unknown>>();
  const closing = new AbortController();

  async function run(desk: Desk, request: InferenceRequest, tools: HandlerTools) {
    const description = await desk.describe(request, tools);
    const stopped = AbortSignal.any([tools.signal, closing.signal]);
    stopped.throwIfAborted();
    const output = readProgramOutput(({ stage, progress, message }) => {
      if (!stopped.aborted) void tools.progress(stage, progress, message);
    });
    const stream = streamText(tools);
    const program = startProcessGroup({
      command,
      killAfterSeconds,
      onStderr,
      onLine: output.line,
      onText: stream.push,
      env: { SPACEDOCK_JOB: request.id, SPACEDOCK_OUTPUT_DIR: desk.outputDir },
    });
    const stop = () => void program.stop();
    stopped.addEventListener('abort', stop, { once: true });
    program.write(`${JSON.stringify(description)}\n`);
    program.endInput();
    const ending = await program.ended;
    stream.end();
    stopped.removeEventListener('abort', stop);
    stopped.throwIfAborted();

    if (ending.code !== 0) {
      const remedy = remedyFor(ending);
      if (remedy !== undefined) onStderr(`${remedy}\n`);
      throw new JobFailure(describeEnding(ending, program.stderrTail()), {
        code: 'PROGRAM_FAILED',
        retryable: ending.code === TRY_AGAIN || fatalSignal(ending) !== null,
        metadata: { exitCode: ending.code, signal: ending.signal },
      });
    }
    const { result, tooLong } = output.end();
    if (tooLong) {
      throw new JobFailure(
        `The program printed more than ${RESULT_CHARS} characters: write a result of that size to a file in SPACEDOCK_OUTPUT_DIR`,
        { code: 'PAYLOAD_TOO_LARGE' },
      );
    }
    return { result: result as Json, confidence: confidenceIn(result), files: await desk.handOver() };
  }

  async function handler(request: InferenceRequest, tools: HandlerTools) {
    const desk = await workspace.open(request.id);
    try {
      return await run(desk, request, tools);
    } catch (error) {
      await desk.remove();
      throw error;
    }
  }

  return {
    handler(request, tools) {
      const run = handler(request, tools);
      const settled = run.catch(() => {}).finally(() => running.delete(settled));
      running.add(settled);
      return run;
    },
    sent: workspace.clear,
    async close() {
      closing.abort(new JobFailure('The app was stopped', { code: 'APP_STOPPED', retryable: true }));
      await Promise.all(running);
      await workspace.close();
    },
  };
}

/** What a program writes for people to read is the streamed output of its job, as it comes: all but progress and results. */
function streamText({ write }: HandlerTools) {
  let written: Promise<void> = Promise.resolve();
  const filter = createLineFilter({
    maybe: mayBeMeant,
    take: isMeant,
    maxChars: RESULT_CHARS,
    onText(text) {
      written = write(text);
      // Output that is refused fails the job at its end.
      written.catch(() => {});
    },
  });
  return {
    push(text: string): Promise<void> {
      filter.push(text);
      return written;
    },
    end: filter.end,
  };
}
