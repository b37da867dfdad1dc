/**
 * Messages in memory: one contiguous run of bytes each, in the arena.
 *
 * A run is a fixed head, the exchange, the routing key, the properties exactly as received, and the body without frame
 * headers. That is what a queue keeps, the log writes and a protocol sends from. Bodies over 64 KB stand beside it, in
 * the pieces in which they arrived.
 *
 * hot path: flat memory
 */

import { Arena, type ArenaStats, BLOCK_BYTES_MAX } from '../base/arena.ts';
import { assert } from '../base/assert.ts';
import { copyBytes, type Region } from '../base/bytes.ts';
import type { ReferenceOwner } from '../base/output.ts';
import type { MessageHandle } from './ports.ts';

/** A body above this is kept in pieces of its own and sent by reference. */
export const LARGE_BODY_BYTES = 64 * 1024;

/** The largest property section that fits beside a small body. */
export const PROPERTIES_BYTES_MAX = BLOCK_BYTES_MAX - LARGE_BODY_BYTES - 1024;

/** The longest time to live that fits in the head: 48 bits, nearly nine thousand years. */
const TIME_TO_LIVE_MS_MAX = 2 ** 48 - 1;

/** The head, little-endian: offsets from the start of the run. */
const BODY_BYTES = 0;
const PROPERTIES_BYTES = 4;
const ROUTE_ID = 8;
const FORMAT = 12;
const FLAGS = 13;
const EXCHANGE_BYTES = 14;
const PRIORITY = 15;
const KEY_BYTES = 16;
/** Sixteen high bits, then 32 low ones. Without the flag for it, what stands here is left from another message. */
const TIME_TO_LIVE_HIGH = 18;
const TIME_TO_LIVE_LOW = 20;
const ENQUEUED_AT = 24;
const HEAD_BYTES = 32;

const FLAG_PERSISTENT = 1;
const FLAG_LARGE = 2;
const FLAG_EXPIRES = 4;

const TWO_POW_32 = 0x1_0000_0000;

/** When a message expires that has no time to live. */
export const NEVER_MS = Number.POSITIVE_INFINITY;

/** A message outside the arena: its run, and the pieces of a large body. */
export interface StoredMessage {
  readonly run: Uint8Array;
  readonly pieces: readonly Uint8Array[] | undefined;
}

/** What a message carries besides its bytes. */
export interface MessageOrigin {
  /** A cache hint: two messages with the same id came through the same exchange with the same key. */
  readonly id: number;
  readonly exchangeBytes: Region;
  readonly keyBytes: Region;
}

export class Messages implements ReferenceOwner {
  readonly #arena = new Arena();
  readonly #largeBodies = new Map<MessageHandle, readonly Uint8Array[]>();
  #largeBytes = 0;

  /**
   * A message with one reference; its body may lie in another buffer than its properties. Nearly none has a time to live:
   * `expireAfter` gives it one.
   * @param priority as the publisher gave it, 0 to 255; 0 when it gave none
   * @param body with `bodyBytes` up to `LARGE_BODY_BYTES`; use `createLarge` above.
   */
  create(
    origin: MessageOrigin,
    isPersistent: boolean,
    priority: number,
    enqueuedAtMs: number,
    properties: Region,
    propertiesStart: number,
    propertiesBytes: number,
    body: Region,
    bodyStart: number,
    bodyBytes: number,
  ): MessageHandle {
    const exchangeBytes = origin.exchangeBytes.bytes.length;
    const keyBytes = origin.keyBytes.bytes.length;
    const handle = this.#arena.allocate(HEAD_BYTES + exchangeBytes + keyBytes + propertiesBytes + bodyBytes);
    const region = this.#arena.regionOf(handle);
    const start = this.#arena.offsetOf(handle);
    const view = region.view;
    view.setUint32(start + BODY_BYTES, bodyBytes, true);
    view.setUint32(start + PROPERTIES_BYTES, propertiesBytes, true);
    view.setUint32(start + ROUTE_ID, origin.id, true);
    const flags = isPersistent ? FLAG_PERSISTENT : 0;
    view.setUint32(start + FORMAT, (priority << 24) | (exchangeBytes << 16) | (flags << 8), true);
    view.setUint32(start + KEY_BYTES, keyBytes, true);
    view.setFloat64(start + ENQUEUED_AT, enqueuedAtMs, true);
    let position = start + HEAD_BYTES;
    copyBytes(region, position, origin.exchangeBytes, 0, exchangeBytes);
    position += exchangeBytes;
    copyBytes(region, position, origin.keyBytes, 0, keyBytes);
    position += keyBytes;
    copyBytes(region, position, properties, propertiesStart, propertiesBytes);
    copyBytes(region, position + propertiesBytes, body, bodyStart, bodyBytes);
    return handle;
  }

  /** A message whose body stays in the pieces given, which nobody else may write to from now on. */
  createLarge(
    origin: MessageOrigin,
    isPersistent: boolean,
    priority: number,
    enqueuedAtMs: number,
    properties: Region,
    propertiesStart: number,
    propertiesBytes: number,
    pieces: readonly Uint8Array[],
  ): MessageHandle {
    const handle = this.create(
      origin,
      isPersistent,
      priority,
      enqueuedAtMs,
      properties,
      propertiesStart,
      propertiesBytes,
      properties,
      0,
      0,
    );
    const view = this.#arena.regionOf(handle).view;
    const start = this.#arena.offsetOf(handle);
    view.setUint32(start + BODY_BYTES, this.#keepLarge(handle, pieces), true);
    view.setUint8(start + FLAGS, view.getUint8(start + FLAGS) | FLAG_LARGE);
    return handle;
  }

  /**
   * Gives a message its time to live, which counts from when it was enqueued. Only for whoever has just made it.
   * @param ms whole, from 0 up to 48 bits
   */
  expireAfter(handle: MessageHandle, ms: number): void {
    assert(Number.isInteger(ms) && ms >= 0 && ms <= TIME_TO_LIVE_MS_MAX, 'a time to live does not fit');
    const { view } = this.#arena.regionOf(handle);
    const start = this.#arena.offsetOf(handle);
    view.setUint8(start + FLAGS, view.getUint8(start + FLAGS) | FLAG_EXPIRES);
    view.setUint16(start + TIME_TO_LIVE_HIGH, Math.floor(ms / TWO_POW_32), true);
    view.setUint32(start + TIME_TO_LIVE_LOW, ms % TWO_POW_32, true);
  }

  /** A copy that outlives the handle; for a port that takes messages out of memory. */
  copyOut(handle: MessageHandle): StoredMessage {
    const start = this.#arena.offsetOf(handle);
    const run = this.#arena.regionOf(handle).bytes.slice(start, start + this.runBytes(handle));
    return { run, pieces: this.largeBody(handle) };
  }

  /** How long the run is, a large body aside. */
  runBytes(handle: MessageHandle): number {
    const region = this.#arena.regionOf(handle);
    const start = this.#arena.offsetOf(handle);
    const isLarge = (region.view.getUint8(start + FLAGS) & FLAG_LARGE) !== 0;
    const names = this.exchangeBytes(region, start) + this.keyBytes(region, start);
    const body = isLarge ? 0 : this.bodyBytes(region, start);
    return HEAD_BYTES + names + this.propertiesBytes(region, start) + body;
  }

  /** What a log or a page needs for the message: its run, and its body when that is large. */
  storedBytes(handle: MessageHandle): number {
    const region = this.#arena.regionOf(handle);
    const start = this.#arena.offsetOf(handle);
    const names = this.exchangeBytes(region, start) + this.keyBytes(region, start);
    return HEAD_BYTES + names + this.propertiesBytes(region, start) + this.bodyBytes(region, start);
  }

  /**
   * Brings back what a log or a page wrote, under a new handle with one reference. The hint about its route does not hold
   * any more, and is taken out.
   * @param run of `runBytes`, at `start` of `from`; `largeBytes` of a large body follow it
   */
  restore(from: Region, start: number, runBytes: number, largeBytes: number): MessageHandle {
    const handle = this.readmit(from, start, runBytes, largeBytes);
    this.#arena.regionOf(handle).view.setUint32(this.#arena.offsetOf(handle) + ROUTE_ID, 0, true);
    return handle;
  }

  /** Brings back what this process took out of memory: as `restore`, but the hint about its route still holds. */
  readmit(from: Region, start: number, runBytes: number, largeBytes: number): MessageHandle {
    const handle = this.#arena.allocate(runBytes);
    copyBytes(this.#arena.regionOf(handle), this.#arena.offsetOf(handle), from, start, runBytes);
    if (largeBytes > 0) this.#keepLarge(handle, [from.bytes.slice(start + runBytes, start + runBytes + largeBytes)]);
    return handle;
  }

  /** Brings back what `copyOut` copied, under a new handle with one reference. */
  copyIn(message: StoredMessage): MessageHandle {
    const handle = this.#arena.allocate(message.run.length);
    this.#arena.regionOf(handle).bytes.set(message.run, this.#arena.offsetOf(handle));
    if (message.pieces !== undefined) this.#keepLarge(handle, message.pieces);
    return handle;
  }

  retain(handle: MessageHandle): void {
    this.#arena.retain(handle);
  }

  /** Gives one reference back; with the last one the memory is free. */
  release(handle: MessageHandle): void {
    if (this.#arena.release(handle) === 0) this.#free(handle);
  }

  /** Keeps a message alive and in place for a write by reference, until `unpin`. */
  pin(handle: MessageHandle): void {
    this.#arena.pin(handle);
  }

  unpin(handle: MessageHandle): void {
    if (this.#arena.unpin(handle) === 0) this.#free(handle);
  }

  /** The memory in which the message's run stands; valid until the next `compact`. */
  regionOf(handle: MessageHandle): Region {
    return this.#arena.regionOf(handle);
  }

  /** Where the run begins: the argument of the accessors below. */
  offsetOf(handle: MessageHandle): number {
    return this.#arena.offsetOf(handle);
  }

  routeId(region: Region, start: number): number {
    return region.view.getUint32(start + ROUTE_ID, true);
  }

  isPersistent(handle: MessageHandle): boolean {
    const flags = this.#arena.regionOf(handle).view.getUint8(this.#arena.offsetOf(handle) + FLAGS);
    return (flags & FLAG_PERSISTENT) !== 0;
  }

  enqueuedAtMs(handle: MessageHandle): number {
    return this.#arena.regionOf(handle).view.getFloat64(this.#arena.offsetOf(handle) + ENQUEUED_AT, true);
  }

  /** Milliseconds from 0 on that the publisher gave the message, from `enqueuedAtMs` on; `NEVER_MS` when it gave none. */
  timeToLiveMs(handle: MessageHandle): number {
    const { view } = this.#arena.regionOf(handle);
    const start = this.#arena.offsetOf(handle);
    if ((view.getUint8(start + FLAGS) & FLAG_EXPIRES) === 0) return NEVER_MS;
    const high = view.getUint16(start + TIME_TO_LIVE_HIGH, true);
    return high * TWO_POW_32 + view.getUint32(start + TIME_TO_LIVE_LOW, true);
  }

  /** Milliseconds since 1970, as far as the message itself says; `NEVER_MS` when it has no time to live. */
  expiresAtMs(handle: MessageHandle): number {
    const timeToLiveMs = this.timeToLiveMs(handle);
    return timeToLiveMs === NEVER_MS ? NEVER_MS : this.enqueuedAtMs(handle) + timeToLiveMs;
  }

  /** As the publisher gave it, 0 to 255; 0 when it gave none. */
  priority(region: Region, start: number): number {
    return region.view.getUint8(start + PRIORITY);
  }

  bodyBytes(region: Region, start: number): number {
    return region.view.getUint32(start + BODY_BYTES, true);
  }

  propertiesBytes(region: Region, start: number): number {
    return region.view.getUint32(start + PROPERTIES_BYTES, true);
  }

  exchangeBytes(region: Region, start: number): number {
    return region.view.getUint8(start + EXCHANGE_BYTES);
  }

  keyBytes(region: Region, start: number): number {
    return region.view.getUint16(start + KEY_BYTES, true);
  }

  /** Where the exchange's name begins; the routing key, the properties and the body follow without gaps. */
  exchangeStart(start: number): number {
    return start + HEAD_BYTES;
  }

  /** The pieces of a body over `LARGE_BODY_BYTES`, undefined for any other message. */
  largeBody(handle: MessageHandle): readonly Uint8Array[] | undefined {
    return this.#largeBodies.size === 0 ? undefined : this.#largeBodies.get(handle);
  }

  get wantsCompaction(): boolean {
    return this.#arena.wantsCompaction;
  }

  /** Moves live messages together so that memory can be given back; about 50 µs a segment. */
  compact(segmentsMax: number): void {
    this.#arena.compact(segmentsMax);
  }

  /** Lets go of some memory that nothing uses. @returns the bytes that a garbage collection would give back. */
  trim(slabsMax: number): number {
    return this.#arena.trim(slabsMax);
  }

  /** Lets go of the index of messages that a peak needed. @returns as `trim` */
  trimHandles(): number {
    return this.#arena.trimHandles();
  }

  /** Ends the period for which `trim` keeps what was needed: two periods long. */
  endPeriod(): void {
    this.#arena.endPeriod();
  }

  /** Bytes that messages keep from other use. */
  get usedBytes(): number {
    return this.#arena.segmentBytes + this.#largeBytes;
  }

  /** Bytes taken from the operating system, with what is kept for messages to come. */
  get heldBytes(): number {
    return this.#arena.slabBytes + this.#largeBytes;
  }

  get stats(): ArenaStats & { readonly largeBytes: number } {
    return { ...this.#arena.stats, largeBytes: this.#largeBytes };
  }

  /** @returns the bytes of all pieces. */
  #keepLarge(handle: MessageHandle, pieces: readonly Uint8Array[]): number {
    let bytes = 0;
    for (const piece of pieces) bytes += piece.length;
    this.#largeBodies.set(handle, pieces);
    this.#largeBytes += bytes;
    return bytes;
  }

  #free(handle: MessageHandle): void {
    if (this.#largeBodies.size > 0) this.#freeLarge(handle);
    this.#arena.free(handle);
  }

  #freeLarge(handle: MessageHandle): void {
    const pieces = this.#largeBodies.get(handle);
    if (pieces === undefined) return;
    for (const piece of pieces) this.#largeBytes -= piece.length;
    this.#largeBodies.delete(handle);
    assert(this.#largeBytes >= 0, 'more large bodies freed than made');
  }
}
