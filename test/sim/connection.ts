/** One client with its connection to the broker and the checker that watches it. */

import type { Owner } from '../../src/core/owner.ts';
import { type CheckerWorld, ConnectionChecker } from './checks/connection-checker.ts';
import { SimClient } from './clients/client.ts';
import { check } from './failure.ts';
import type { Sent } from './model/channel.ts';
import type { SimNode } from './node/node.ts';
import { SimTransport } from './wire/transport.ts';

const EVERYTHING = 1024 * 1024;

export interface SimConnectionOptions {
  readonly world: CheckerWorld & { onOutput(connection: number, bytes: Uint8Array): void };
  readonly node: SimNode;
  readonly port: number;
  readonly frameMax: number;
  readonly heartbeat: number;
  readonly outputBytesMax: number;
}

export class SimConnection {
  readonly client: SimClient;
  readonly transport: SimTransport;
  readonly checker: ConnectionChecker;
  /** Known with the first channel. */
  owner: Owner | undefined;

  constructor({ world, node, port, frameMax, heartbeat, outputBytesMax }: SimConnectionOptions) {
    this.client = new SimClient({ frameMax, heartbeat, messages: world.messages });
    this.checker = new ConnectionChecker(world, (number) => this.#opening(number));
    const onOutput = (bytes: Uint8Array) => {
      world.onOutput(port, bytes);
      this.checker.output(bytes);
    };
    this.transport = new SimTransport({ node, port, outputBytesMax, onOutput });
  }

  /** Up to `count` bytes from the client arrive at the broker. @returns false when there were none. */
  send(count: number): boolean {
    if (this.client.output.length === 0 || this.transport.isPaused) return false;
    this.transport.receive(this.client.output, count);
    return true;
  }

  /** Up to `count` bytes from the broker arrive at the client. @returns false when there were none. */
  read(count: number): boolean {
    if (!this.transport.hasOutput) return false;
    this.transport.deliver(count, this.client.read);
    return true;
  }

  /** Everything that can move does. @returns false when nothing could. */
  moveAll(): boolean {
    for (const channel of this.client.channels.values()) this.client.sendRest(channel);
    const hasRead = this.read(EVERYTHING);
    return this.send(EVERYTHING) || hasRead;
  }

  close(): void {
    this.transport.close();
    this.client.disconnected();
  }

  /** Of the channel that the client opened first of those with this number. */
  #opening(number: number): readonly Sent[] {
    const opened = this.client.opening.get(number)?.shift();
    check(opened !== undefined, () => `the broker opened channel ${number} without being asked to`);
    return opened.sent;
  }
}
