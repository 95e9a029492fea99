import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import { RE2JS } from 're2js';
import type { JobInput } from './job.ts';
import { boundedJson, boundedText, type Json, sameJson } from './json.ts';
import { bare } from './media-type.ts';
import { badInput, Refusal } from './refusal.ts';
import type { FileRules, Space } from './space.ts';

export interface SubmittedInput {
  prompt?: string | null;
  parameters?: unknown;
}

export interface InputLimits {
  promptBytes: number;
  parametersBytes: number;
}

/** Prompt and parameters as the space takes them, with the defaults of its JSON Schema filled in, or the refusal that fits. */
export function acceptInput(space: Space, input: SubmittedInput, limits: InputLimits): Omit<JobInput, 'files'> {
  const prompt = acceptPrompt(space, input.prompt, limits);
  const parameters = acceptParameters(space, input.parameters, limits);
  const sent = parameters === null ? null : sentParameters(input.parameters, limits);
  return { prompt, parameters, ...(sameJson(sent, parameters) ? {} : { sent }) };
}

/**
 * Whether prompt and parameters are those of `first`: as they were sent, whatever the space has become since, or as the space takes
 * them now.
 */
export function sameInput(space: Space, first: JobInput, input: SubmittedInput, limits: InputLimits): boolean {
  if ((input.prompt || null) !== first.prompt) return false;
  try {
    const sent = sentParameters(input.parameters, limits);
    if (sameJson(sent, first.sent ?? first.parameters ?? {})) return true;
    return sameJson(acceptParameters(space, input.parameters, limits), first.parameters);
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
}

function acceptPrompt(space: Space, prompt: string | null | undefined, limits: InputLimits): string | null {
  if (prompt == null || prompt === '') return null;
  if (!space.inputs.prompt) throw notAccepted('input.prompt', `space ${space.id} takes no prompt`);
  return boundedText('input.prompt', prompt, limits.promptBytes);
}

/** A copy, as defaults are written into it; of none, an empty object. */
const sentParameters = (given: unknown, limits: InputLimits): Json =>
  structuredClone(boundedJson('input.parameters', given ?? {}, limits.parametersBytes));

function acceptParameters(space: Space, given: unknown, limits: InputLimits): Json {
  const schema = space.inputs.parameters;
  if (schema === null) {
    if (given != null) throw notAccepted('input.parameters', `space ${space.id} takes no parameters`);
    return null;
  }
  const parameters = sentParameters(given, limits);
  const validate = compiled(schema);
  if (validate(parameters) !== true) {
    const [first] = validate.errors ?? [];
    const path = first?.instancePath.replaceAll('/', '.') ?? '';
    throw notAccepted(`input.parameters${path}`, first ? problemOf(first) : 'does not fit the schema');
  }
  // Defaults may have made it larger.
  return boundedJson('input.parameters', parameters, limits.parametersBytes);
}

/** What Ajv says, with what it leaves out: the values of an enum or const, as many as a person reads, or the unknown property. */
function problemOf({ message = 'does not fit the schema', params }: ErrorObject): string {
  const { additionalProperty: unknown, allowedValue = unknown, allowedValues = [allowedValue] } = params;
  const listed = allowedValues.slice(0, 20).map((value: unknown) => JSON.stringify(value));
  if (allowedValues[0] === undefined) return message;
  return `${message}: ${listed.join(', ')}${allowedValues.length > 20 ? ', …' : ''}`;
}

const notAccepted = (field: string, message: string): Refusal =>
  new Refusal('INPUT_NOT_ACCEPTED', `${field}: ${message}`, { field });

/** Refuses more files than the rules let in with one submit, or any if there are none. */
export function acceptCount(rules: FileRules | null, count: number, field: string): asserts rules is FileRules {
  if (!rules) throw notAccepted(field, 'this space takes no files');
  if (count > rules.maxCount) {
    throw new Refusal('INPUT_NOT_ACCEPTED', `${field}: ${count} files; at most ${rules.maxCount} are accepted`, {
      field,
      limit: rules.maxCount,
    });
  }
}

/** `type`: as judged by the content. `fitsName`: whether the content may be what the name's ending stands for. */
export interface JudgedFile {
  name: string;
  type: string;
  size: number;
  fitsName?: boolean;
}

/** Refuses a file that the rules do not let in. `count` is that of the whole submit. */
export function acceptFile(rules: FileRules | null, file: JudgedFile, count: number, field: string): void {
  acceptCount(rules, count, field);
  if (!rules.accept.some((pattern) => matches(pattern, file))) throw typeNotAccepted(rules, file, field);
  if (file.size > rules.maxBytes) throw fileTooLarge(field, file.name, rules.maxBytes);
}

function typeNotAccepted({ accept }: FileRules, { name, type, fitsName }: JudgedFile, field: string): Refusal {
  const other = fitsName === false ? ' by its content' : '';
  const hint =
    type === SVG && accept.includes('image/*') ? ` (image/* is pictures of pixels: ${SVG} is named by itself)` : '';
  const message = `${field}: ${name} is ${type}${other}; accepted are ${accept.join(', ')}${hint}`;
  return new Refusal('FILE_TYPE_NOT_ACCEPTED', message, { field });
}

export const fileTooLarge = (field: string, name: string, maxBytes: number): Refusal =>
  new Refusal('FILE_TOO_LARGE', `${field}: ${name} is larger than ${maxBytes} bytes`, { field, limit: maxBytes });

const SVG = 'image/svg+xml';

function matches(pattern: string, { name, type, fitsName = true }: JudgedFile): boolean {
  if (pattern === '*/*') return true;
  // A name is easily given: what it promises must not be known to be untrue.
  if (pattern.startsWith('.')) return fitsName && name.toLowerCase().endsWith(pattern.toLowerCase());
  const found = bare(type);
  if (!pattern.endsWith('/*')) return found === pattern.toLowerCase();
  // An SVG is a program that draws: who takes pictures does not mean it.
  return found.startsWith(pattern.slice(0, -1).toLowerCase()) && found !== SVG;
}

// One compiled validator per schema object; spaces hand the same object out until they change.
const validators = new WeakMap<object, ValidateFunction>();

function compiled(schema: Json): ValidateFunction {
  const key = schema as object;
  let validate = validators.get(key);
  if (!validate) {
    validate = compile(schema);
    validators.set(key, validate);
  }
  return validate;
}

function compile(schema: Json): ValidateFunction {
  const ajv = new Ajv({
    useDefaults: true,
    strict: false,
    allErrors: false,
    // 0.3 is three times 0.1 for people, and for what a slider in steps of 0.1 sends.
    multipleOfPrecision: 9,
    validateFormats: true,
    code: { regExp: linear },
  });
  addFormats.default(ajv);
  const validate = ajv.compile(schema as object);
  if ('$async' in validate) throw new Error('$async is not supported');
  return validate;
}

/** A pattern that takes time linear in its input: what people send is matched on everybody's event loop. No lookaround, no backreferences. */
function linear(pattern: string): { test(text: string): boolean; toString(): string } {
  const expression = RE2JS.compile(RE2JS.translateRegExp(pattern));
  // Ajv takes those that read the same for the same.
  return { test: (text) => expression.matcher(text).find(), toString: () => pattern };
}
linear.code = 'require("re2js")';

/** Refuses a schema that could not be used later. */
export function checkSchema(schema: Json): void {
  if (schema === null) return;
  try {
    compile(schema);
  } catch (error) {
    throw badInput('input.inputs.parameters', `is no valid JSON Schema: ${(error as Error).message}`);
  }
}
