/** Where an engine says what an operator should know; a pino logger is one. */
export interface Log {
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

export const SILENT: Log = { info() {}, warn() {}, error() {} };

/** The reason in one line; Node wraps the failures of a host with several addresses into one error without a message. */
export function reason(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(reason).join(', ');
  if (error instanceof Error) return error.message || error.name;
  return String(error);
}
