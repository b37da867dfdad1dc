/**
 * Reads settings (`key`, `value` as in `rabbitmq.conf`) into a checked configuration.
 */

import { nearest } from './nearest.ts';
import { DEFAULT_USERS, GROUPS, type Group, type GroupField, type Member } from './option-groups.ts';
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
  /** Users who come with vhosts. */
  readonly defaultUsers: readonly Member<typeof DEFAULT_USERS.fields>[];
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
  const groupSettings: Setting[] = [];
  for (const setting of settings) {
    if (OPTION_KEYS.has(setting.key)) optionSettings.set(setting.key, setting.value);
    else if (FAMILY_ROWS.some((row) => isOfFamily(row, setting.key))) familySettings.push(setting);
    else if (GROUPS.some((group) => placeOf(group, setting.key) !== undefined)) groupSettings.push(setting);
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
    defaultUsers: groupMembers(DEFAULT_USERS, groupSettings),
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

type Fields = Readonly<Record<string, GroupField<unknown>>>;

interface Place {
  readonly member: string;
  readonly field: string;
  readonly row: GroupField<unknown>;
}

/** Which member and which field of a group a key means; the member's name may have dots in it. */
function placeOf(group: Group<Fields>, key: string): Place | undefined {
  const end = key.lastIndexOf('.');
  const start = group.key.length + 1;
  if (!key.startsWith(`${group.key}.`) || end <= start) return undefined;
  for (const [field, row] of Object.entries(group.fields)) {
    if (row.key === key.slice(end + 1)) return { member: key.slice(start, end), field, row };
  }
  return undefined;
}

/** The members of a group, in the order in which they were first named. */
function groupMembers<F extends Fields>(group: Group<F>, settings: readonly Setting[]): readonly Member<F>[] {
  const members = new Map<string, Record<string, unknown>>();
  for (const setting of settings) {
    const place = placeOf(group, setting.key);
    if (place === undefined) continue;
    const member = members.get(place.member) ?? { name: place.member, ...defaultsOf(group.fields) };
    member[place.field] = parsed(setting, place.row.type);
    members.set(place.member, member);
  }
  // Each value came through the `parse` of its row, or is its default.
  return [...members.values()] as unknown as readonly Member<F>[];
}

function defaultsOf(fields: Fields): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, row]) => [name, row.default]));
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
  return new ConfigurationError(`unknown key '${key}'. ${remedyFor(key)}`);
}

function remedyFor(key: string): string {
  const group = GROUPS.find((one) => key.startsWith(`${one.key}.`));
  if (group !== undefined) {
    const fields = Object.values(group.fields).map((row) => row.key);
    return `Write ${group.key}.NAME.FIELD, where FIELD is one of ${fields.join(', ')}.`;
  }
  const families = FAMILY_ROWS.flatMap((row) => [row.key, `${row.key}.default`]);
  const suggestion = nearest(key, [...OPTION_KEYS, ...families]);
  return suggestion === undefined ? 'See the guide for all keys.' : `Did you mean ${suggestion}?`;
}
