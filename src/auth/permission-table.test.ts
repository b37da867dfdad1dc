/**
 * Permissions: what patterns allow, to whom, and where.
 */

import { describe, expect, test } from 'vitest';
import type { Access } from '../core/ports.ts';
import { AdministrationError } from './administration-error.ts';
import { NO_PASSWORD } from './password-hash.ts';
import { Patterns } from './patterns.ts';
import { PermissionTable } from './permission-table.ts';
import { Users } from './users.ts';

const NO_LOG = { define: () => 0 };
const SILENT = { info: () => {}, warning: () => {}, error: () => {} };

function permissionTable(): PermissionTable {
  const users = new Users(NO_LOG);
  users.add({ name: 'ann', password: NO_PASSWORD, tags: ['impersonator'] });
  return new PermissionTable(users, new Patterns(SILENT), NO_LOG);
}

function may(table: PermissionTable, access: Access, name: string, user = 'ann', vhost = '/'): boolean {
  return table.mayAccess(user, vhost, 'queue', name, access);
}

describe('permissions', () => {
  test('each operation has its own pattern, which may match anywhere in the name', () => {
    const table = permissionTable();
    table.set({ user: 'ann', vhost: '/', configure: '^ann-', write: 'orders', read: '.*' });

    expect([may(table, 'configure', 'ann-1'), may(table, 'configure', 'my-ann-1')]).toEqual([true, false]);
    expect([may(table, 'write', 'my-orders-2'), may(table, 'write', 'ann-1')]).toEqual([true, false]);
    expect(may(table, 'read', 'anything')).toBe(true);
  });

  test.each(['', '^$'])('the pattern %j allows nothing', (pattern) => {
    const table = permissionTable();
    table.set({ user: 'ann', vhost: '/', configure: pattern, write: pattern, read: pattern });

    expect([may(table, 'configure', 'q'), may(table, 'write', 'q'), may(table, 'read', 'q')]).toEqual([
      false,
      false,
      false,
    ]);
  });

  test('they hold for one user in one vhost', () => {
    const table = permissionTable();
    table.set({ user: 'ann', vhost: '/', configure: '.*', write: '.*', read: '.*' });

    expect([may(table, 'read', 'q', 'bob'), may(table, 'read', 'q', 'ann', 'other')]).toEqual([false, false]);
  });

  test('every change raises the epoch, so that nobody goes on with an old answer', () => {
    const table = permissionTable();
    const epochs = [table.epoch];
    const note = (): void => void epochs.push(table.epoch);
    table.set({ user: 'ann', vhost: '/', configure: '.*', write: '.*', read: '.*' });
    note();
    table.setTopic({ user: 'ann', vhost: '/', exchange: 'amq.topic', write: '.*', read: '.*' });
    note();
    table.clearTopic('ann', '/', 'amq.topic');
    note();
    table.clear('ann', '/');
    note();

    expect(new Set(epochs).size).toBe(5);
    expect(may(table, 'read', 'q')).toBe(false);
  });

  test('something that is no pattern is refused, and what was set stays', () => {
    const table = permissionTable();
    table.set({ user: 'ann', vhost: '/', configure: '', write: '', read: '.*' });

    expect(() => table.set({ user: 'ann', vhost: '/', configure: '(', write: '', read: '' })).toThrow(
      AdministrationError,
    );
    expect(may(table, 'read', 'q')).toBe(true);
  });

  test('tags are those of the user', () => {
    const table = permissionTable();

    expect([table.hasTag('ann', 'impersonator'), table.hasTag('ann', 'administrator')]).toEqual([true, false]);
    expect(table.hasTag('nobody', 'impersonator')).toBe(false);
  });
});

describe('topic permissions', () => {
  function mayPublish(
    table: PermissionTable,
    routingKey: string,
    more: { user?: string; clientId?: string } = {},
  ): boolean {
    return table.mayUseTopic({ user: 'ann', vhost: '/', exchange: 'amq.topic', routingKey, access: 'write', ...more });
  }

  test('where there is none, every routing key will do', () => {
    const table = permissionTable();

    expect([table.hasTopicRules('ann', '/', 'amq.topic'), mayPublish(table, 'x')]).toEqual([false, true]);
  });

  test.each([
    ['^{username}\\.', 'ann.x', true],
    ['^{username}\\.', 'bob.x', false],
    ['^{vhost}$', '/', true],
    ['^{client_id}\\.', 'sensor.x', true],
    ['', 'x', false],
  ])('%j and %s: %s', (write, routingKey, isAllowed) => {
    const table = permissionTable();
    table.setTopic({ user: 'ann', vhost: '/', exchange: 'amq.topic', write, read: '' });

    expect(mayPublish(table, routingKey, { clientId: 'sensor' })).toBe(isAllowed);
  });

  test('a name that looks like a pattern stands for itself', () => {
    const table = permissionTable();
    table.setTopic({ user: 'ann', vhost: '/', exchange: 'amq.topic', write: '^{client_id}$', read: '' });

    expect([mayPublish(table, 'x', { clientId: '.*' }), mayPublish(table, '.*', { clientId: '.*' })]).toEqual([
      false,
      true,
    ]);
  });

  test('writing and reading are apart, and so are exchanges', () => {
    const table = permissionTable();
    table.setTopic({ user: 'ann', vhost: '/', exchange: 'amq.topic', write: '', read: '.*' });
    const use = { user: 'ann', vhost: '/', exchange: 'amq.topic', routingKey: 'k' } as const;

    expect(table.mayUseTopic({ ...use, access: 'read' })).toBe(true);
    expect(table.mayUseTopic({ ...use, access: 'write' })).toBe(false);
    expect(table.mayUseTopic({ ...use, exchange: 'other', access: 'write' })).toBe(true);
  });

  test('they go with their user and with their vhost', () => {
    const table = permissionTable();
    table.setTopic({ user: 'ann', vhost: '/', exchange: 'amq.topic', write: '', read: '' });
    table.setTopic({ user: 'ann', vhost: 'v', exchange: 'amq.topic', write: '', read: '' });

    table.clearVhost('v');
    expect([...table.topicPermissions()].map(({ vhost }) => vhost)).toEqual(['/']);
    table.clearUser('ann');
    expect([...table.topicPermissions()]).toEqual([]);
  });
});
