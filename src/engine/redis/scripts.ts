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
  'newest',
  'positions',
  'present',
  'put',
  'record',
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

/** What older data is brought up to date with. */
export const migrating = { adopt: load('adopt'), raise: load('raise') };

function load(name: string): Script {
  const text = readFileSync(new URL(`./lua/${name}.lua`, import.meta.url), 'utf8');
  return { text, sha: createHash('sha1').update(text).digest('hex') };
}
