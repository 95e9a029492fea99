/** One variable of the configuration: all that is known of it, for the server, `spacedock serve --help` and the reference. */
export interface Setting<Value> {
  /** What it does, for people. */
  says: string;
  /** What the help calls a value of it. */
  takes: string;
  /** Ends the sentence "must be …". */
  must: string;
  /** The value where it is not set. */
  fallback: Value;
  /** The fallback as people say it; of null: what holds then. */
  shown: string;
  /** It holds a password: a refused value is not repeated. */
  secret?: true;
  /** Undefined: it is no such value. */
  read(text: string): Value | undefined;
}

const BYTE_UNITS = ['bytes', 'KiB', 'MiB', 'GiB'];

/** `1 GiB`; in the largest unit that divides it. */
function inBytes(bytes: number): string {
  let [amount, unit] = [bytes, 0];
  while (amount > 0 && amount % 1024 === 0 && unit < BYTE_UNITS.length - 1) [amount, unit] = [amount / 1024, unit + 1];
  return `${amount} ${BYTE_UNITS[unit]}`;
}

interface Numbers {
  /** What is counted: `bytes`. */
  of?: string;
  whole?: boolean;
  /** The value must be greater. */
  above?: number;
  min?: number;
  max?: number;
}

function bounds({ above, min, max }: Numbers): string {
  if (min !== undefined) return max === undefined ? `, at least ${min}` : ` from ${min} to ${max}`;
  return `, more than ${above}${max === undefined ? '' : ` and at most ${max}`}`;
}

function numeric<Fallback extends number | null>(kind: Numbers, fallback: Fallback, says: string, unset = '') {
  const { of, whole = false, above = -Infinity, min = -Infinity, max = Infinity } = kind;
  return {
    says,
    takes: of ?? 'number',
    must: `a ${whole ? 'whole ' : ''}number${of === undefined ? '' : ` of ${of}`}${bounds(kind)}`,
    fallback,
    shown: fallback === null ? unset : of === 'bytes' ? inBytes(fallback) : String(fallback),
    read(text) {
      const value = text.trim() === '' ? Number.NaN : Number(text);
      const fits = value > above && value >= min && value <= max;
      return fits && (whole ? Number.isSafeInteger(value) : Number.isFinite(value)) ? value : undefined;
    },
  } satisfies Setting<number | null> as Setting<number | Fallback>;
}

const POSITIVE = { whole: true, min: 1 } as const;

export const whole = (fallback: number, range: Pick<Numbers, 'min' | 'max' | 'of'>, says: string) =>
  numeric({ whole: true, ...range }, fallback, says);
export const count = (fallback: number, says: string) => numeric(POSITIVE, fallback, says);
export const bytes = (fallback: number, says: string) => numeric({ ...POSITIVE, of: 'bytes' }, fallback, says);
export const seconds = (fallback: number, says: string) =>
  numeric({ of: 'seconds', above: 0, max: 86_400 }, fallback, says);
export const days = (fallback: number, says: string) => numeric({ of: 'days', above: 0, max: 3650 }, fallback, says);
export const rate = (fallback: number, says: string) => numeric({ above: 0 }, fallback, says);
/** `unset`: what holds then. */
export const optionalCount = (unset: string, says: string) => numeric(POSITIVE, null, says, unset);
export const optionalBytes = (unset: string, says: string) => numeric({ ...POSITIVE, of: 'bytes' }, null, says, unset);

export const choice = <const Value extends string>(values: readonly Value[], fallback: NoInfer<Value>, says: string) =>
  ({
    says,
    takes: values.join('|'),
    must: `${values.slice(0, -1).join(', ')} or ${values.at(-1)}`,
    fallback,
    shown: fallback,
    read: (text) => values.find((value) => value === text),
  }) satisfies Setting<Value> as Setting<Value>;

export const onOff = (fallback: boolean, says: string): Setting<boolean> => ({
  says,
  takes: 'on|off',
  must: 'on or off',
  fallback,
  shown: fallback ? 'on' : 'off',
  read: (text) => (text === 'on' || text === 'off' ? text === 'on' : undefined),
});

interface Texts {
  takes?: string;
  must?: string;
  /** @default anything */
  fits?: (text: string) => boolean;
}

const whatFits =
  (fits: Texts['fits'] = () => true) =>
  (text: string) =>
    fits(text) ? text : undefined;

export const text = (fallback: string, says: string, { takes = 'text', must = 'text', fits }: Texts = {}) =>
  ({ says, takes, must, fallback, shown: fallback, read: whatFits(fits) }) satisfies Setting<string> as Setting<string>;

/** `unset`: what holds then. */
export const optional = (
  unset: string,
  says: string,
  { takes = 'text', must = 'text', fits }: Texts = {},
): Setting<string | null> => ({ says, takes, must, fallback: null, shown: unset, read: whatFits(fits) });

/** Nobody is shown a value of it. */
export const secret = <Value>(setting: Setting<Value>): Setting<Value> => ({ ...setting, secret: true });

export const url = (schemes: readonly string[], unset: string, says: string) =>
  optional(unset, says, {
    takes: 'url',
    must: `a URL that begins with ${schemes.map((scheme) => `${scheme}//`).join(' or ')}`,
    fits: (value) => schemes.includes(URL.parse(value)?.protocol ?? ''),
  });

/** Values separated by commas; `item` answers undefined for what is none. */
export const list = (
  unset: string,
  says: string,
  must: string,
  item: (text: string) => string | undefined,
): Setting<string[] | null> => ({
  says,
  takes: 'list',
  must: `${must}, separated by commas`,
  fallback: null,
  shown: unset,
  read(value) {
    const items = value.split(',').map((each) => item(each.trim()));
    return items.includes(undefined) ? undefined : (items as string[]);
  },
});
