/**
 * What an open connection gives its channels: the vhost, the limits, the output and how full it is.
 */

import { emptyList } from '../../base/lists.ts';
import type { Output } from '../../base/output.ts';
import type { Broker } from '../../core/broker.ts';
import type { Owner } from '../../core/owner.ts';
import type { Vhost } from '../../core/vhost.ts';
import type { Transport } from '../session.ts';
import type { ChannelHost, TouchedChannel } from './channel-contract.ts';

export interface ConnectionHostOptions {
  readonly broker: Broker;
  readonly vhost: Vhost;
  readonly owner: Owner;
  readonly output: Output;
  readonly transport: Transport;
  readonly frameMax: number;
  readonly messageBytesMax: number;
  readonly consumersMax: number;
  readonly outputBytesMax: number;
  readonly canCancelConsumers: boolean;
}

/** Told when the first message was published that the log keeps. */
type OnPublishedToLog = () => void;

export class ConnectionHost implements ChannelHost {
  readonly broker: Broker;
  readonly vhost: Vhost;
  readonly owner: Owner;
  readonly output: Output;
  readonly frameMax: number;
  readonly messageBytesMax: number;
  readonly consumersMax: number;
  readonly canCancelConsumers: boolean;
  /** True from an answer into a full output until it has drained: no input is taken meanwhile. */
  isHeld = false;
  readonly #transport: Transport;
  readonly #outputBytesMax: number;
  readonly #onPublishedToLog: OnPublishedToLog;
  #hasHeldBack = false;
  #touched: TouchedChannel[] = [];
  #spare: TouchedChannel[] = [];

  constructor(options: ConnectionHostOptions, onPublishedToLog: OnPublishedToLog) {
    this.broker = options.broker;
    this.vhost = options.vhost;
    this.owner = options.owner;
    this.output = options.output;
    this.frameMax = options.frameMax;
    this.messageBytesMax = options.messageBytesMax;
    this.consumersMax = options.consumersMax;
    this.canCancelConsumers = options.canCancelConsumers;
    this.#transport = options.transport;
    this.#outputBytesMax = options.outputBytesMax;
    this.#onPublishedToLog = onPublishedToLog;
  }

  /** Notes who was told so: only then there is somebody to go on when the output has drained. */
  get isOutputFull(): boolean {
    const isFull = this.output.pendingBytes > this.#outputBytesMax;
    if (isFull) this.#hasHeldBack = true;
    return isFull;
  }

  /** The output has room again. @returns true when anybody was held back since the last time. */
  drained(): boolean {
    const hasHeldBack = this.#hasHeldBack;
    this.#hasHeldBack = false;
    this.isHeld = false;
    return hasHeldBack;
  }

  touch(channel: TouchedChannel): void {
    if (!channel.isTouched) {
      channel.isTouched = true;
      this.#touched.push(channel);
    }
    this.#transport.touch();
  }

  /** Calls back for each channel that was touched; one that is touched meanwhile has its turn with the next call. */
  forTouched(handle: (number: number) => void): void {
    const touched = this.#touched;
    if (touched.length === 0) return;
    this.#touched = this.#spare;
    this.#spare = [];
    for (const channel of touched) {
      channel.isTouched = false;
      handle(channel.number);
    }
    emptyList(touched);
    this.#spare = touched;
  }

  /** Bytes were written that are no channel's. */
  written(): void {
    this.#transport.touch();
  }

  publishedToLog(): void {
    this.#onPublishedToLog();
  }

  /**
   * A client that asks and does not read is held. One that only publishes is not, however full the output: it may be
   * blocked in sending, and would never come to read.
   */
  answered(): void {
    if (this.isOutputFull) this.isHeld = true;
  }
}
