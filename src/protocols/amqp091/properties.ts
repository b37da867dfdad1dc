/**
 * The basic properties of a message, as they stand in a content header: 16 flags, then the fields whose flag is set.
 *
 * Properties are forwarded as received. Most messages are never decoded: the functions that ask for one field walk over
 * those before it and allocate nothing but the answer.
 */

import { ByteReader } from '../../base/byte-reader.ts';
import { ByteWriter } from '../../base/byte-writer.ts';
import type { Region } from '../../base/bytes.ts';
import { CodecError } from '../../base/codec-error.ts';
import { type FieldTable, readFieldTable, writeFieldTable } from '../../base/field-table.ts';

export interface Properties {
  readonly contentType?: string;
  readonly contentEncoding?: string;
  readonly headers?: FieldTable;
  /** 1 transient, 2 persistent. */
  readonly deliveryMode?: number;
  readonly priority?: number;
  readonly correlationId?: string;
  readonly replyTo?: string;
  /** Milliseconds, as text. */
  readonly expiration?: string;
  readonly messageId?: string;
  /** Seconds since 1970. */
  readonly timestamp?: bigint;
  readonly type?: string;
  readonly userId?: string;
  readonly appId?: string;
  readonly clusterId?: string;
}

/** In the order of the wire; the first has the highest of the 16 flags. */
export const PROPERTY_FLAGS = {
  contentType: 1 << 15,
  contentEncoding: 1 << 14,
  headers: 1 << 13,
  deliveryMode: 1 << 12,
  priority: 1 << 11,
  correlationId: 1 << 10,
  replyTo: 1 << 9,
  expiration: 1 << 8,
  messageId: 1 << 7,
  timestamp: 1 << 6,
  type: 1 << 5,
  userId: 1 << 4,
  appId: 1 << 3,
  clusterId: 1 << 2,
} as const;

/** The two lowest flags belong to no property; RabbitMQ carries them along. */
const FLAGS = 0xfffc;
const LENGTH_BYTES = 4;
const TIMESTAMP_BYTES = 8;
const PRIORITY_SHIFT = 8;

const reader = new ByteReader();

/**
 * All properties in bytes `start` up to `end`.
 * @throws CodecError when they are cut short, malformed or have bytes left over.
 */
export function readProperties(region: Region, start: number, end: number): Properties {
  reader.reset(region, start, end);
  const flags = readFlags();
  const properties: Writable<Properties> = {};
  if (flags & PROPERTY_FLAGS.contentType) properties.contentType = reader.shortString('content-type');
  if (flags & PROPERTY_FLAGS.contentEncoding) properties.contentEncoding = reader.shortString('content-encoding');
  if (flags & PROPERTY_FLAGS.headers) properties.headers = readFieldTable(reader);
  if (flags & PROPERTY_FLAGS.deliveryMode) properties.deliveryMode = reader.u8('delivery-mode');
  if (flags & PROPERTY_FLAGS.priority) properties.priority = reader.u8('priority');
  if (flags & PROPERTY_FLAGS.correlationId) properties.correlationId = reader.shortString('correlation-id');
  if (flags & PROPERTY_FLAGS.replyTo) properties.replyTo = reader.shortString('reply-to');
  if (flags & PROPERTY_FLAGS.expiration) properties.expiration = reader.shortString('expiration');
  if (flags & PROPERTY_FLAGS.messageId) properties.messageId = reader.shortString('message-id');
  if (flags & PROPERTY_FLAGS.timestamp) properties.timestamp = reader.u64('timestamp');
  if (flags & PROPERTY_FLAGS.type) properties.type = reader.shortString('type');
  if (flags & PROPERTY_FLAGS.userId) properties.userId = reader.shortString('user-id');
  if (flags & PROPERTY_FLAGS.appId) properties.appId = reader.shortString('app-id');
  if (flags & PROPERTY_FLAGS.clusterId) properties.clusterId = reader.shortString('cluster-id');
  reader.expectEnd('properties');
  return properties;
}

/** Flags and fields. @throws CodecError when a text takes more than 255 bytes. */
export function encodeProperties(properties: Properties): Uint8Array {
  const { contentType, contentEncoding, headers, deliveryMode, priority, correlationId, replyTo } = properties;
  const { expiration, messageId, timestamp, type, userId, appId, clusterId } = properties;
  const writer = new ByteWriter();
  writer.u16(flagsOf(properties));
  if (contentType !== undefined) writer.shortString(contentType);
  if (contentEncoding !== undefined) writer.shortString(contentEncoding);
  if (headers !== undefined) writeFieldTable(writer, headers);
  if (deliveryMode !== undefined) writer.u8(deliveryMode);
  if (priority !== undefined) writer.u8(priority);
  if (correlationId !== undefined) writer.shortString(correlationId);
  if (replyTo !== undefined) writer.shortString(replyTo);
  if (expiration !== undefined) writer.shortString(expiration);
  if (messageId !== undefined) writer.shortString(messageId);
  if (timestamp !== undefined) writer.u64(timestamp);
  if (type !== undefined) writer.shortString(type);
  if (userId !== undefined) writer.shortString(userId);
  if (appId !== undefined) writer.shortString(appId);
  if (clusterId !== undefined) writer.shortString(clusterId);
  return writer.toBytes();
}

/** The headers alone; undefined when there are none. @throws CodecError when the bytes up to there are malformed. */
export function findHeaders(region: Region, start: number, end: number): FieldTable | undefined {
  return seek(PROPERTY_FLAGS.headers, region, start, end) ? readFieldTable(reader) : undefined;
}

/**
 * Goes over all properties by their lengths alone, without decoding any; what is in the headers is not looked at.
 * hot path: costs a few nanoseconds a property.
 * @returns the delivery mode in the low eight bits, the priority in the eight above them (`modeIn`, `priorityIn`); each 0
 * when absent.
 * @throws CodecError unless the properties are whole and nothing stands behind them.
 */
export function checkProperties(view: DataView, start: number, end: number): number {
  if (start + 2 > end) throw cutShort();
  let found = 0;
  let at = start + 2;
  for (let flags = view.getUint16(start) & FLAGS; flags !== 0; ) {
    const flag = 1 << (31 - Math.clz32(flags));
    flags ^= flag;
    if (at >= end) throw cutShort();
    if (flag === PROPERTY_FLAGS.deliveryMode) found |= view.getUint8(at++);
    else if (flag === PROPERTY_FLAGS.priority) found |= view.getUint8(at++) << PRIORITY_SHIFT;
    else if (flag === PROPERTY_FLAGS.timestamp) at += TIMESTAMP_BYTES;
    else if (flag !== PROPERTY_FLAGS.headers) at += 1 + view.getUint8(at);
    else at += at + LENGTH_BYTES <= end ? LENGTH_BYTES + view.getUint32(at) : LENGTH_BYTES;
  }
  if (at > end) throw cutShort();
  if (at < end) throw new CodecError(`properties have ${end - at} bytes too many`);
  return found;
}

/** @param found by `checkProperties` */
export function modeIn(found: number): number {
  return found & 0xff;
}

/** @param found by `checkProperties` */
export function priorityIn(found: number): number {
  return (found >>> PRIORITY_SHIFT) & 0xff;
}

function cutShort(): CodecError {
  return new CodecError('properties are cut short');
}

/** Undefined when absent. @throws CodecError when the bytes up to there are malformed. */
export function expiration(region: Region, start: number, end: number): string | undefined {
  return seek(PROPERTY_FLAGS.expiration, region, start, end) ? reader.shortString('expiration') : undefined;
}

/** Undefined when absent. @throws CodecError when the bytes up to there are malformed. */
export function userId(region: Region, start: number, end: number): string | undefined {
  return seek(PROPERTY_FLAGS.userId, region, start, end) ? reader.shortString('user-id') : undefined;
}

/**
 * Where the reply-to begins, with its length in one byte; -1 when absent.
 * @throws CodecError when the bytes up to there are malformed.
 */
export function replyToStart(region: Region, start: number, end: number): number {
  return seek(PROPERTY_FLAGS.replyTo, region, start, end) ? reader.position : -1;
}

/**
 * Where the headers begin, with their length in four bytes; -1 when absent.
 * @throws CodecError when the bytes up to there are malformed.
 */
export function headersStart(region: Region, start: number, end: number): number {
  return seek(PROPERTY_FLAGS.headers, region, start, end) ? reader.position : -1;
}

/** Moves the reader to a field by skipping those before it. @returns false when the field is absent. */
function seek(flag: number, region: Region, start: number, end: number): boolean {
  reader.reset(region, start, end);
  const flags = readFlags();
  if ((flags & flag) === 0) return false;
  for (let before = PROPERTY_FLAGS.contentType; before > flag; before >>= 1) if (flags & before) skip(before);
  return true;
}

function skip(flag: number): void {
  if (flag === PROPERTY_FLAGS.headers) reader.skip(reader.u32('headers'), 'headers');
  else if (flag === PROPERTY_FLAGS.deliveryMode || flag === PROPERTY_FLAGS.priority) reader.skip(1);
  else if (flag === PROPERTY_FLAGS.timestamp) reader.skip(8);
  else reader.skip(reader.u8());
}

function readFlags(): number {
  return reader.u16('property flags') & FLAGS;
}

function flagsOf(properties: Properties): number {
  let flags = 0;
  for (const name of PROPERTY_NAMES) if (properties[name] !== undefined) flags |= PROPERTY_FLAGS[name];
  return flags;
}

const PROPERTY_NAMES = Object.keys(PROPERTY_FLAGS) as (keyof typeof PROPERTY_FLAGS)[];

type Writable<T> = { -readonly [K in keyof T]: T[K] };
