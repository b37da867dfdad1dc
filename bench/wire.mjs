/** AMQP 0-9-1 frames that the scenarios and the benchmark's own loads send, encoded once and written in batches. */

const METHOD = 1;
const HEADER = 2;
const BODY = 3;
const FRAME_END = 0xce;
const EMPTY_TABLE = Buffer.alloc(4);
const RESERVED = Buffer.alloc(2);
/** Of the properties only headers are there. */
const HEADERS_FLAG = 0x2000;

export const PROTOCOL_HEADER = Buffer.from('AMQP\0\0\x09\x01', 'latin1');

/** Class and method ids as one number, the way the client reads them. */
export const METHODS = {
  connectionStart: 0x000a000a,
  connectionTune: 0x000a001e,
  connectionOpenOk: 0x000a0029,
  connectionClose: 0x000a0032,
  channelOpenOk: 0x0014000b,
  channelClose: 0x00140028,
  exchangeDeclareOk: 0x0028000b,
  exchangeDeleteOk: 0x00280015,
  queueDeclareOk: 0x0032000b,
  queueBindOk: 0x00320015,
  queueDeleteOk: 0x00320029,
  basicQosOk: 0x003c000b,
  basicConsumeOk: 0x003c0015,
  basicCancelOk: 0x003c001f,
  basicDeliver: 0x003c003c,
  basicGetOk: 0x003c0047,
  txSelectOk: 0x005a000b,
  txCommitOk: 0x005a0015,
};

export function startOk(user, password) {
  const response = longString(`\0${user}\0${password}`);
  return method(0, [10, 11], EMPTY_TABLE, shortString('PLAIN'), response, shortString('en_US'));
}

/** Agrees to 2,047 channels (a RabbitMQ refuses more), frames of 128 KB and no heartbeats. */
export function tuneOk() {
  return method(0, [10, 31], Buffer.from([0x07, 0xff, 0, 2, 0, 0, 0, 0]));
}

export function open() {
  return method(0, [10, 40], shortString('/'), shortString(''), Buffer.alloc(1));
}

export function channelOpen(channel) {
  return method(channel, [20, 10], shortString(''));
}

export function exchangeDeclare(exchange, type) {
  return method(1, [40, 10], RESERVED, shortString(exchange), shortString(type), Buffer.alloc(1), EMPTY_TABLE);
}

/** A transient queue; `passive` only asks for its counts, `noWait` asks for no answer. */
export function queueDeclare(queue, { passive = false, noWait = false } = {}) {
  const bits = (passive ? 1 : 0) | (noWait ? 16 : 0);
  return method(1, [50, 10], RESERVED, shortString(queue), Buffer.from([bits]), EMPTY_TABLE);
}

export function exchangeDelete(exchange) {
  return method(1, [40, 20], RESERVED, shortString(exchange), Buffer.alloc(1));
}

/** `values` are the binding's arguments: texts and whole numbers. */
export function queueBind({ queue, exchange, key, values = {} }) {
  const names = [shortString(queue), shortString(exchange), shortString(key)];
  return method(1, [50, 20], RESERVED, ...names, Buffer.alloc(1), table(values));
}

export function queueDelete(queue) {
  return method(1, [50, 40], RESERVED, shortString(queue), Buffer.alloc(1));
}

export function qos(prefetchCount) {
  const argumentBytes = Buffer.alloc(7);
  argumentBytes.writeUInt16BE(prefetchCount, 4);
  return method(1, [60, 10], argumentBytes);
}

export function consume(queue, { noAck, tag = '' }) {
  const bits = Buffer.from([noAck ? 2 : 0]);
  return method(1, [60, 20], RESERVED, shortString(queue), shortString(tag), bits, EMPTY_TABLE);
}

export function cancel(tag) {
  return method(1, [60, 30], shortString(tag), Buffer.alloc(1));
}

/** basic.get without acknowledgement. */
export function get(queue) {
  return method(1, [60, 70], RESERVED, shortString(queue), Buffer.from([1]));
}

/** Acknowledges everything up to this delivery tag. */
export function ackUpTo(deliveryTag) {
  const argumentBytes = Buffer.alloc(9);
  argumentBytes.writeBigUInt64BE(BigInt(deliveryTag));
  argumentBytes[8] = 1;
  return method(1, [60, 80], argumentBytes);
}

export function txSelect() {
  return method(1, [90, 10]);
}

export function txCommit() {
  return method(1, [90, 20]);
}

/** basic.publish with its header and body frame; `headers` are texts and whole numbers. */
export function publish({ exchange, key, body, headers }) {
  const command = method(1, [60, 40], RESERVED, shortString(exchange), shortString(key), Buffer.alloc(1));
  const header = Buffer.alloc(14);
  header.writeUInt16BE(60, 0);
  header.writeUInt32BE(body.length, 8);
  if (headers === undefined) return Buffer.concat([command, frame(HEADER, 1, header), frame(BODY, 1, body)]);
  header.writeUInt16BE(HEADERS_FLAG, 12);
  return Buffer.concat([command, frame(HEADER, 1, Buffer.concat([header, table(headers)])), frame(BODY, 1, body)]);
}

/** The same bytes `count` times, to be sent with one write. */
export function repeated(bytes, count) {
  const batch = Buffer.alloc(bytes.length * count);
  return batch.fill(bytes);
}

function method(channel, [classId, methodId], ...parts) {
  const ids = Buffer.alloc(4);
  ids.writeUInt16BE(classId, 0);
  ids.writeUInt16BE(methodId, 2);
  return frame(METHOD, channel, Buffer.concat([ids, ...parts]));
}

function frame(type, channel, payload) {
  const head = Buffer.alloc(7);
  head.writeUInt8(type, 0);
  head.writeUInt16BE(channel, 1);
  head.writeUInt32BE(payload.length, 3);
  return Buffer.concat([head, payload, Buffer.from([FRAME_END])]);
}

function shortString(text) {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

function longString(text) {
  const bytes = Buffer.from(text);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function table(values) {
  const fields = Object.entries(values).map(([name, value]) => Buffer.concat([shortString(name), fieldValue(value)]));
  const bytes = Buffer.concat(fields);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function fieldValue(value) {
  if (typeof value === 'string') return Buffer.concat([Buffer.from('S'), longString(value)]);
  const number = Buffer.alloc(5, 'I');
  number.writeInt32BE(value, 1);
  return number;
}
