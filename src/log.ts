import { pino } from 'pino';
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

/** JSON lines, or on a terminal lines to read. Logs go to stderr. */
export function createLog(level: string): Log {
  const stream = process.stderr.isTTY
    ? pretty({ destination: 2, sync: true, ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss.l' })
    : pino.destination({ dest: 2, sync: true });
  return pino({ level }, stream);
}
