/**
 * Forms: how values of the broker's types are written as JSON and read again. Reading checks everything, because a file may
 * have been written by anybody.
 */

import { CodecError } from '../base/codec-error.ts';
import type { Json, JsonObject } from '../base/json.ts';

export interface Form<Value> {
  /** Undefined: is left out. */
  write(value: Value): Json | undefined;
  /** @throws CodecError when it is not what `write` makes; `name` is for the text */
  read(json: Json | undefined, name: string): Value;
}

export type Forms<Fields> = { readonly [Name in keyof Fields]-?: Form<Fields[Name]> };

export const text: Form<string> = {
  write: (value) => value,
  read: (json, name) => (typeof json === 'string' ? json : wrong(json, name, 'a text')),
};

export const flag: Form<boolean> = {
  write: (value) => value,
  read: (json, name) => (typeof json === 'boolean' ? json : wrong(json, name, 'true or false')),
};

/** A whole number without a loss. */
export const integer: Form<number> = {
  write: (value) => value,
  read: (json, name) => (isInteger(json) ? json : wrong(json, name, 'a whole number')),
};

/** A number from 0 up: an id, a count. */
export const natural: Form<number> = {
  write: (value) => value,
  read: (json, name) => (isInteger(json) && json >= 0 ? json : wrong(json, name, 'a whole number from 0 up')),
};

/** Anything. */
export const anyJson: Form<Json> = {
  write: (value) => value,
  read: (json, name) => (json === undefined ? wrong(json, name, 'a value') : json),
};

export const jsonObject: Form<JsonObject> = {
  write: (value) => value,
  read: (json, name) => (isObject(json) ? json : wrong(json, name, 'an object')),
};

export function optional<Value>(form: Form<Value>): Form<Value | undefined> {
  return {
    write: (value) => (value === undefined ? undefined : form.write(value)),
    read: (json, name) => (json === undefined ? undefined : form.read(json, name)),
  };
}

export function either<First, Second>(
  isFirst: (value: First | Second | Json | undefined) => boolean,
  first: Form<First>,
  second: Form<Second>,
): Form<First | Second> {
  return {
    write: (value) => (isFirst(value) ? first.write(value as First) : second.write(value as Second)),
    read: (json, name) => (isFirst(json) ? first.read(json, name) : second.read(json, name)),
  };
}

export function listOf<Item>(form: Form<Item>): Form<readonly Item[]> {
  return {
    write: (items) => items.map((item) => form.write(item) ?? null),
    read: (json, name) =>
      Array.isArray(json) ? json.map((item: Json) => form.read(item, name)) : wrong(json, name, 'a list'),
  };
}

/** An object with these fields. */
export function objectOf<Fields extends object>(forms: Forms<Fields>): Form<Fields> {
  const fields = Object.entries(forms) as [keyof Fields & string, Form<unknown>][];
  return {
    write: (value) => {
      const json: Record<string, Json> = {};
      for (const [name, form] of fields) {
        const written = form.write(value[name]);
        if (written !== undefined) json[name] = written;
      }
      return json;
    },
    read: (json, name) => {
      if (!isObject(json)) return wrong(json, name, 'an object');
      const value: Record<string, unknown> = {};
      for (const [field, form] of fields) value[field] = form.read(json[field], field);
      return value as Fields;
    },
  };
}

export function isObject(json: Json | undefined): json is JsonObject {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

function isInteger(json: Json | undefined): json is number {
  return Number.isSafeInteger(json);
}

function wrong(json: Json | undefined, name: string, expected: string): never {
  throw new CodecError(`${name} is ${json === undefined ? 'missing' : JSON.stringify(json)}, expected ${expected}`);
}
