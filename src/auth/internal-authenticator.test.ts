/**
 * Logging in with the broker's own users: who gets in from where, and what the log says of the others.
 */

import { describe, expect, test } from 'vitest';
import type { LoginResult } from '../core/authentication.ts';
import { InternalAuthenticator } from './internal-authenticator.ts';
import { hashPassword, NO_PASSWORD } from './password-hash.ts';
import { Patterns } from './patterns.ts';
import { PermissionTable } from './permission-table.ts';
import { Users } from './users.ts';

const NO_LOG = { define: () => 0 };
const SILENT = { info: () => {}, warning: () => {}, error: () => {} };

const users = new Users(NO_LOG);
users.add({ name: 'guest', password: hashPassword('guest'), tags: ['administrator'] });
users.add({ name: 'zoë', password: hashPassword('pässword', 'rabbit_password_hashing_sha512'), tags: [] });
users.add({ name: 'blank', password: hashPassword(''), tags: [] });
users.add({ name: 'certificate', password: NO_PASSWORD, tags: [] });
const permissions = new PermissionTable(users, new Patterns(SILENT), NO_LOG);
permissions.set({ user: 'guest', vhost: '/', configure: '', write: '', read: '' });
const authenticator = new InternalAuthenticator({ users, permissions, loopbackUsers: ['guest'] });

function login(user: string, password: string, isLoopback = true): LoginResult {
  return authenticator.login('PLAIN', user, Buffer.from(password), { isLoopback, tls: false });
}

describe('the internal users', () => {
  test.each([
    ['guest', 'guest'],
    ['zoë', 'pässword'],
  ])('%s gets in with the right password', (user, password) => {
    expect(login(user, password)).toEqual({ kind: 'granted', user });
  });

  test.each([
    ['guest', 'Guest'],
    ['guest', 'guest\u0000'],
    ['nobody', 'nobody'],
    ['nobody', 'guest'],
    ['', 'x'],
    ['certificate', 'x'],
  ])('%j with password %j is refused, and the log does not show the password', (user, password) => {
    expect(login(user, password)).toEqual({
      kind: 'refused',
      reason: `PLAIN login refused: user '${user}' - invalid credentials`,
    });
  });

  test.each(['blank', 'certificate', 'guest', 'nobody'])('%s does not get in with an empty password', (user) => {
    expect(login(user, '')).toEqual({
      kind: 'refused',
      reason:
        `PLAIN login refused: user '${user}' attempted to log in with a blank password, ` +
        'which is prohibited by the internal authN backend. Change the password for the user to be non-blank.',
    });
  });

  test('a loopback user gets in over a loopback address only, and the log says what to do', () => {
    expect(login('guest', 'guest', false)).toEqual({
      kind: 'refused',
      reason:
        "PLAIN login refused: user 'guest' can only connect via localhost " +
        '(to change that, set loopback_users = none, or begin with a user of your own: default_user and default_pass)',
    });
  });

  test('whether a user is a loopback one shows only to who knows the password', () => {
    expect(login('guest', 'wrong', false)).toEqual(login('guest', 'wrong', true));
  });

  test('any other user gets in from everywhere', () => {
    expect(login('zoë', 'pässword', false)).toEqual({ kind: 'granted', user: 'zoë' });
  });

  test('a vhost is open to those who have an entry there, also one that allows nothing', () => {
    expect([authenticator.mayOpenVhost('guest', '/'), authenticator.mayOpenVhost('zoë', '/')]).toEqual([true, false]);
    expect(authenticator.mayOpenVhost('guest', 'other')).toBe(false);
  });

  test('any new secret will do for a user that is there', () => {
    expect(authenticator.updateSecret('guest', Buffer.from('x'))).toBe(true);
    expect(authenticator.updateSecret('nobody', Buffer.from('x'))).toBe(false);
  });
});
