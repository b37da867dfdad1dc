/**
 * The types of configuration values: each reads the text that stands after `key =` in `rabbitmq.conf`.
 */

/** Reads one value. Throws an `Error` whose text says what would be right. */
export interface OptionType<Value> {
  /** What a right value looks like, for messages and the guide. */
  readonly expects: string;
  parse(text: string): Value;
}

/** Where to listen; without an address on all of them. */
export interface ListenAddress {
  readonly address: string | undefined;
  readonly port: number;
}

/** The value that turns something off. */
export const NONE = 'none';

/** Text as it stands. */
export const text: OptionType<string> = {
  expects: 'a text',
  parse: (value) => value,
};

/** Text that may not be empty. */
export const nonEmptyText: OptionType<string> = checked('a text that is not empty', (value) =>
  value === '' ? undefined : value,
);

export const flag: OptionType<boolean> = checked('true or false', (value) => {
  if (value === 'true') return true;
  return value === 'false' ? false : undefined;
});

/** A whole number within limits, both included. */
export function wholeNumber(min: number, max: number): OptionType<number> {
  return checked(`a whole number from ${min} to ${max}`, (value) => within(wholeNumberIn(value), min, max));
}

/** A whole number, or `infinity` for no limit. */
export function wholeNumberOrInfinity(min: number, max: number): OptionType<number> {
  return checked(`a whole number from ${min} to ${max}, or infinity`, (value) =>
    value === 'infinity' ? Number.POSITIVE_INFINITY : within(wholeNumberIn(value), min, max),
  );
}

/** A share of something: `0.6`, or more than the whole of it: `1.5`. */
export function factor(min: number, max: number): OptionType<number> {
  return checked(`a number from ${min} to ${max}, such as 0.6`, (value) => within(decimalIn(value), min, max));
}

/** One of some words. */
export function oneOf<Word extends string>(...words: readonly Word[]): OptionType<Word> {
  return checked(`one of ${words.join(', ')}`, (value) => words.find((word) => word === value));
}

/** `none`, which turns a family of keys off. */
export const none: OptionType<typeof NONE> = checked('none, or a name after the key, such as .default', (value) =>
  value === NONE ? NONE : undefined,
);

/** Comma-separated names, or `none`. */
export const namesOrNone: OptionType<readonly string[] | typeof NONE> = checked(
  'names separated by commas, or none',
  (value) => {
    if (value === NONE) return NONE;
    const names = value.split(',').map((name) => name.trim());
    return names.includes('') ? undefined : names;
  },
);

/** Comma-separated names, perhaps none. */
export const nameList: OptionType<readonly string[]> = checked('names separated by commas', (value) => {
  if (value === '') return [];
  const names = value.split(',').map((name) => name.trim());
  return names.includes('') ? undefined : names;
});

/** The binary units and the decimal ones, as RabbitMQ reads them. */
const UNIT_BYTES: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 2 ** 10,
  ki: 2 ** 10,
  kib: 2 ** 10,
  kb: 10 ** 3,
  m: 2 ** 20,
  mi: 2 ** 20,
  mib: 2 ** 20,
  mb: 10 ** 6,
  g: 2 ** 30,
  gi: 2 ** 30,
  gib: 2 ** 30,
  gb: 10 ** 9,
  t: 2 ** 40,
  ti: 2 ** 40,
  tib: 2 ** 40,
  tb: 10 ** 12,
};

/** A number of bytes, with a unit or without: `1048576`, `64MB`, `1GiB`. */
export function size(minBytes: number, maxBytes: number): OptionType<number> {
  return checked(`a size from ${minBytes} to ${maxBytes} bytes, such as 1048576, 64MB or 1GiB`, (value) =>
    within(sizeIn(value), minBytes, maxBytes),
  );
}

/** `5672`, `127.0.0.1:5672`, `::1:5672` or `[::1]:5672`, or `none`. Port 0 takes a free one. */
export const listenAddressOrNone: OptionType<ListenAddress | typeof NONE> = checked(
  'a port, or an address and a port, such as 5672, 127.0.0.1:5672 or [::1]:5672, or none',
  (value) => (value === NONE ? NONE : listenAddressIn(value)),
);

function checked<Value>(expects: string, read: (text: string) => Value | undefined): OptionType<Value> {
  const parse = (value: string): Value => {
    const result = read(value);
    if (result === undefined) throw new Error(`expected ${expects}`);
    return result;
  };
  return { expects, parse };
}

function wholeNumberIn(value: string): number | undefined {
  return /^\d{1,15}$/.test(value) ? Number(value) : undefined;
}

function decimalIn(value: string): number | undefined {
  return /^\d{1,9}(\.\d{1,9})?$/.test(value) ? Number(value) : undefined;
}

function within(value: number | undefined, min: number, max: number): number | undefined {
  return value !== undefined && value >= min && value <= max ? value : undefined;
}

function sizeIn(value: string): number | undefined {
  const match = /^(\d{1,15}) ?([a-z]*)$/i.exec(value);
  const unitBytes = UNIT_BYTES[match?.[2]?.toLowerCase() ?? ''];
  return match === null || unitBytes === undefined ? undefined : Number(match[1]) * unitBytes;
}

function listenAddressIn(value: string): ListenAddress | undefined {
  const match = /^(?:(.+):)?(\d{1,5})$/.exec(value);
  const port = within(wholeNumberIn(match?.[2] ?? ''), 0, 65_535);
  if (port === undefined) return undefined;
  const address = match?.[1];
  return { address: address?.startsWith('[') && address.endsWith(']') ? address.slice(1, -1) : address, port };
}
