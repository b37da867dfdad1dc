/**
 * All that an administrator does with users, vhosts and permissions: what the embedded API and the HTTP API offer.
 */

import type { Broker } from '../core/broker.ts';
import type { LogLines } from '../core/log-lines.ts';
import type { DefaultUsers } from './default-users.ts';
import type { Durability } from './durability.ts';
import { PermissionAdministration, TopicPermissionAdministration } from './permission-administration.ts';
import type { PermissionTable } from './permission-table.ts';
import { UserAdministration } from './user-administration.ts';
import type { Users } from './users.ts';
import { VhostAdministration } from './vhost-administration.ts';

export interface AdministrationOptions {
  readonly defaultUsers?: DefaultUsers;
  readonly users: Users;
  readonly permissions: PermissionTable;
  readonly broker: Broker;
  readonly logLines: LogLines;
  readonly durability: Durability;
}

export class Administration {
  readonly users: UserAdministration;
  readonly vhosts: VhostAdministration;
  readonly permissions: PermissionAdministration;
  readonly topicPermissions: TopicPermissionAdministration;

  constructor(options: AdministrationOptions) {
    this.users = new UserAdministration(options);
    this.vhosts = new VhostAdministration(options);
    this.permissions = new PermissionAdministration(options);
    this.topicPermissions = new TopicPermissionAdministration(options);
  }
}
