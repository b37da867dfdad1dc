/**
 * The user that tests log in as: `guest` from loopback, with all permissions in `/`.
 */

import { InternalAuthenticator } from '../../src/auth/internal-authenticator.ts';
import { hashPassword } from '../../src/auth/password-hash.ts';
import { Patterns } from '../../src/auth/patterns.ts';
import { PermissionTable } from '../../src/auth/permission-table.ts';
import { Users } from '../../src/auth/users.ts';
import type { Log } from '../../src/core/ports.ts';
import { MemoryLog } from '../../src/storage/memory/memory-log.ts';

const SILENT = { info: () => {}, warning: () => {}, error: () => {} };

export interface GuestLogin {
  readonly users: Users;
  readonly permissions: PermissionTable;
  readonly authenticator: InternalAuthenticator;
}

export function guestLogin(log: Log = new MemoryLog()): GuestLogin {
  const users = new Users(log);
  const permissions = new PermissionTable(users, new Patterns(SILENT), log);
  users.add({ name: 'guest', password: hashPassword('guest'), tags: ['administrator'] });
  permissions.set({ user: 'guest', vhost: '/', configure: '.*', write: '.*', read: '.*' });
  const authenticator = new InternalAuthenticator({ users, permissions, loopbackUsers: ['guest'] });
  return { users, permissions, authenticator };
}
