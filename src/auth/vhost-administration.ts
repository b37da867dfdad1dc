/**
 * What an administrator does with virtual hosts, at any time while the broker runs.
 */

import type { Broker } from '../core/broker.ts';
import type { LogLines } from '../core/log-lines.ts';
import { AdministrationError } from './administration-error.ts';
import type { DefaultUsers } from './default-users.ts';
import type { Durability } from './durability.ts';
import { limitOf } from './limit.ts';
import type { PermissionTable } from './permission-table.ts';

/** What may be noted about a vhost, for whoever looks at it. */
export interface NewVhost {
  readonly description?: string;
  readonly tags?: readonly string[];
}

export interface VhostInfo {
  readonly name: string;
  readonly description: string;
  readonly tags: readonly string[];
}

export interface VhostLimits {
  /** Connections at most; 0 lets nobody in, -1 is no limit. */
  readonly connectionsMax?: number;
}

export interface VhostAdministrationOptions {
  /** Who comes with a vhost; nobody unless given. */
  readonly defaultUsers?: DefaultUsers;
  readonly permissions: PermissionTable;
  readonly broker: Broker;
  readonly logLines: LogLines;
  readonly durability: Durability;
}

/**
 * The broker's vhosts: each has exchanges, queues, bindings and permissions of its own. What is done here holds at once,
 * and survives a restart once the promise resolves.
 */
export class VhostAdministration {
  readonly #options: VhostAdministrationOptions;

  constructor(options: VhostAdministrationOptions) {
    this.#options = options;
  }

  /**
   * Adds a vhost with the predeclared exchanges, which nobody may open until `permissions.set` allows it. One that is
   * there already stays as it is.
   *
   * @throws AdministrationError when the name is empty
   */
  async add(name: string, { description = '', tags = [] }: NewVhost = {}): Promise<void> {
    const { broker, defaultUsers, logLines, durability } = this.#options;
    if (name === '') throw new AdministrationError('invalid', 'a vhost cannot have an empty name');
    const isNew = broker.findVhost(name) === undefined;
    if (isNew) logLines.info(`Adding vhost '${name}'`);
    const vhost = broker.addVhost(name, { description, tags: [...tags], defaultQueueType: undefined });
    if (isNew) defaultUsers?.vhostAdded(name);
    // Of one that is there already, the record may not be durable yet.
    await durability.whenDurable(isNew ? broker.log.appended : vhost.definitions.newest);
  }

  /**
   * Deletes a vhost with all that is in it, its messages and its permissions. Its connections are closed (AMQP: 320).
   *
   * @throws AdministrationError when there is none of that name
   */
  async delete(name: string): Promise<void> {
    const { broker, permissions, logLines, durability } = this.#options;
    this.#assertExists(name);
    logLines.info(`Deleting vhost '${name}'`);
    logLines.info(`Closing all connections in vhost '${name}' because it's being deleted`);
    for (const connection of [...broker.connections]) {
      if (connection.vhost === name) connection.close(`vhost '${name}' is deleted`);
    }
    const ticket = broker.deleteVhost(name);
    permissions.clearVhost(name);
    await durability.whenDurable(ticket);
  }

  /** Sets how many connections a vhost may have; those that are open stay so. */
  async setLimits(name: string, { connectionsMax }: VhostLimits): Promise<void> {
    const { broker, durability } = this.#options;
    const limit = limitOf(connectionsMax);
    this.#assertExists(name);
    await durability.whenDurable(broker.limitVhost(name, limit));
  }

  list(): VhostInfo[] {
    return [...this.#options.broker.vhosts].map(({ name, metadata: { description, tags } }) => {
      return { name, description, tags };
    });
  }

  #assertExists(name: string): void {
    if (this.#options.broker.findVhost(name) !== undefined) return;
    throw new AdministrationError('notFound', `Virtual host '${name}' does not exist`);
  }
}
