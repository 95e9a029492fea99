import { readFileSync } from 'node:fs';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type Connection, connect, type Json } from '../sdk/index.ts';
import { DEFAULT_URL, signInOf } from './caller.ts';

export interface ServerOptions {
  url: string;
  token?: string;
}

const URL_HELP = 'the Spacedock server, http(s):// or ws(s)://';

export function urlOption(flags = '--url <url>'): Option {
  return new Option(flags, URL_HELP)
    .env('SPACEDOCK_URL')
    .default(DEFAULT_URL)
    .argParser((value) => {
      if (!/^(https?|wss?):$/.test(URL.parse(value)?.protocol ?? '')) {
        throw new InvalidArgumentError('It must look like http://127.0.0.1:4000 or wss://example.org.');
      }
      return value;
    });
}

export function tokenOption(): Option {
  return new Option(
    '--token <token>',
    'come with this token; else with the session of spacedock login, or as a visitor',
  ).env('SPACEDOCK_TOKEN');
}

/** Gives a command the two options by which it finds its server. */
export function talksToServer(command: Command): Command {
  return command.addOption(urlOption()).addOption(tokenOption());
}

/** Runs something on a connection and closes it, whatever comes. */
export async function withConnection<T>(
  options: ServerOptions,
  use: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = connect({ url: options.url, ...signInOf(options) });
  try {
    return await use(connection);
  } finally {
    await connection.close();
  }
}

/** A parser for whole numbers in a range. */
export function wholeNumber(min: number, max = Number.MAX_SAFE_INTEGER) {
  return (text: string): number => {
    const value = /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(
      max === Number.MAX_SAFE_INTEGER
        ? `It must be a whole number of at least ${min}.`
        : `It must be a whole number from ${min} to ${max}.`,
    );
  };
}

/** A parser for lengths of time, in seconds; fractions are fine. */
export function secondsFrom(min: number) {
  return (text: string): number => {
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (value >= min && value <= 86_400) return value;
    throw new InvalidArgumentError(`It must be a number of seconds from ${min} to 86400.`);
  };
}

/** `a,b` or the option repeated. */
export function commaList(text: string, previous: string[] = []): string[] {
  return [
    ...previous,
    ...text
      .split(',')
      .map((part) => part.trim())
      .filter(Boolean),
  ];
}

export function repeated(text: string, previous: string[] = []): string[] {
  return [...previous, text];
}

const BYTE_UNITS: Record<string, number> = {
  '': 1,
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KIB: 2 ** 10,
  MIB: 2 ** 20,
  GIB: 2 ** 30,
};

/** A command for the shell: an unset variable in its place is an oversight. */
export function commandText(text: string): string {
  if (text.trim() === '') throw new InvalidArgumentError('It is empty.');
  return text;
}

/** `10MB`, `512 KiB`, `1.5gb`, `2048`, in bytes. */
export function byteCount(text: string): number {
  const [, number, unit = ''] = /^\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*$/i.exec(text) ?? [];
  const factor = BYTE_UNITS[unit.toUpperCase()] ?? BYTE_UNITS[`${unit.toUpperCase()}B`];
  if (number === undefined || factor === undefined)
    throw new InvalidArgumentError('It must be a size such as 10MB or 512KiB.');
  return Math.round(Number(number) * factor);
}

/** A JSON object, written out or in a file. */
export function jsonObject(text: string): { [key: string]: Json } {
  const inline = text.trimStart().startsWith('{');
  let value: unknown;
  try {
    value = JSON.parse(inline ? text : readFileSync(text, 'utf8'));
  } catch (error) {
    const reason = (error as Error).message;
    throw new InvalidArgumentError(
      inline ? `It is not JSON: ${reason}.` : `It must be a JSON object, or a file with one: ${reason}.`,
    );
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InvalidArgumentError('It must be a JSON object.');
  }
  return value as { [key: string]: Json };
}

/** `steps=3` (repeatable; the value is JSON where it can be read as that, else text), a JSON object, or a file with one. */
export function parameters(text: string, previous: { [key: string]: Json } = {}): { [key: string]: Json } {
  const pair = /^([^={}\s]+)=(.*)$/s.exec(text);
  return { ...previous, ...(pair?.[1] === undefined ? jsonObject(text) : { [pair[1]]: looseJson(pair[2] ?? '') }) };
}

function looseJson(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}
