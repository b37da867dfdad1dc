/**
 * Reads settings (`key`, `value` as in `rabbitmq.conf`) into a checked configuration.
 */

import { nearest } from './nearest.ts';
import type { ListenAddress, OptionType } from './option-types.ts';
import { NONE } from './option-types.ts';
import type { Family, Option, TlsVersion } from './options.ts';
import { FAMILIES, OPTIONS } from './options.ts';

/** The value of each row of the options table. */
type OptionValues = {
  readonly [Name in keyof typeof OPTIONS]: (typeof OPTIONS)[Name] extends Option<infer Value> ? Value : never;
};

/** Everything that can be configured, checked. */
export interface Configuration extends OptionValues {
  readonly tcpListeners: readonly ListenAddress[];
  readonly tlsListeners: readonly ListenAddress[];
  readonly tlsVersions: readonly TlsVersion[];
  /** In the order of preference; none when Node.js is to choose. */
  readonly tlsCiphers: readonly string[];
  /** Users who may connect to a loopback address only. */
  readonly loopbackUsers: readonly string[];
  readonly defaultUserTags: readonly string[];
}

/** One `key = value`. */
export interface Setting {
  readonly key: string;
  readonly value: string;
}

/** A setting is wrong; the text names key, value and remedy. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

/**
 * Splits `key=value`, as `--set` takes it and a line of `rabbitmq.conf` has it. Blanks around both are dropped.
 *
 * @throws ConfigurationError without a `=` or without a key
 */
export function parseSetting(line: string): Setting {
  const equals = line.indexOf('=');
  const key = line.slice(0, Math.max(equals, 0)).trim();
  if (key === '') throw new ConfigurationError(`'${line}' is not a setting. Write it as key=value.`);
  return { key, value: line.slice(equals + 1).trim() };
}

/**
 * Checks settings and fills up with defaults. Of two settings of one key the later one counts.
 *
 * @throws ConfigurationError for an unknown key or a wrong value
 */
export function configure(settings: Iterable<Setting>): Configuration {
  const optionSettings = new Map<string, string>();
  const familySettings: Setting[] = [];
  for (const setting of settings) {
    if (OPTION_KEYS.has(setting.key)) optionSettings.set(setting.key, setting.value);
    else if (FAMILY_ROWS.some((row) => isOfFamily(row, setting.key))) familySettings.push(setting);
    else throw unknownKey(setting.key);
  }
  const rows = Object.entries<Option<unknown>>(OPTIONS);
  const options = Object.fromEntries(rows.map(([name, row]) => [name, optionValue(row, optionSettings)]));
  return {
    // The table gives each name the type of its row, and each value came through that row's `parse`.
    ...(options as OptionValues),
    tcpListeners: addresses(members(FAMILIES.tcpListeners, familySettings)),
    tlsListeners: addresses(members(FAMILIES.tlsListeners, familySettings)),
    tlsVersions: [...members(FAMILIES.tlsVersions, familySettings).values()].filter((version) => version !== NONE),
    tlsCiphers: [...members(FAMILIES.tlsCiphers, familySettings).values()],
    loopbackUsers: trueNames(members(FAMILIES.loopbackUsers, familySettings)),
    defaultUserTags: trueNames(members(FAMILIES.defaultUserTags, familySettings)),
  };
}

const OPTION_KEYS: ReadonlySet<string> = new Set(Object.values(OPTIONS).map((row) => row.key));
const FAMILY_ROWS: readonly Family<unknown>[] = Object.values(FAMILIES);

function optionValue<Value>(row: Option<Value>, settings: ReadonlyMap<string, string>): Value {
  const value = settings.get(row.key);
  return value === undefined ? row.default : parsed({ key: row.key, value }, row.type);
}

function isOfFamily(row: Family<unknown>, key: string): boolean {
  return key === row.key || key.startsWith(`${row.key}.`);
}

/** The members of a family by name: what was set, or the default when nothing was. */
function members<Value>(row: Family<Value>, settings: readonly Setting[]): ReadonlyMap<string, Value> {
  let result: Map<string, Value> | undefined;
  for (const setting of settings.filter(({ key }) => isOfFamily(row, key))) {
    result ??= new Map();
    if (setting.key !== row.key) {
      result.set(setting.key.slice(row.key.length + 1), parsed(setting, row.type));
      continue;
    }
    const names = parsed(setting, row.whole.type);
    result = new Map(names === NONE ? [] : names.map((name) => [name, row.whole.member]));
  }
  return result ?? row.default;
}

function addresses(listeners: ReadonlyMap<string, ListenAddress | typeof NONE>): readonly ListenAddress[] {
  return [...listeners.values()].filter((address) => address !== NONE);
}

function trueNames(flags: ReadonlyMap<string, boolean>): readonly string[] {
  return [...flags].filter(([, isSet]) => isSet).map(([name]) => name);
}

function parsed<Value>({ key, value }: Setting, type: OptionType<Value>): Value {
  try {
    return type.parse(value);
  } catch (error) {
    const remedy = error instanceof Error ? error.message : String(error);
    throw new ConfigurationError(`the value '${value}' of ${key} is wrong: ${remedy}`);
  }
}

function unknownKey(key: string): ConfigurationError {
  const families = FAMILY_ROWS.flatMap((row) => [row.key, `${row.key}.default`]);
  const suggestion = nearest(key, [...OPTION_KEYS, ...families]);
  const remedy = suggestion === undefined ? 'See the guide for all keys.' : `Did you mean ${suggestion}?`;
  return new ConfigurationError(`unknown key '${key}'. ${remedy}`);
}
