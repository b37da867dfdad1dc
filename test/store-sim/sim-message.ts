/**
 * Messages of the simulated clients. Everything in one follows from its number and its shape, so that a message that comes
 * back can be compared byte by byte.
 */

import { regionOf } from '../../src/base/bytes.ts';
import { LARGE_BODY_BYTES, type Messages, NEVER_MS } from '../../src/core/messages.ts';
import type { MessageHandle } from '../../src/core/ports.ts';
import type { Queue } from '../../src/core/queue/queue.ts';
import type { Route } from '../../src/core/route.ts';
import { check } from '../sim/failure.ts';

export interface SimMessage {
  readonly id: number;
  readonly exchange: string;
  readonly key: string;
  readonly isPersistent: boolean;
  readonly bodyBytes: number;
}

const ID_BYTES = 8;
const PIECE_BYTES = 50_000;
/** Every so many messages have a priority, or a time to live. */
const PRIORITY_EVERY = 3;
const EXPIRING_EVERY = 5;
/** What the head can hold, from nothing up to all of its bits. */
const TIMES_TO_LIVE = [0, 1, 60_000, 2 ** 32 - 1, 2 ** 32, 315_360_000_000, 2 ** 48 - 1];

/** @returns a message with one reference */
export function createMessage(messages: Messages, message: SimMessage, route: Route<Queue>): MessageHandle {
  const properties = propertiesOf(message);
  const { id, isPersistent, bodyBytes } = message;
  const body = bytesOf(id, bodyBytes);
  const head = [route, isPersistent, priorityOf(id), id, regionOf(properties), 0, properties.length] as const;
  const handle =
    bodyBytes <= LARGE_BODY_BYTES
      ? messages.create(...head, regionOf(body), 0, bodyBytes)
      : messages.createLarge(...head, piecesOf(body));
  const timeToLiveMs = timeToLiveOf(id);
  if (timeToLiveMs !== NEVER_MS) messages.expireAfter(handle, timeToLiveMs);
  return handle;
}

/** When it expires: its time is its number. */
export function expiresAtMs({ id }: SimMessage): number {
  return id + timeToLiveOf(id);
}

function priorityOf(id: number): number {
  return id % PRIORITY_EVERY === 0 ? id % 256 : 0;
}

function timeToLiveOf(id: number): number {
  if (id % EXPIRING_EVERY !== 0) return NEVER_MS;
  return TIMES_TO_LIVE[(id / EXPIRING_EVERY) % TIMES_TO_LIVE.length] ?? NEVER_MS;
}

function piecesOf(body: Uint8Array): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < body.length; at += PIECE_BYTES) pieces.push(body.slice(at, at + PIECE_BYTES));
  return pieces;
}

/** The number of a message in memory. @param known finds messages. @throws SimFailure when it is not one of them */
export function identify(
  messages: Messages,
  handle: MessageHandle,
  known: (id: number) => SimMessage | undefined,
): SimMessage {
  const region = messages.regionOf(handle);
  const start = messages.offsetOf(handle);
  const names = messages.exchangeStart(start);
  const properties = names + messages.exchangeBytes(region, start) + messages.keyBytes(region, start);
  const id = messages.propertiesBytes(region, start) < ID_BYTES ? -1 : region.view.getFloat64(properties, true);
  const message = known(id);
  check(message !== undefined, () => `there is a message that nobody published, numbered ${id}`);
  const wanted = contentOf(message);
  const found = foundContent(messages, handle);
  check(Buffer.compare(wanted, found) === 0, () => `message ${id} came back with other bytes`);
  check(messages.isPersistent(handle) === message.isPersistent, () => `message ${id} is not as persistent as it was`);
  check(messages.enqueuedAtMs(handle) === id, () => `message ${id} has another time`);
  check(messages.priority(region, start) === priorityOf(id), () => `message ${id} has another priority`);
  check(messages.timeToLiveMs(handle) === timeToLiveOf(id), () => `message ${id} has another time to live`);
  return message;
}

function foundContent(messages: Messages, handle: MessageHandle): Buffer {
  const region = messages.regionOf(handle);
  const start = messages.offsetOf(handle);
  const end = start + messages.runBytes(handle);
  const run = region.bytes.subarray(messages.exchangeStart(start), end);
  const bytes = Buffer.concat([run, ...(messages.largeBody(handle) ?? [])]);
  const said = messages.bodyBytes(region, start) + messages.propertiesBytes(region, start);
  const names = messages.exchangeBytes(region, start) + messages.keyBytes(region, start);
  check(said + names === bytes.length, () => `a message says that it has ${said + names} bytes of ${bytes.length}`);
  return bytes;
}

function contentOf(message: SimMessage): Buffer {
  const { id, exchange, key, bodyBytes } = message;
  return Buffer.concat([Buffer.from(exchange), Buffer.from(key), propertiesOf(message), bytesOf(id, bodyBytes)]);
}

function propertiesOf({ id }: SimMessage): Uint8Array {
  const bytes = bytesOf(id + 1, ID_BYTES + (id % 7));
  new DataView(bytes.buffer).setFloat64(0, id, true);
  return bytes;
}

/** Bytes that no other message has. */
function bytesOf(id: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = Math.imul(id + 1, 0x9e37_79b1);
  for (let index = 0; index < length; index++) {
    state = (Math.imul(state, 0x0001_9660) + 0x3c6e_f35f) | 0;
    bytes[index] = state >>> 24;
  }
  return bytes;
}
