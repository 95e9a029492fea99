import type { TFunction } from 'i18next';
import type { Json } from '../../../sdk/json.ts';
import { type Entries, fieldOf, fieldsOf, isSame, readEntry, type Schema } from './parameters.ts';

/** One thing that a JSON Schema asks of a value. */
export interface Rule {
  keyword: string;
  /** As what follows "Expected: ". */
  say(t: TFunction): string;
  /** Also true where only the server can tell. */
  holds(value: Json): boolean;
}

type Test = (value: Json) => boolean;

// A keyword asks nothing of what is of another type.
const number =
  (test: (value: number) => boolean): Test =>
  (value) =>
    typeof value !== 'number' || test(value);
const text =
  (test: (value: string) => boolean): Test =>
  (value) =>
    typeof value !== 'string' || test(value);
const list =
  (test: (value: Json[]) => boolean): Test =>
  (value) =>
    !Array.isArray(value) || test(value);
const isObject = (value: Json | undefined): value is { [name: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const TYPES: Record<string, Test> = {
  string: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number',
  integer: Number.isInteger,
  boolean: (value) => typeof value === 'boolean',
  array: Array.isArray,
  object: isObject,
  null: (value) => value === null,
};

/** What the keywords ask that a page can tell, as the server does. It has the last word, on these and on all others. */
const TESTS: { [K in keyof Schema]?: (wanted: NonNullable<Schema[K]>) => Test } = {
  type: (types) => (value) => [types].flat().some((type) => TYPES[type]?.(value) ?? true),
  enum: (values) => (value) => isDeep(value) || values.some((one) => isSame(one, value)),
  const: (wanted) => (value) => isDeep(value) || isSame(wanted, value),
  minimum: (least) => number((value) => value >= least),
  maximum: (most) => number((value) => value <= most),
  exclusiveMinimum: (least) => number((value) => value > least),
  exclusiveMaximum: (most) => number((value) => value < most),
  multipleOf: (step) => number((value) => Math.abs(Math.round(value / step) - value / step) <= 1e-9),
  minLength: (least) => text((value) => [...value].length >= least),
  maxLength: (most) => text((value) => [...value].length <= most),
  pattern: (pattern) => text((value) => mayMatch(pattern, value)),
  format: () => () => true,
  minItems: (least) => list((value) => value.length >= least),
  maxItems: (most) => list((value) => value.length <= most),
  uniqueItems: (wanted) =>
    list((value) => !wanted || new Set(value.map((one) => JSON.stringify(one))).size === value.length),
};

/** Its parts may stand in any order. */
const isDeep = (value: Json): boolean => typeof value === 'object' && value !== null;

/** A repeated group can take a browser for ever, where the server's matcher takes no time. */
function mayMatch(pattern: string, value: string): boolean {
  if (/\)[*+?{]/.test(pattern) || value.length > 200) return true;
  try {
    return new RegExp(pattern, 'u').test(value);
  } catch {
    return true;
  }
}

function rulesOf(schema: Schema): Rule[] {
  return Object.entries(TESTS).flatMap(([keyword, testFor]) => {
    const wanted = schema[keyword as keyof Schema];
    if (wanted === undefined) return [];
    const say = (t: TFunction) => t(`rules.${keyword}`, { count: Number(wanted), wanted: said(keyword, wanted, t) });
    return [{ keyword, say, holds: (testFor as (wanted: unknown) => Test)(wanted) }];
  });
}

function said(keyword: string, wanted: unknown, t: TFunction): string {
  const all = [wanted].flat();
  if (keyword === 'type') return all.map((type) => t(`types.${type}`)).join(' / ');
  if (typeof wanted === 'boolean') return t(wanted ? 'types.on' : 'types.off');
  if (keyword !== 'enum' && keyword !== 'const') return String(wanted);
  return all
    .slice(0, 20)
    .map((one) => (typeof one === 'string' ? one : JSON.stringify(one)))
    .join(', ');
}

/** Of fields that take only what fits, or are there for it, not all is worth saying. */
const PLAIN_FORMATS = ['date', 'password', 'textarea', 'multiline', 'markdown'];

/** What to say of a parameter before anything is typed. */
export function toldOf(schema: Schema): Rule[] {
  const field = fieldOf(schema);
  if (field.kind === 'choice' || field.kind === 'switch') return [];
  const needsType = field.kind === 'json' || ('whole' in field && field.whole);
  return rulesOf(schema).filter(({ keyword }) => {
    if (keyword === 'type') return needsType;
    if (keyword === 'format') return !PLAIN_FORMATS.includes(schema.format!);
    return (
      !(keyword === 'minLength' && schema.minLength! <= 1) && !(keyword === 'uniqueItems' && field.kind !== 'json')
    );
  });
}

interface Broken {
  /** Within the value; of the value itself: empty. */
  path: string;
  say(t: TFunction): string;
}

/** The first thing in a value that its schema does not allow. */
function brokenIn(schema: Schema, value: Json, path = ''): Broken | null {
  const rule = rulesOf(schema).find(({ holds }) => !holds(value));
  if (rule) return { path, say: rule.say };
  const at = (name: string | number) => (path === '' ? `${name}` : `${path}.${name}`);
  if (Array.isArray(value)) return firstOf(value, (item, index) => brokenIn(schema.items ?? {}, item, at(index)));
  if (!isObject(value)) return null;
  const { properties = {}, required = [], additionalProperties, patternProperties } = schema;
  const has = (name: string) => Object.hasOwn(value, name);
  return (
    firstOf(required, (name) =>
      has(name) || properties[name]?.default !== undefined ? null : { path: at(name), say: (t) => t('rules.required') },
    ) ??
    firstOf(Object.entries(value), ([name, one]) => {
      if (Object.hasOwn(properties, name)) return brokenIn(properties[name]!, one, at(name));
      return additionalProperties === false && !patternProperties
        ? { path: at(name), say: (t) => t('rules.additionalProperties') }
        : null;
    })
  );
}

function firstOf<T>(all: readonly T[], broken: (one: T, index: number) => Broken | null): Broken | null {
  for (const [index, one] of all.entries()) {
    const found = broken(one, index);
    if (found) return found;
  }
  return null;
}

/** What is wrong with the parameters, by name: of each the first thing. */
export function problemsOf(schema: Schema, entries: Entries, t: TFunction): [name: string, words: string][] {
  return fieldsOf(schema).flatMap(([name, one]): [string, string][] => {
    const read = readEntry(fieldOf(one), entries[name]);
    if ('problem' in read) return [[name, t(`form.${read.problem}`)]];
    const value = name === '' ? (read.value ?? {}) : read.value;
    if (value === undefined || (value === '' && one.default !== '')) {
      return schema.required?.includes(name) ? [[name, t('form.required')]] : [];
    }
    const broken = brokenIn(one, value);
    if (!broken) return [];
    const { path, say } = broken;
    return [[name, path === '' ? t('form.expected', { rule: say(t) }) : t('form.expectedAt', { path, rule: say(t) })]];
  });
}

/** The rule that the server means, of those that it alone can tell. */
export function ruleMeant(schema: Schema, message: string): Rule | undefined {
  const keyword = /must match (pattern|format) /.exec(message)?.[1];
  return rulesOf(schema).find((rule) => rule.keyword === keyword);
}
