/**
 * Fixed users: who gets in from where, and what the log says of the others.
 */

import { describe, expect, test } from 'vitest';
import type { LoginResult } from '../core/authentication.ts';
import { FixedUsers } from './fixed-users.ts';

const users = new FixedUsers(
  [
    { name: 'guest', password: 'guest' },
    { name: 'zoë', password: 'pässword' },
    { name: 'nopassword', password: '' },
  ],
  { loopbackUsers: ['guest'] },
);

function login(user: string, password: string, isLoopback = true): LoginResult {
  return users.login('PLAIN', user, Buffer.from(password), { isLoopback, tls: false });
}

describe('fixed users', () => {
  test.each([
    ['guest', 'guest'],
    ['zoë', 'pässword'],
    ['nopassword', ''],
  ])('%s gets in with the right password', (user, password) => {
    expect(login(user, password)).toEqual({ kind: 'granted', user });
  });

  test.each([
    ['guest', 'Guest'],
    ['guest', ''],
    ['guest', 'guest\u0000'],
    ['nobody', ''],
    ['nobody', 'guest'],
    ['', ''],
  ])('%j with password %j is refused, and the log does not show the password', (user, password) => {
    expect(login(user, password)).toEqual({
      kind: 'refused',
      reason: `PLAIN login refused: user '${user}' - invalid credentials`,
    });
  });

  test('a loopback user gets in over a loopback address only, and the log says what to do', () => {
    expect(login('guest', 'guest', false)).toEqual({
      kind: 'refused',
      reason:
        "PLAIN login refused: user 'guest' can only connect via localhost " +
        "(to change that, set loopback_users = none, or add a user of your own with 'leveretctl add_user')",
    });
  });

  test('whether a user is a loopback one shows only to who knows the password', () => {
    expect(login('guest', 'wrong', false)).toEqual(login('guest', 'wrong', true));
  });

  test('any other user gets in from everywhere', () => {
    expect(login('zoë', 'pässword', false)).toEqual({ kind: 'granted', user: 'zoë' });
  });

  test('a user may open every vhost, someone unknown none', () => {
    expect([users.mayOpenVhost('guest', '/'), users.mayOpenVhost('nobody', '/')]).toEqual([true, false]);
  });
});
