/** A broker core with its store in a real folder, and the lines that it says. */

import { ManualClock } from '../../src/base/clock.ts';
import { EMPTY_TABLE } from '../../src/base/field-table.ts';
import { SeededRandom } from '../../src/base/random.ts';
import { Broker } from '../../src/core/broker.ts';
import { NO_METADATA } from '../../src/core/definition-record.ts';
import { Messages } from '../../src/core/messages.ts';
import { Owner } from '../../src/core/owner.ts';
import type { Vhost } from '../../src/core/vhost.ts';
import { NodeDisk } from '../../src/server/node-disk.ts';
import { Store } from '../../src/server/store.ts';
import { publishText, RevocablePermissions } from './core-broker.ts';

const ROOM = { usedBytes: 0, limitBytes: 1_000_000_000 };

/** One start of a broker on a folder. */
export class StoreOn {
  readonly store: Store;
  readonly broker: Broker;
  readonly vhost: Vhost;
  readonly lines: readonly string[];
  readonly #disk: NodeDisk;

  /** @param disk of the folder; its own unless given */
  static async start(path: string, disk = new NodeDisk(path)): Promise<StoreOn> {
    const lines: string[] = [];
    const line = (level: string) => (text: string) => void lines.push(`${level}: ${text}`);
    const store = await Store.open({
      disk,
      path,
      messages: new Messages(),
      epoch: 1,
      logLines: { info: line('info'), warning: line('warning'), error: line('error') },
      onDurable: () => undefined,
      elapsedMs: () => 0,
      segmentBytes: 1_000_000,
      residentBytes: 1_000_000_000,
    });
    const started = new StoreOn(store, lines, disk);
    await store.restoreMessages(started.broker);
    return started;
  }

  private constructor(store: Store, lines: readonly string[], disk: NodeDisk) {
    this.store = store;
    this.lines = lines;
    this.#disk = disk;
    this.broker = new Broker({
      clock: new ManualClock(),
      random: new SeededRandom(1),
      log: store.log,
      messages: store.messages,
      permissions: new RevocablePermissions(),
      openResidency: (messages, pump) => store.openResidency(messages, pump, ROOM),
    });
    this.vhost = this.#restoreQueues();
  }

  declare(name: string): void {
    const owner = new Owner('guest', 'test');
    this.vhost.declareQueue(owner, {
      name,
      durable: true,
      exclusive: false,
      autoDelete: false,
      arguments: EMPTY_TABLE,
    });
  }

  publish(queue: string, body: string): void {
    publishText({ broker: this.broker, vhost: this.vhost }, '', queue, body, true);
  }

  /** Everything that was appended is on disk. */
  durable(): Promise<void> {
    const { log } = this.store;
    log.flush();
    if (log.durable === log.appended) return Promise.resolve();
    return new Promise((resolve) => log.whenDurable(log.appended, { durabilityReached: resolve }));
  }

  /** The process ends. */
  async kill(): Promise<void> {
    this.store.opened.close();
    await this.#disk.close();
  }

  stop(): Promise<void> {
    return this.store.stop(this.broker);
  }

  #restoreQueues(): Vhost {
    const { definitions } = this.store;
    this.broker.reserveIds(definitions.highestId);
    if (definitions.isEmpty) return this.broker.addVhost('/', NO_METADATA);
    const vhost = this.broker.restoreVhost('/', NO_METADATA);
    for (const record of definitions.records()) if (record.kind === 'queue.declared') vhost.restoreQueue(record);
    return vhost;
  }
}
