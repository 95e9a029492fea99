import { type DestinationStream, pino } from 'pino';
import pretty from 'pino-pretty';

interface Say {
  (message: string): void;
  (fields: object, message: string): void;
}

/** The part of a logger that the house uses; pino keeps it. */
export interface Log {
  debug: Say;
  info: Say;
  warn: Say;
  error: Say;
}

interface Told {
  type: string;
  message: string;
  code?: string;
  stack?: string;
  cause?: Told;
}

/** What is told of an error: not what libraries hang on it, which is what was being sent, down to prompts and leases. */
function told(error: unknown): Told | string {
  if (!(error instanceof Error)) return typeof error;
  const { name, message, stack, cause } = error;
  const { code } = error as NodeJS.ErrnoException;
  return {
    type: name,
    message,
    ...(typeof code === 'string' ? { code } : {}),
    ...(stack === undefined ? {} : { stack }),
    ...(cause instanceof Error ? { cause: told(cause) as Told } : {}),
  };
}

function stderr(): DestinationStream {
  return process.stderr.isTTY
    ? pretty({ destination: 2, sync: true, ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss.l' })
    : pino.destination({ dest: 2, sync: true });
}

/** JSON lines, or on a terminal lines to read. Logs go to stderr, unless told otherwise. */
export const createLog = (level: string, stream: DestinationStream = stderr()): Log =>
  pino({ level, serializers: { err: told } }, stream);
