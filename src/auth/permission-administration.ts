/**
 * What an administrator does with permissions, at any time while the broker runs. Changes hold at once, also for
 * connections that are open: a consumer of a queue that its user may no longer read is cancelled. They survive a restart
 * once the promise resolves.
 */

import type { Broker } from '../core/broker.ts';
import type { LogLines } from '../core/log-lines.ts';
import { AdministrationError } from './administration-error.ts';
import type { Durability } from './durability.ts';
import type { Permission, PermissionTable, TopicPermission } from './permission-table.ts';
import type { Users } from './users.ts';

const DEFAULT_VHOST = '/';

/** A user in a vhost; `/` unless given. */
export interface UserInVhost {
  readonly user: string;
  readonly vhost?: string;
}

/** Which entries are listed: all, unless a user or a vhost is given. */
export interface PermissionFilter {
  readonly user?: string;
  readonly vhost?: string;
}

export interface PermissionAdministrationOptions {
  readonly users: Users;
  readonly permissions: PermissionTable;
  readonly broker: Broker;
  readonly durability: Durability;
  readonly logLines: LogLines;
}

/**
 * Who may configure, write to and read from which queues and exchanges of a vhost. Without an entry a user cannot open
 * the vhost. See https://www.rabbitmq.com/docs/access-control for which operation needs which permission.
 */
export class PermissionAdministration {
  readonly #options: PermissionAdministrationOptions;

  constructor(options: PermissionAdministrationOptions) {
    this.#options = options;
  }

  /**
   * Sets the three patterns of a user in a vhost: regular expressions that a name must match anywhere. An empty one
   * matches none. The default exchange has the name `amq.default`.
   *
   * @throws AdministrationError when there is no such user or vhost, or a pattern is none
   */
  async set(permission: UserInVhost & Pick<Permission, 'configure' | 'write' | 'read'>): Promise<void> {
    const { user, configure, write, read } = permission;
    const { permissions, durability } = this.#options;
    const vhost = existing(this.#options, permission);
    const isDurable = durability.whenDurable(permissions.set({ user, vhost, configure, write, read }));
    this.#options.broker.connections.permissionsChanged(user, vhost);
    const patterns = `'${configure}', '${write}', '${read}'`;
    this.#options.logLines.info(`Successfully set permissions for '${user}' in virtual host '${vhost}' to ${patterns}`);
    await isDurable;
  }

  /** Takes all permissions in a vhost from a user. Connections stay open, and can do nothing any more. */
  async clear(of: UserInVhost): Promise<void> {
    const { permissions, durability } = this.#options;
    const vhost = existing(this.#options, of);
    const isDurable = durability.whenDurable(permissions.clear(of.user, vhost));
    this.#options.broker.connections.permissionsChanged(of.user, vhost);
    this.#options.logLines.info(`Successfully cleared permissions for '${of.user}' in virtual host '${vhost}'`);
    await isDurable;
  }

  list(filter: PermissionFilter = {}): Permission[] {
    return [...this.#options.permissions.permissions()].filter((permission) => fits(permission, filter));
  }
}

/** Which routing keys users may publish and bind with, exchange by exchange; of topic exchanges only. */
export class TopicPermissionAdministration {
  readonly #options: PermissionAdministrationOptions;

  constructor(options: PermissionAdministrationOptions) {
    this.#options = options;
  }

  /**
   * Sets the two patterns for routing keys. In them `{username}` and `{vhost}` stand for the user's own. Where there is
   * no entry for an exchange, any routing key will do.
   *
   * @throws AdministrationError when there is no such user or vhost, or a pattern is none
   */
  async set(permission: UserInVhost & Pick<TopicPermission, 'exchange' | 'write' | 'read'>): Promise<void> {
    const { user, exchange, write, read } = permission;
    const { permissions, durability } = this.#options;
    const vhost = existing(this.#options, permission);
    const isDurable = durability.whenDurable(permissions.setTopic({ user, vhost, exchange, write, read }));
    const what = `topic permissions on exchange '${exchange}' for '${user}' in virtual host '${vhost}'`;
    this.#options.logLines.info(`Successfully set ${what} to '${write}', '${read}'`);
    await isDurable;
  }

  /** Takes the patterns of an exchange away, or those of all exchanges. */
  async clear(of: UserInVhost & { readonly exchange?: string }): Promise<void> {
    const { permissions, durability } = this.#options;
    const vhost = existing(this.#options, of);
    const { user, exchange } = of;
    const isDurable = durability.whenDurable(permissions.clearTopic(user, vhost, exchange));
    const where = exchange === undefined ? '' : ` on exchange '${exchange}'`;
    const whose = `for '${user}' in virtual host '${vhost}'`;
    this.#options.logLines.info(`Successfully cleared topic permissions${where} ${whose}`);
    await isDurable;
  }

  list(filter: PermissionFilter = {}): TopicPermission[] {
    return [...this.#options.permissions.topicPermissions()].filter((permission) => fits(permission, filter));
  }
}

/** @returns the vhost's name */
function existing({ users, broker }: PermissionAdministrationOptions, { user, vhost = DEFAULT_VHOST }: UserInVhost) {
  if (broker.findVhost(vhost) === undefined) {
    throw new AdministrationError('notFound', `Virtual host '${vhost}' does not exist`);
  }
  users.user(user);
  return vhost;
}

function fits(entry: Permission | TopicPermission, { user, vhost }: PermissionFilter): boolean {
  return (user === undefined || entry.user === user) && (vhost === undefined || entry.vhost === vhost);
}
