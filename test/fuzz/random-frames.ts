/** Random frames: every method with fields that may fit together, and one field of them made wrong. */

import { ByteWriter } from '../../src/base/byte-writer.ts';
import type { Random } from '../../src/base/random.ts';
import { FRAME_TYPES } from '../../src/protocols/amqp091/frame.ts';
import { encodeFrame } from '../../src/protocols/amqp091/frames-out.ts';
import { CLASSES, type Field, type Method } from '../../src/protocols/amqp091/spec/methods-table.mjs';
import { pick } from './pick.ts';

interface AnyMethod {
  readonly classId: number;
  readonly method: Method;
}

const CONNECTION_CLASS = 10;
const CHANNEL_CLASS = 20;

const METHODS: readonly AnyMethod[] = CLASSES.flatMap(({ id, methods }) =>
  methods.map((method) => ({ classId: id, method })),
);

const CLIENT_METHODS = METHODS.filter(({ method }) => method.sender !== 'server');
/** What a client does on an open channel, does not end it with, and does not follow up with content. */
const CHANNEL_METHODS = CLIENT_METHODS.filter(
  ({ classId, method }) => classId !== CONNECTION_CLASS && classId !== CHANNEL_CLASS && !method.hasContent,
);
/** Mostly the one that is open in every state. */
const ANY_CHANNELS = [1, 1, 1, 1, 2, 3, 4];
/** Flags of a method in one octet: mostly none, for `immediate`, `passive` and others refuse most of what they come with. */
const FLAGS = [0, 0, 0, 0, 1, 4, 8, 16, 31];

/** Few, so that what one method names another one finds. */
const NAMES = ['', 'q', 'q', 'c', 'amq.topic', 'amq.direct', 'missing', 'a.b', '#', 'topic', '/', 'x'.repeat(255)];
const EXCHANGES = ['', '', 'amq.topic', 'amq.direct', 'amq.fanout', 'amq.headers', 'q', 'missing'];
/** By what a field is called; any name for the others. */
const NAMES_OF: Readonly<Record<string, readonly string[]>> = {
  queue: ['q', 'q', 'q', '', 'other', 'missing', 'x'.repeat(255)],
  exchange: EXCHANGES,
  source: EXCHANGES,
  destination: EXCHANGES,
  'routing-key': ['q', 'q', '', 'a.b', '#', 'x'.repeat(255)],
  'consumer-tag': ['c', '', 'd'],
  type: ['direct', 'fanout', 'topic', 'headers', 'none'],
};
const TABLES = [
  '',
  '\x01at\x01',
  '\x07x-matchS\0\0\0\x03all',
  '\x02kyF\0\0\0\0',
  '\x01bA\0\0\0\x02t\0',
  '\x01cl\0\0\0\0\0\0\0\x09',
];
const NUMBERS = [0, 0, 1, 1, 2, 255, 256, 65_535];
const TAGS = [0, 1, 1, 2, 2, 3, 4, 1000];
const PROPERTIES = [
  '\0\0',
  '\x10\0\x02',
  '\x80\0\x04text',
  '\x20\0\0\0\0\x04\x01at\x01',
  '\x02\0\x01q',
  '\x01\0\x05guest',
];

/** Any method on any channel; most are a client's, on the connection or a channel as they should be. */
export function randomMethod(random: Random): Uint8Array {
  const { classId, method } = pick(random, random.below(2) > 0 ? CLIENT_METHODS : METHODS);
  const isRight = random.below(10) > 0;
  const isOfConnection = classId === CONNECTION_CLASS;
  const channel = isOfConnection === isRight ? 0 : pick(random, ANY_CHANNELS);
  return methodFrame(random, channel, classId, method);
}

/** A method that a client may send on one of these channels, which are open. */
export function randomChannelMethod(random: Random, channels: readonly number[]): Uint8Array {
  const { classId, method } = pick(random, CHANNEL_METHODS);
  return methodFrame(random, pick(random, channels), classId, method);
}

/** basic.publish with its content. */
export function randomPublish(random: Random, channels: readonly number[] = ANY_CHANNELS): Uint8Array[] {
  const channel = pick(random, channels);
  const size = pick(random, [0, 1, 10, 300]);
  const publish = METHODS.find(({ classId, method }) => classId === 60 && method.name === 'publish');
  if (publish === undefined) throw new Error('there is no basic.publish');
  const head = Buffer.alloc(12);
  head.writeUInt16BE(60);
  head.writeUInt32BE(size, 8);
  const properties = Buffer.from(pick(random, PROPERTIES), 'latin1');
  const frames = [
    methodFrame(random, channel, publish.classId, publish.method),
    encodeFrame(FRAME_TYPES.header, channel, Buffer.concat([head, properties])),
  ];
  if (size > 0) frames.push(encodeFrame(FRAME_TYPES.body, channel, Buffer.alloc(size, 'x')));
  return frames;
}

function methodFrame(random: Random, channel: number, classId: number, method: Method): Uint8Array {
  const writer = new ByteWriter();
  writer.u16(classId);
  writer.u16(method.id);
  let bits = -1;
  for (const field of method.fields) {
    if (field.type === 'bit') bits = Math.max(bits, 0);
    else {
      if (bits >= 0) writer.u8(pick(random, FLAGS));
      bits = -1;
      writeField(random, writer, field);
    }
  }
  if (bits >= 0) writer.u8(pick(random, FLAGS));
  return encodeFrame(FRAME_TYPES.method, channel, writer.toBytes());
}

function writeField(random: Random, writer: ByteWriter, { name, type }: Field): void {
  switch (type) {
    case 'octet':
      return writer.u8(random.below(256));
    case 'short':
      return writer.u16(pick(random, NUMBERS));
    case 'long':
      return writer.u32(pick(random, NUMBERS));
    case 'tag':
      writer.u32(0);
      return writer.u32(pick(random, TAGS));
    case 'shortstr':
      return writer.shortString(pick(random, NAMES_OF[name] ?? NAMES));
    case 'longstr':
      return writer.longString(Buffer.from(pick(random, NAMES)));
    case 'table':
      return writer.longString(Buffer.from(pick(random, TABLES), 'latin1'));
    default:
      return;
  }
}

/** One field of a frame is another one, or its end is missing, or it comes twice. */
export function mutated(random: Random, frame: Uint8Array): Uint8Array {
  const copy = Buffer.from(frame);
  switch (random.below(8)) {
    case 0:
      copy[0] = random.below(10);
      return copy;
    case 1:
      copy.writeUInt16BE(random.below(8), 1);
      return copy;
    case 2:
      copy.writeUInt32BE(pick(random, [0, 1, 5, copy.length, 70_000, 2 ** 31]), 3);
      return copy;
    case 3:
      copy[copy.length - 1] = random.below(256);
      return copy;
    case 4:
      return copy.subarray(0, random.below(copy.length));
    case 5:
      return Buffer.concat([copy, copy]);
    case 6:
      return resized(random, copy);
    default:
      copy[7 + random.below(Math.max(1, copy.length - 8))] = random.below(256);
      return copy;
  }
}

/** The frame with fewer or more bytes of payload, and a length that is right. */
function resized(random: Random, frame: Buffer): Uint8Array {
  const payload = frame.subarray(7, frame.length - 1);
  const added = Buffer.alloc(random.below(5), random.below(256));
  const kept = payload.subarray(0, random.below(payload.length + 1));
  return encodeFrame(frame[0] ?? 1, frame.readUInt16BE(1), Buffer.concat([kept, added]));
}
