/**
 * Groups of keys: things that have several values each, under a name that the operator chooses, `KEY.NAME.FIELD`.
 *
 * To add a field: add a row.
 */

import type { OptionType } from './option-types.ts';
import { nameList, text } from './option-types.ts';

/** A row: one field of every member. */
export interface GroupField<Value> {
  /** As it stands behind the member's name. */
  readonly key: string;
  readonly type: OptionType<Value>;
  readonly default: Value;
  /** One line for the guide. */
  readonly doc: string;
}

export interface Group<Fields extends Readonly<Record<string, GroupField<unknown>>>> {
  readonly key: string;
  readonly fields: Fields;
}

/** What is configured of one member. */
export type Member<Fields extends Readonly<Record<string, GroupField<unknown>>>> = { readonly name: string } & {
  readonly [Name in keyof Fields]: Fields[Name] extends GroupField<infer Value> ? Value : never;
};

/** Ties a row's default to its type. */
function field<Value>(row: GroupField<Value>): GroupField<Value> {
  return row;
}

export const DEFAULT_USERS = {
  key: 'default_users',
  fields: {
    password: field({
      key: 'password',
      type: text,
      default: '',
      doc: 'The password of a user who comes with vhosts. Without it the user cannot log in with one.',
    }),
    tags: field({
      key: 'tags',
      type: nameList,
      default: [],
      doc: 'The tags of a user who comes with vhosts.',
    }),
    vhostPattern: field({
      key: 'vhost_pattern',
      type: text,
      default: '.*',
      doc: 'The vhosts that the user comes with: when such a one is added, the user is too, and gets the permissions below in it.',
    }),
    configure: field({
      key: 'configure',
      type: text,
      default: '.*',
      doc: 'What the user may declare and delete in each of those vhosts: a pattern for names.',
    }),
    write: field({
      key: 'write',
      type: text,
      default: '.*',
      doc: 'What the user may publish to and bind in each of those vhosts: a pattern for names.',
    }),
    read: field({
      key: 'read',
      type: text,
      default: '.*',
      doc: 'What the user may consume and bind from in each of those vhosts: a pattern for names.',
    }),
  },
} as const;

/** All of them. */
export const GROUPS: readonly Group<Readonly<Record<string, GroupField<unknown>>>>[] = [DEFAULT_USERS];
