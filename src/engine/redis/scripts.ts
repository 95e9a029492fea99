import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

const names = [
  'append',
  'claim',
  'commit',
  'create',
  'due',
  'leave',
  'list',
  'lose',
  'positions',
  'present',
  'put',
  'register',
  'remove',
  'renew',
  'session',
] as const;

export type ScriptName = (typeof names)[number];

export interface Script {
  text: string;
  /** What EVALSHA knows it by. */
  sha: string;
}

/** One command, one file in lua/, each with its contract on top. */
export const scripts = Object.fromEntries(names.map((name) => [name, load(name)])) as Record<ScriptName, Script>;

function load(name: ScriptName): Script {
  const text = readFileSync(new URL(`./lua/${name}.lua`, import.meta.url), 'utf8');
  return { text, sha: createHash('sha1').update(text).digest('hex') };
}
