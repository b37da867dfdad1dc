/**
 * What an administrator does with virtual hosts, at any time while the broker runs.
 */

import type { Broker } from '../core/broker.ts';
import type { LogLines } from '../core/log-lines.ts';
import { AdministrationError } from './administration-error.ts';
import type { PermissionTable } from './permission-table.ts';

export interface VhostInfo {
  readonly name: string;
}

export interface VhostLimits {
  /** Connections at most; 0 lets nobody in. */
  readonly connectionsMax?: number;
}

export interface VhostAdministrationOptions {
  readonly permissions: PermissionTable;
  readonly broker: Broker;
  readonly logLines: LogLines;
}

/** The broker's vhosts: each has exchanges, queues, bindings and permissions of its own. */
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
  async add(name: string): Promise<void> {
    const { broker, logLines } = this.#options;
    if (name === '') throw new AdministrationError('invalid', 'a vhost cannot have an empty name');
    if (broker.findVhost(name) !== undefined) return;
    broker.addVhost(name);
    logLines.info(`Adding vhost '${name}'`);
  }

  /**
   * Deletes a vhost with all that is in it, its messages and its permissions. Its connections are closed (AMQP: 320).
   *
   * @throws AdministrationError when there is none of that name
   */
  async delete(name: string): Promise<void> {
    const { broker, permissions, logLines } = this.#options;
    this.#assertExists(name);
    for (const connection of [...broker.connections]) {
      if (connection.vhost === name) connection.close(`vhost '${name}' is deleted`);
    }
    broker.deleteVhost(name);
    broker.connections.limitVhost(name, undefined);
    permissions.clearVhost(name);
    logLines.info(`Deleted vhost '${name}'`);
  }

  /** Sets how many connections a vhost may have; those that are open stay so. */
  async setLimits(name: string, { connectionsMax }: VhostLimits): Promise<void> {
    this.#assertExists(name);
    this.#options.broker.connections.limitVhost(name, connectionsMax);
  }

  list(): VhostInfo[] {
    return [...this.#options.broker.vhosts].map(({ name }) => ({ name }));
  }

  #assertExists(name: string): void {
    if (this.#options.broker.findVhost(name) !== undefined) return;
    throw new AdministrationError('notFound', `Virtual host '${name}' does not exist`);
  }
}
