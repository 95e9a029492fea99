import type { RemoteAppOptions } from '../sdk/index.ts';

/** Something that works on requests: the demo, a program per request, or one kept program. */
export interface Runner {
  handler: RemoteAppOptions['handler'];
  /** What was handed over for this job is no longer needed. */
  sent(job: string): Promise<void>;
  /** Ends every program and removes every temporary file. */
  close(): Promise<void>;
}

export interface ProgramOptions {
  command: string;
  /** From SIGTERM to SIGKILL. */
  killAfterSeconds: number;
  /** Gets what the program writes to stderr: the operator's log. */
  onStderr(text: string): void;
}

/** Longest message that is passed on as progress; the rest is left out. */
const MESSAGE_CHARS = 1000;

export function shorten(message: string): string {
  return message.length > MESSAGE_CHARS ? `${message.slice(0, MESSAGE_CHARS - 1)}…` : message;
}

/** A number of 0 to 1, as progress and confidence are; anything else is left out. */
export function fractionOf(value: unknown): number | undefined {
  return typeof value === 'number' && value >= 0 && value <= 1 ? value : undefined;
}

/** A program's own judgement of its result: the number `confidence` of a result that is an object. */
export function confidenceIn(result: unknown): number | undefined {
  return fractionOf((result as { confidence?: unknown } | null | undefined)?.confidence);
}
