/**
 * Messages of the simulator: each has a number of its own, which stands in its properties, and a body cut from one long
 * noise, so that every copy of it can be checked byte for byte without keeping any.
 */

import { SeededRandom } from '../../src/base/random.ts';
import { encodeProperties } from '../../src/protocols/amqp091/properties.ts';
import { check } from './sim-failure.ts';

export const BODY_BYTES_MAX = 200 * 1024;
const BODY_STARTS = 64 * 1024;
/** The timestamp, whose lower half is the message's number, is the last property. */
const NUMBER_FROM_END = 4;

export interface SimMessage {
  readonly id: number;
  readonly exchange: string;
  readonly key: string;
  readonly mandatory: boolean;
  readonly persistent: boolean;
  readonly properties: Uint8Array;
  readonly bodyStart: number;
  readonly bodyBytes: number;
}

const noise = makeNoise();

/** The message's body. */
export function bodyOf(message: SimMessage): Uint8Array {
  return noise.subarray(message.bodyStart, message.bodyStart + message.bodyBytes);
}

/** @returns the number of the message whose properties are `bytes[start, end)`. */
export function idOf(bytes: Uint8Array, start: number, end: number): number {
  check(end - start >= 10, () => 'a message came without its properties');
  return new DataView(bytes.buffer, bytes.byteOffset + end - NUMBER_FROM_END, NUMBER_FROM_END).getUint32(0);
}

export function checkProperties(message: SimMessage, bytes: Uint8Array, start: number, end: number): void {
  const { properties } = message;
  const isSame = noiseOf(properties).compare(bytes, start, end) === 0;
  check(isSame, () => `message ${message.id} came with other properties`);
}

/** Checks a piece of a body that begins `offset` bytes into it. */
export function checkBody(message: SimMessage, offset: number, bytes: Uint8Array, start: number, end: number): void {
  const from = message.bodyStart + offset;
  const isSame = noise.compare(bytes, start, end, from, from + end - start) === 0;
  check(isSame, () => `message ${message.id} came with another body, from byte ${offset}`);
}

/** The bodies' starts differ so that neighbours are not alike. */
export function makeMessage(facts: Omit<SimMessage, 'properties' | 'bodyStart'>): SimMessage {
  const templates = facts.persistent ? PERSISTENT : TRANSIENT;
  const template = templates[facts.id % templates.length] ?? new Uint8Array(0);
  const properties = template.slice();
  new DataView(properties.buffer, properties.length - NUMBER_FROM_END, NUMBER_FROM_END).setUint32(0, facts.id);
  return { ...facts, properties, bodyStart: Math.imul(facts.id, 7919) & (BODY_STARTS - 1) };
}

const VARIANTS = [
  {},
  { contentType: 'text/plain', correlationId: 'c-1' },
  { headers: new Map([['note', { type: 'S', value: new TextEncoder().encode('x'.repeat(300)) }] as const]) },
];
const PERSISTENT = VARIANTS.map((variant) => encodeProperties({ ...variant, deliveryMode: 2, timestamp: 0n }));
const TRANSIENT = [
  ...VARIANTS.map((variant) => encodeProperties({ ...variant, timestamp: 0n })),
  encodeProperties({ deliveryMode: 1, timestamp: 0n }),
];

function noiseOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

function makeNoise(): Buffer {
  const random = new SeededRandom(1);
  const bytes = Buffer.alloc(BODY_BYTES_MAX + BODY_STARTS);
  for (let index = 0; index < bytes.length; index++) bytes[index] = random.below(256);
  return bytes;
}
