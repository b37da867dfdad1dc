/**
 * The channels of one open connection: opens and closes them, hands each its frames, and answers what goes wrong in
 * them: this is the one place where refusals of channel methods are answered.
 *
 * After a channel.close of ours everything for that channel is ignored until the client's close-ok.
 */

import type { Region } from '../../base/bytes.ts';
import { type BrokerError, refusal } from '../../core/errors.ts';
import type { ChannelPort, OpenChannel } from './channel-contract.ts';
import type { ConnectionHost } from './connection-host.ts';
import type { ConnectionLog } from './connection-log.ts';
import { writeMethodFrame } from './frames-out.ts';
import { readMethod } from './method-reader.ts';
import { METHOD_IDS, type Method } from './methods.ts';
import { asContentRefusal, asRefusal, closeMethod } from './refused.ts';

/** Class id and method id. */
const METHOD_ID_BYTES = 4;
const CONNECTION_CLASS = 10;
const CHANNEL_CLASS = 20;

const CHANNEL_OPEN = METHOD_IDS['channel.open'];
const CHANNEL_CLOSE = METHOD_IDS['channel.close'];
const CHANNEL_CLOSE_OK = METHOD_IDS['channel.close-ok'];
const PUBLISH = METHOD_IDS['basic.publish'];

export interface ChannelsOptions {
  readonly host: ConnectionHost;
  readonly openChannel: OpenChannel;
  readonly log: ConnectionLog;
  /** Highest number, and how many may be open; 0 is unlimited. */
  readonly channelMax: number;
  /** Ends the connection because of what was done on a channel. */
  readonly fail: (channel: number, error: BrokerError, methodId: number) => void;
  /** The first basic.publish of the connection has come. */
  readonly publishing: () => void;
}

interface Slot {
  /** Undefined from our channel.close until the client's close-ok. */
  port: ChannelPort | undefined;
  /** The last method that did not fail. */
  methodId: number;
}

/** A channel that has done nothing since it was opened. Clients open many in advance: until then it costs nothing. */
const UNUSED: Slot = { port: undefined, methodId: CHANNEL_OPEN };

export class Channels {
  /** True while a channel may not be given more input. */
  isWaiting = false;
  #isPublishing = false;
  readonly #options: ChannelsOptions;
  readonly #slots = new Map<number, Slot>();
  /** The one that the last frame was for, because the next is likely to be for it too. */
  #lastNumber = 0;
  #lastSlot: Slot | undefined;

  constructor(options: ChannelsOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#slots.size;
  }

  /** A method frame's payload. */
  method(number: number, input: Region, start: number, end: number): void {
    const id = input.view.getUint32(start);
    const slot = this.#find(number);
    try {
      if (slot === undefined) this.#open(number, id, input, start + METHOD_ID_BYTES, end);
      else if (slot.port !== undefined) this.#inOpen(number, slot, slot.port, id, input, start + METHOD_ID_BYTES, end);
      else if (slot === UNUSED) this.#first(number, id, input, start + METHOD_ID_BYTES, end);
      else this.#whileClosing(number, id);
    } catch (thrown) {
      const error = asRefusal(thrown);
      const failed = this.#find(number);
      const isInContent = error.reply === 'UNEXPECTED_FRAME' && failed !== undefined;
      this.#refuse(number, failed, error, isInContent ? contentMethod(failed) : id);
    }
  }

  header(number: number, input: Region, start: number, end: number, inputEnd: number): void {
    const slot = this.#find(number);
    if (slot === undefined || slot === UNUSED) return this.#options.fail(number, noMethodYet(), 0);
    try {
      slot.port?.header(input, start, end, inputEnd);
    } catch (thrown) {
      this.#refuse(number, slot, asContentRefusal(thrown), contentMethod(slot));
    }
  }

  body(number: number, input: Region, start: number, end: number): void {
    const slot = this.#find(number);
    if (slot === undefined || slot === UNUSED) return this.#options.fail(number, noMethodYet(), 0);
    try {
      slot.port?.body(input, start, end);
    } catch (thrown) {
      this.#refuse(number, slot, asRefusal(thrown), contentMethod(slot));
    }
  }

  /** A method's payload with its whole content. @returns false when nothing was done. */
  content(number: number, input: Region, start: number, end: number, headerEnd: number, bodyEnd: number): boolean {
    const slot = this.#find(number);
    // The first one of a connection goes the long way, which tells others of it.
    if (slot?.port === undefined || !this.#isPublishing || input.view.getUint32(start) !== PUBLISH) return false;
    try {
      if (!slot.port.publish(input, start + METHOD_ID_BYTES, end, headerEnd, bodyEnd)) return false;
      slot.methodId = PUBLISH;
    } catch (thrown) {
      this.#refuse(number, slot, asRefusal(thrown), PUBLISH);
    }
    return true;
  }

  endTurn(): void {
    this.isWaiting = false;
    this.#options.host.forTouched((number) => this.#endTurn(number));
  }

  drained(): void {
    for (const slot of this.#slots.values()) slot.port?.drained();
  }

  permissionsChanged(): void {
    for (const slot of this.#slots.values()) slot.port?.permissionsChanged();
  }

  /** Every channel gives back what it has. */
  closeAll(): void {
    for (const slot of this.#slots.values()) slot.port?.close();
    const { broker, owner } = this.#options.host;
    broker.connections.removeChannels(owner.user, this.count);
    this.#slots.clear();
    this.#lastSlot = undefined;
    this.isWaiting = false;
  }

  #endTurn(number: number): void {
    // Closed meanwhile, perhaps.
    const slot = this.#slots.get(number);
    if (slot?.port === undefined) return;
    try {
      slot.port.endTurn();
    } catch (thrown) {
      this.#refuse(number, slot, asRefusal(thrown), slot.methodId);
    }
    if (slot.port?.isWaiting === true) this.isWaiting = true;
  }

  #find(number: number): Slot | undefined {
    if (number === this.#lastNumber && this.#lastSlot !== undefined) return this.#lastSlot;
    this.#lastNumber = number;
    this.#lastSlot = this.#slots.get(number);
    return this.#lastSlot;
  }

  #open(number: number, id: number, input: Region, start: number, end: number): void {
    readMethod(id, input, start, end);
    if (id !== CHANNEL_OPEN) throw refusal.channelError("expected 'channel.open'");
    const { channelMax, host } = this.#options;
    if (channelMax > 0 && this.count >= channelMax) throw tooManyChannels(this.count, channelMax);
    if (channelMax > 0 && number > channelMax) throw numberTooHigh(number, channelMax);
    host.broker.connections.addChannel(host.owner.user);
    this.#slots.set(number, UNUSED);
    this.#answer(number, { name: 'channel.open-ok' });
  }

  /** The first method of a channel. */
  #first(number: number, id: number, input: Region, start: number, end: number): void {
    if (id === CHANNEL_CLOSE) {
      readMethod(id, input, start, end);
      return this.#closeByClient(number);
    }
    const { host, openChannel } = this.#options;
    const port = openChannel(number, host);
    const slot = { port, methodId: CHANNEL_OPEN };
    this.#slots.set(number, slot);
    this.#lastSlot = slot;
    this.#inOpen(number, slot, port, id, input, start, end);
  }

  #inOpen(number: number, slot: Slot, port: ChannelPort, id: number, input: Region, start: number, end: number): void {
    const classId = id >>> 16;
    if (classId === CHANNEL_CLASS && this.#ofChannel(number, port, id, input, start, end)) return;
    if (classId === CONNECTION_CLASS) throw refusal.commandInvalid('unimplemented method');
    port.method(id, input, start, end);
    slot.methodId = id;
    if (port.isWaiting) this.isWaiting = true;
    if (id === PUBLISH && !this.#isPublishing) this.#publishes();
  }

  /** @returns false when the method is for the channel itself. */
  #ofChannel(number: number, port: ChannelPort, id: number, input: Region, start: number, end: number): boolean {
    port.expectMethod();
    readMethod(id, input, start, end);
    if (id === CHANNEL_OPEN) throw refusal.channelError("second 'channel.open' seen");
    if (id === CHANNEL_CLOSE_OK) throw refusal.commandInvalid('unimplemented method');
    if (id !== CHANNEL_CLOSE) return false;
    port.close();
    this.#closeByClient(number);
    return true;
  }

  #publishes(): void {
    this.#isPublishing = true;
    this.#options.publishing();
  }

  #closeByClient(number: number): void {
    this.#forget(number);
    this.#answer(number, { name: 'channel.close-ok' });
  }

  /** A close that crossed ours is answered, but the number is free only with the close-ok for ours. */
  #whileClosing(number: number, id: number): void {
    if (id === CHANNEL_CLOSE_OK) this.#forget(number);
    else if (id === CHANNEL_CLOSE) this.#answer(number, { name: 'channel.close-ok' });
  }

  #refuse(number: number, slot: Slot | undefined, error: BrokerError, methodId: number): void {
    if (slot?.port === undefined || error.endsConnection) return this.#options.fail(number, error, methodId);
    this.#options.log.channelError({ channel: number, methodId, error });
    slot.port.close();
    slot.port = undefined;
    this.#answer(number, closeMethod('channel.close', error, methodId));
  }

  #forget(number: number): void {
    const { broker, owner } = this.#options.host;
    broker.connections.removeChannels(owner.user, 1);
    this.#slots.delete(number);
    this.#lastSlot = undefined;
  }

  #answer(number: number, method: Method): void {
    const { host } = this.#options;
    writeMethodFrame(host.output, number, method);
    host.written();
    host.answered();
  }
}

/** The method whose content is being sent: at fault when a content frame is refused, or when it does not come. */
function contentMethod(slot: Slot): number {
  return slot.methodId === PUBLISH ? PUBLISH : 0;
}

function noMethodYet(): BrokerError {
  return refusal.unexpectedFrame('expected method frame, got non method frame instead');
}

function tooManyChannels(count: number, channelMax: number): BrokerError {
  return refusal.notAllowed(
    `number of channels opened (${count}) has reached the negotiated channel_max (${channelMax})`,
  );
}

function numberTooHigh(number: number, channelMax: number): BrokerError {
  return refusal.notAllowed(`channel number ${number} is above the negotiated channel_max (${channelMax})`);
}
