import { resolve } from 'node:path';
import { errorCodes } from '../../../src/domain/refusal.ts';

/** As docs/architecture.md lists them. 1005 and 1006 stand for a connection that ended without a close frame. */
const CLOSE_CODES = new Set([
  1000, 1001, 1002, 1005, 1006, 1007, 1009, 1011, 1013, 4400, 4401, 4403, 4406, 4408, 4409, 4429, 4500, 4513,
]);
/** What clients say here when they close, and hear back (RFC 6455, 5.5.1). */
const ECHOED = new Set([1003, 4999]);
/** Codes that say that the server itself went wrong. */
const ITS_OWN_FAULT = new Set([1011, 4500]);

/** What Node's HTTP parser says by itself, without a body: what comes is no request, too slow, or its headers are too large. */
const PARSER_SAYS = new Set([400, 408, 413, 417, 431]);

const ROOT = resolve(import.meta.dirname, '../../..');

/** What must not leave the server: frames of a stack, paths of the machine, names of what is inside. */
const SECRETS: readonly RegExp[] = [
  /\bat (async )?[\w.<>[\] ]+ ?\(?[^\s()]*:\d+:\d+\)?/,
  /node:internal|node_modules|file:\/\/\/|\/src\/[a-z]/,
  /\b(Type|Range|Reference|Syntax|Assertion|Zod|Reply|Sqlite)Error\b/,
  /Cannot (read|set|convert|destructure)|is not (a function|iterable)|call stack|Invalid (array|string) length/i,
  /\bE(NOENT|CONN[A-Z]+|PERM|ACCES|NAMETOOLONG|ISDIR)\b|ERR_[A-Z]+/,
  /WRONGTYPE|NOSCRIPT|EVALSHA|user_script|SQLITE_|UNIQUE constraint/,
  /"stacktrace"|"stack"|originalError/,
];

/** Secrets of visitors and sessions. */
const RANDOM = /\bsd[a-z]_[\w.-]+/g;

export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** Takes every answer, and keeps what is wrong with it beside what it answers. */
export interface Judge {
  readonly faults: readonly string[];
  /** How often each kind of answer came. */
  readonly seen: ReadonlyMap<string, number>;
  http(answer: Answer, asked: string): void;
  /** The `errors` of an answer, wherever it came from. */
  errors(errors: unknown, asked: string): void;
  close(code: number, reason: string, asked: string): void;
  /** Any text that left the server. */
  text(text: string, asked: string): void;
  note(kind: string): void;
  fault(what: string, asked: string): void;
}

/** `paths`: of the machine, beside those of this checkout, that no answer may name. */
export function createJudge(ofMachine: readonly string[] = []): Judge {
  const faults: string[] = [];
  const seen = new Map<string, number>();
  const paths = [ROOT, ...ofMachine];
  const codes = new Set<string>(errorCodes);

  const note = (kind: string) => void seen.set(kind, (seen.get(kind) ?? 0) + 1);

  function fault(what: string, asked: string): void {
    faults.push(`${what.slice(0, 600)}\n  answers: ${asked.slice(0, 600)}`);
  }

  function text(all: string, asked: string): void {
    // What is random may be any word.
    const said = all.replace(RANDOM, '');
    // What was sent may come back, and is no secret.
    const found = SECRETS.find((secret) => secret.test(said) && !secret.test(asked));
    const path = paths.find((each) => said.includes(each));
    if (found || path) fault(`shows ${found ?? path}: ${said}`, asked);
  }

  function errors(given: unknown, asked: string): void {
    if (!Array.isArray(given) || given.length === 0) {
      fault(`no errors in ${JSON.stringify(given)}`, asked);
      return;
    }
    for (const error of given as { message?: unknown; extensions?: { code?: unknown } }[]) {
      const code = error?.extensions?.code;
      if (typeof code !== 'string' || !codes.has(code)) fault(`unknown code ${JSON.stringify(error)}`, asked);
      else if (code === 'INTERNAL_SERVER_ERROR') fault(`the server went wrong: ${JSON.stringify(error)}`, asked);
      else note(code);
      if (typeof error.message !== 'string' || error.message === '')
        fault(`without words: ${JSON.stringify(error)}`, asked);
    }
  }

  function http({ status, headers, body }: Answer, asked: string): void {
    note(`HTTP ${status}`);
    // Pages are files of ours, the same for everybody.
    text(`${JSON.stringify(headers)}\n${headers['content-type']?.startsWith('text/html') ? '' : body}`, asked);
    if (status >= 500) fault(`HTTP ${status} ${body}`, asked);
    if (asked.startsWith('HEAD ')) return;
    if (status < 400) {
      const found = headers['content-type']?.includes('json')
        ? (JSON.parse(body) as { errors?: unknown }).errors
        : undefined;
      if (found !== undefined) errors(found, asked);
      return;
    }
    // Said by the parser, which knows nothing of us; everything of ours says so by its headers.
    if (headers['x-content-type-options'] === undefined) {
      if (!PARSER_SAYS.has(status) || body !== '')
        fault(`HTTP ${status} that is not ours: ${JSON.stringify(headers)} ${body}`, asked);
      return;
    }
    if (status === 416 && headers['content-range'] !== undefined) return;
    // A person is told by a page.
    const told = headers['content-type']?.startsWith('text/html') ? /<code>(\w+)<\/code>/.exec(body)?.[1] : undefined;
    if (told !== undefined) {
      errors([{ message: body, extensions: { code: told } }], asked);
      return;
    }
    const events = /^event: next\ndata: ([^\n]+)$/m.exec(body)?.[1];
    try {
      errors((JSON.parse(events ?? body) as { errors?: unknown }).errors, asked);
    } catch {
      fault(`HTTP ${status} without a refusal: ${JSON.stringify(headers)} ${body}`, asked);
    }
  }

  return {
    faults,
    seen,
    note,
    fault,
    text,
    errors,
    http,
    close(code, reason, asked) {
      note(`close ${code}`);
      text(reason, asked);
      if (!CLOSE_CODES.has(code) && !ECHOED.has(code)) fault(`unknown close code ${code} ${reason}`, asked);
      if (ITS_OWN_FAULT.has(code)) fault(`closed with ${code} ${reason}`, asked);
    },
  };
}
