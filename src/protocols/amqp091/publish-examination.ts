/**
 * What a publish's properties ask of the broker beyond being carried along: a user id to check, an expiration, more
 * routing keys, an address for direct replies.
 *
 * Only messages come here that have one of these properties, and nothing is made for one in which nothing is found.
 */

import { equalBytes, type Region, regionOf } from '../../base/bytes.ts';
import { refusal } from '../../core/errors.ts';
import { NEVER_MS } from '../../core/messages.ts';
import { DIRECT_REPLY_TO } from '../../core/names.ts';
import type { Owner } from '../../core/owner.ts';
import type { Permissions } from '../../core/ports.ts';
import type { Queue } from '../../core/queue/queue.ts';
import { findCarbonCopies } from './carbon-copies.ts';
import { readExpiration } from './expiration.ts';
import { expiration, PROPERTY_FLAGS, replyToStart, userId } from './properties.ts';
import { spliced } from './splice.ts';

const { headers, replyTo, expiration: expires, userId: publisher } = PROPERTY_FLAGS;

/** The flags of the properties that are examined. */
export const EXAMINED_FLAGS = headers | replyTo | expires | publisher;

/** The tag of users who may publish in the name of others. */
const IMPERSONATOR = 'impersonator';

const BARE_ADDRESS = regionOf(new TextEncoder().encode(DIRECT_REPLY_TO));

export class PublishExamination {
  /** Of the channel that publishes: where direct replies go. */
  replyQueue: Queue | undefined;
  /** Routing keys besides the one of the basic.publish; undefined for none. */
  moreKeys: readonly Region[] | undefined;
  /** The properties to publish instead of those received; undefined when they are as they should be. */
  properties: Region | undefined;
  /** Of the message that was examined last; `NEVER_MS` when it has none. */
  timeToLiveMs = NEVER_MS;

  readonly #owner: Owner;
  readonly #permissions: Permissions;

  constructor(owner: Owner, permissions: Permissions) {
    this.#owner = owner;
    this.#permissions = permissions;
  }

  /**
   * Examines the properties in bytes `start` up to `end`, in RabbitMQ's order.
   * @throws BrokerError 406; CodecError when they are malformed.
   */
  run(region: Region, start: number, end: number): void {
    const flags = region.view.getUint16(start);
    this.moreKeys = undefined;
    this.properties = flags & replyTo ? this.#withReplyAddress(region, start, end) : undefined;
    if (flags & publisher) this.#checkUser(region, start, end);
    this.timeToLiveMs = flags & expires ? timeToLive(region, start, end) : NEVER_MS;
    if ((flags & headers) === 0) return;
    if (this.properties === undefined) this.#findMoreKeys(region, start, end);
    else this.#findMoreKeys(this.properties, 0, this.properties.bytes.length);
  }

  /** Nothing of the last message is left. */
  forget(): void {
    this.moreKeys = undefined;
    this.properties = undefined;
  }

  /** A bare reply-to becomes the address of this channel's reply consumer; undefined for any other reply-to. */
  #withReplyAddress(region: Region, start: number, end: number): Region | undefined {
    const at = replyToStart(region, start, end);
    const length = BARE_ADDRESS.bytes.length;
    const addressEnd = at + 1 + length;
    if (addressEnd > end || region.view.getUint8(at) !== length) return undefined;
    if (!equalBytes(region, at + 1, BARE_ADDRESS, 0, length)) return undefined;
    if (this.replyQueue === undefined || this.replyQueue.isDeleted) throw refusal.noReplyConsumer();
    const address = new TextEncoder().encode(this.replyQueue.name);
    const field = Uint8Array.of(address.length, ...address);
    return spliced(region, { start, end }, { start: at, end: addressEnd }, field);
  }

  #checkUser(region: Region, start: number, end: number): void {
    const given = userId(region, start, end);
    const { user } = this.#owner;
    if (given === undefined || given === user || this.#permissions.hasTag(user, IMPERSONATOR)) return;
    throw refusal.foreignUserId(given, user);
  }

  #findMoreKeys(region: Region, start: number, end: number): void {
    const copies = findCarbonCopies(region, start, end);
    if (copies === undefined) return;
    this.moreKeys = copies.keys;
    if (copies.properties !== undefined) this.properties = copies.properties;
  }
}

function timeToLive(region: Region, start: number, end: number): number {
  const text = expiration(region, start, end);
  if (text === undefined) return NEVER_MS;
  const ms = readExpiration(text);
  if (typeof ms === 'string') throw refusal.invalidExpiration(text, ms);
  return ms;
}
