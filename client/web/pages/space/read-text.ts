import type { Json } from '../../../sdk/json.ts';

/** Why a text stands for nothing. `unfinished`: it may be the beginning of what does. */
export interface Unread {
  problem: 'noNumber' | 'tooPrecise' | 'noJson';
  unfinished?: boolean;
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const BEGINNING = /^[+-]?\d*\.?\d*(e[+-]?\d*)?$/i;

/** The number that was typed, or why there is none: never another one. */
export function readNumber(typed: string): { value: number | undefined } | Unread {
  const text = typed.trim();
  if (text === '') return { value: undefined };
  if (!NUMBER.test(text)) return { problem: 'noNumber', unfinished: BEGINNING.test(text) };
  return isExact(text) ? { value: Number(text) } : { problem: 'tooPrecise' };
}

/** Whether the number that is sent is the one that was typed: of more than 15 digits some may be lost. */
const isExact = (text: string): boolean => {
  const value = Number(text);
  return Number.isFinite(value) && digitsOf(text) === digitsOf(String(value));
};

/** `0.050e3` and `50`: `5e1`. */
function digitsOf(text: string): string {
  const [, whole = '', fraction = '', exponent = 0] = /^[+-]?(\d*)\.?(\d*)(?:e(.+))?$/i.exec(text) ?? [];
  const all = `${whole}${fraction}`.replace(/^0+/, '');
  const digits = all.replace(/0+$/, '');
  return digits === '' ? '0' : `${digits}e${Number(exponent) - fraction.length + all.length - digits.length}`;
}

export function readJson(text: string): { value: Json | undefined } | Unread {
  if (text.trim() === '') return { value: undefined };
  let isWhole = true;
  try {
    // Not every browser says how a number was written.
    const value = JSON.parse(text, (_name, value, context?: { source?: string }) => {
      if (typeof value === 'number' && context?.source && !isExact(context.source)) isWhole = false;
      return value;
    });
    return isWhole ? { value } : { problem: 'tooPrecise' };
  } catch {
    return { problem: 'noJson' };
  }
}
