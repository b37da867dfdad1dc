/** The bytes of deliveries: a table by hand, and bodies cut into frames. */

import { describe, expect, test } from 'vitest';
import { framesOf, TestChannel, type TestChannelOptions } from '../../../test/support/amqp-channel.ts';
import { table } from '../../base/field-table.ts';

const QUEUE = {
  passive: false,
  durable: false,
  exclusive: false,
  autoDelete: false,
  noWait: false,
  arguments: table({}),
};
const CONSUME = { noLocal: false, noAck: true, exclusive: false, noWait: true, arguments: table({}) };

/** A channel with a consumer `c` on queue `q`. */
function consuming(options: TestChannelOptions = {}): TestChannel {
  const channel = new TestChannel(options);
  channel.send({ name: 'queue.declare', queue: 'q', ...QUEUE });
  channel.send({ name: 'basic.consume', queue: 'q', consumerTag: 'c', ...CONSUME });
  channel.written();
  return channel;
}

/** The body frames of what was delivered. */
function bodyFrames(channel: TestChannel): Uint8Array[] {
  channel.turn();
  return framesOf(channel.writtenBytes())
    .filter(({ type }) => type === 3)
    .map(({ payload }) => payload);
}

function patterned(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 31 + (index >>> 8)) & 0xff);
}

describe('a delivery', () => {
  test('has the bytes of the reference', () => {
    const channel = consuming({ number: 0x102 });
    channel.publish('', 'q', 'hi', { properties: { deliveryMode: 2 } });
    channel.turn();
    const method = [
      [1, 0x01, 0x02, 0, 0, 0, 18],
      [0, 60, 0, 60],
      [1, 0x63],
      [0, 0, 0, 0, 0, 0, 0, 1, 0],
      [0, 1, 0x71, 0xce],
    ];
    const header = [
      [2, 0x01, 0x02, 0, 0, 0, 15],
      [0, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2],
      [0x10, 0x00, 2, 0xce],
    ];
    const body = [
      [3, 0x01, 0x02, 0, 0, 0, 2],
      [0x68, 0x69, 0xce],
    ];
    expect([...channel.writtenBytes()]).toEqual([...method, ...header, ...body].flat());
  });

  test('names the exchange and key of its own message, whatever came before', () => {
    const channel = consuming();
    for (const key of ['a', 'longer than before', 'b']) {
      channel.send({
        name: 'queue.bind',
        queue: 'q',
        exchange: 'amq.topic',
        routingKey: key,
        noWait: true,
        arguments: table({}),
      });
    }
    for (const key of ['a', 'a', 'longer than before', 'b']) channel.publish('amq.topic', key, key);
    channel.publish('', 'q', '');
    expect(channel.turnAndTake()).toEqual([
      "basic.deliver c 1 amq.topic a 'a'",
      "basic.deliver c 2 amq.topic a 'a'",
      "basic.deliver c 3 amq.topic longer than before 'longer than before'",
      "basic.deliver c 4 amq.topic b 'b'",
      "basic.deliver c 5  q ''",
    ]);
  });

  test('carries the properties exactly as they came', () => {
    const channel = consuming();
    channel.publish('', 'q', 'x', { properties: { contentType: 'text/plain', replyTo: 'r', timestamp: 7n } });
    channel.publish('', 'q', 'y', { properties: { messageId: 'm' }, pieces: [1] });
    expect(channel.turnAndTake()).toEqual(["basic.deliver c 1  q text/plain r 7 'x'", "basic.deliver c 2  q m 'y'"]);
  });

  test('has no body frame when the body is empty', () => {
    const channel = consuming();
    channel.publish('', 'q', '');
    channel.turn();
    expect(framesOf(channel.writtenBytes()).map(({ type }) => type)).toEqual([1, 2]);
  });
});

describe('a body', () => {
  /** Around the sizes at which bodies are sent by reference, kept beside the message, and fill frames of 4096. */
  const sizes = [1, 4087, 4088, 4089, 8176, 16_383, 16_384, 65_536, 65_537, 131_064, 131_065, 400_000];

  test.each(sizes)('of %i bytes comes as it went, in frames of the size agreed on', (size) => {
    for (const frameMax of [4096, 131_072, 0]) {
      const channel = consuming({ frameMax });
      channel.publish('', 'q', patterned(size));
      const frames = bodyFrames(channel);
      expect(Buffer.compare(Buffer.concat(frames), patterned(size))).toBe(0);
      const payloadMax = frameMax === 0 ? size : frameMax - 8;
      expect(frames.length).toBe(Math.ceil(size / payloadMax));
      expect(Math.max(...frames.map((frame) => frame.length))).toBeLessThanOrEqual(payloadMax);
      expect(channel.world.broker.messages.stats.blocks).toBe(0);
    }
  });

  test('comes as it went when it arrived in pieces', () => {
    for (const [size, pieces] of [
      [10, [3, 3]],
      [50_000, [4088, 1, 40_000]],
      [200_000, [131_064, 7]],
    ] as const) {
      const channel = consuming({ frameMax: 4096 });
      channel.publish('', 'q', patterned(size), { pieces });
      expect(Buffer.compare(Buffer.concat(bodyFrames(channel)), patterned(size))).toBe(0);
    }
  });

  test('that is sent by reference stays in place until the socket has it', () => {
    const channel = consuming();
    const { messages } = channel.world.broker;
    channel.publish('', 'q', patterned(20_000));
    channel.turn();
    const batch = channel.output.take();
    expect(messages.stats.blocks).toBe(1);
    for (let count = 0; count < 50; count++) channel.publish('', 'nowhere', patterned(20_000), { mandatory: true });
    expect(Buffer.compare(Buffer.concat(batch.parts).subarray(-20_001, -1), patterned(20_000))).toBe(0);
    channel.output.discard();
    channel.output.done(batch);
    expect(messages.stats.blocks).toBe(0);
  });
});
