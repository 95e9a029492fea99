/** Random numbers that a failed test can be repeated with: SEED in the environment, else a new one each time. */
export interface Random {
  readonly seed: number;
  /** From 0 up to 1, without it. */
  next(): number;
  /** A whole number from `least` to `most`, both included. */
  integer(least: number, most: number): number;
  pick<T>(choices: readonly T[]): T;
}

export function random(seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 32))): Random {
  let state = seed >>> 0;
  // mulberry32
  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
  const integer = (least: number, most: number) => least + Math.floor(next() * (most - least + 1));
  return { seed, next, integer, pick: (choices) => choices[integer(0, choices.length - 1)]! };
}
