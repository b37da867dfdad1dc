/** What a client costs that does not read: its output stays within the limit and one message, whatever it asks for. */

import { expect, test } from 'vitest';
import { contentHeader, type Frame, framesOf } from '../../../test/support/amqp-channel.ts';
import { method, openChannel, TestConnection } from '../../../test/support/amqp-connection.ts';
import { EMPTY_TABLE } from '../../base/field-table.ts';
import { Channel } from './channel.ts';
import { FRAME_TYPES } from './frame.ts';
import { encodeFrame } from './frames-out.ts';
import type { Method } from './methods.ts';

const OUTPUT_BYTES_MAX = 100_000;
const BODY = new Uint8Array(1000);
/** A message of that body with its frames and names, and an answer or two. */
const ONE_MESSAGE_BYTES = 1200;

class UnreadConnection extends TestConnection {
  constructor() {
    const limits = {
      handshakeFrameMax: 8192,
      handshakeMs: 10_000,
      outputBytesMax: OUTPUT_BYTES_MAX,
      messageBytesMax: 1_000_000,
      consumersMax: 0,
    };
    super({ amqp: { limits, openChannel: (number, host) => new Channel(number, host) } });
    this.open();
    const queue = { queue: 'q', passive: false, durable: false, exclusive: false, autoDelete: false };
    this.send(openChannel(1), method(1, { name: 'queue.declare', ...queue, noWait: true, arguments: EMPTY_TABLE }));
  }

  do(value: Method, times = 1): void {
    const frame = method(1, value);
    for (let count = 0; count < times; count++) this.hold(frame);
  }

  publish(routingKey: string, times: number, mandatory = false): void {
    const publish = { name: 'basic.publish', exchange: '', routingKey, mandatory, immediate: false } as const;
    const frames = [method(1, publish), encodeFrame(FRAME_TYPES.header, 1, contentHeader(BODY.length))];
    const message = Buffer.concat([...frames, encodeFrame(FRAME_TYPES.body, 1, BODY)]);
    for (let count = 0; count < times; count++) this.hold(message);
  }

  turn(): void {
    while (this.world.broker.endTurn(1000));
    this.world.log.flush();
    this.session.endTurn();
  }

  /** The client reads everything at last. */
  read(): Frame[] {
    const batch = this.session.output.take();
    const frames = framesOf(Buffer.concat(batch.parts));
    this.session.output.done(batch);
    return frames;
  }

  get readyCount(): number {
    return this.world.vhost.findQueue('q')?.readyCount ?? -1;
  }

  expectBounded(): void {
    const { pendingBytes } = this.session.output;
    expect(pendingBytes).toBeGreaterThan(OUTPUT_BYTES_MAX);
    expect(pendingBytes).toBeLessThan(OUTPUT_BYTES_MAX + ONE_MESSAGE_BYTES);
  }
}

test('a no_ack consumer: the queue keeps what does not fit', () => {
  const connection = new UnreadConnection();
  const consume = { queue: 'q', consumerTag: 'c', noLocal: false, noAck: true, exclusive: false, noWait: true };
  connection.do({ name: 'basic.consume', ...consume, arguments: EMPTY_TABLE });
  connection.publish('q', 500);
  connection.turn();
  connection.expectBounded();
  expect(connection.readyCount).toBeGreaterThan(400);
});

test('a flood of gets: the rest of them waits unhandled', () => {
  const connection = new UnreadConnection();
  connection.publish('q', 500);
  connection.do({ name: 'basic.get', queue: 'q', noAck: true }, 500);
  connection.turn();
  connection.expectBounded();
  expect(connection.lastEvent).toBe('paused');
  expect(connection.readyCount).toBeGreaterThan(400);
});

test('returns of mandatory messages: publishing waits, and goes on when the client has read', () => {
  const connection = new UnreadConnection();
  connection.publish('nowhere', 500, true);
  connection.turn();
  connection.expectBounded();
  expect(connection.lastEvent).toBe('paused');

  let bodies = 0;
  while (connection.session.output.hasBytes) {
    bodies += connection.read().filter(({ type }) => type === FRAME_TYPES.body).length;
    connection.session.drained();
  }
  expect(bodies).toBe(500);
});

test('confirms: they wait as a number, and publishing goes on', () => {
  const connection = new UnreadConnection();
  connection.do({ name: 'confirm.select', noWait: true });
  for (let turn = 0; turn < 20_000; turn++) {
    connection.publish('q', 1);
    connection.turn();
  }
  expect(connection.session.output.pendingBytes).toBeLessThan(OUTPUT_BYTES_MAX + ONE_MESSAGE_BYTES);
  expect(connection.readyCount).toBe(20_000);
  expect(connection.events).not.toContain('paused');
});
