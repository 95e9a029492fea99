/** The value with everything in it frozen; parts that are frozen already were frozen here, whole. */
function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) deepFreeze(part);
  }
  return value;
}

/** What several are told nobody may change. In production nobody tries, and freezing costs more than telling. */
export const frozen: <T>(value: T) => T = process.env.NODE_ENV === 'production' ? (value) => value : deepFreeze;
