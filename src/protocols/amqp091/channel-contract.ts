/**
 * What a connection and its channels know of each other. The connection owns frames, handshake and closing; a channel
 * owns what its methods do.
 */

import type { Region } from '../../base/bytes.ts';
import type { Output } from '../../base/output.ts';
import type { Broker } from '../../core/broker.ts';
import type { Owner } from '../../core/owner.ts';
import type { Vhost } from '../../core/vhost.ts';

/** A channel, as the connection sees it. Refusals are thrown and answered by the connection. */
export interface ChannelPort {
  /** A method of the channel itself comes. @throws BrokerError 505 when the rest of a message is due instead. */
  expectMethod(): void;
  /** A method whose arguments are `input.bytes[start, end)`, behind class and method id. */
  method(id: number, input: Region, start: number, end: number): void;
  /** A content header's payload; `inputEnd` tells how far the buffer holds what comes behind it. */
  header(input: Region, start: number, end: number, inputEnd: number): void;
  /**
   * A whole message: the arguments of basic.publish, `input.bytes[start, end)`, then the frames of a content header and of
   * one body, whose payloads end at `headerEnd` and `bodyEnd`.
   * @returns false when nothing was done, and its frames are to come one by one.
   */
  publish(input: Region, start: number, end: number, headerEnd: number, bodyEnd: number): boolean;
  /** A piece of a body frame's payload. */
  body(input: Region, start: number, end: number): void;
  /** The log has been flushed. Called when the channel was touched. @throws BrokerError when it is given up. */
  endTurn(): void;
  /** The output has room again. */
  drained(): void;
  /** What the user may do is not what it was. */
  permissionsChanged(): void;
  /** Gives everything back. */
  close(): void;
  /**
   * True while no more input may be handed in: the answer to the last method is still to come. A channel that waits
   * touches itself each turn.
   */
  readonly isWaiting: boolean;
}

/** A channel that asks for the end of its turn. */
export interface TouchedChannel {
  readonly number: number;
  /** The connection's own mark; false at first. */
  isTouched: boolean;
}

/** The connection, as a channel sees it. */
export interface ChannelHost {
  readonly broker: Broker;
  readonly vhost: Vhost;
  readonly owner: Owner;
  readonly output: Output;
  /** As negotiated; 0 is unlimited. */
  readonly frameMax: number;
  readonly messageBytesMax: number;
  /** Per channel; 0 is unlimited. */
  readonly consumersMax: number;
  /** As much output is waiting as one connection may have. */
  readonly isOutputFull: boolean;
  /** The client understands basic.cancel from the server. */
  readonly canCancelConsumers: boolean;
  /**
   * The channel has written something, or waits: its `endTurn` is called at the end of this turn, or of the next when
   * this one is ending. Cheap; may be repeated.
   */
  touch(channel: TouchedChannel): void;
  /** The channel has published something that the log keeps. Said once. */
  publishedToLog(): void;
  /** An answer was written: when the output is full, no more input is taken until it has drained. */
  answered(): void;
}

export type OpenChannel = (number: number, host: ChannelHost) => ChannelPort;
