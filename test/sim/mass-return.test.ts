/** Giving back very many messages takes several turns; what the client asks next on the channel has to see them all. */

import { expect, test } from 'vitest';
import { EMPTY_TABLE } from '../../src/base/field-table.ts';
import type { Method } from '../../src/protocols/amqp091/methods.ts';
import type { ClientChannel } from './clients/channel.ts';
import type { SimClient } from './clients/client.ts';
import { makeMessage } from './message.ts';
import { SimWorld } from './world.ts';

const COUNT = 6000;
const GIVE_BACK: readonly Method[] = [
  { name: 'basic.nack', deliveryTag: 0, multiple: true, requeue: true },
  { name: 'basic.recover', requeue: true },
];

test.each(GIVE_BACK)('a purge behind a $name of 6000 messages drops them all', (method) => {
  const world = new SimWorld(3);
  const { client } = world.connect();
  world.rest();
  const channel = client.openChannel(1);
  holdMany(world, client, channel);
  expect(world.node.vhost.findQueue('q0')?.unackedCount).toBe(COUNT);

  client.send(channel, { name: 'basic.cancel', consumerTag: 'c', noWait: false });
  client.send(channel, method);
  client.send(channel, { name: 'queue.purge', queue: 'q0', noWait: false });
  world.rest();

  expect(channel.awaited).toEqual([]);
  expect(world.node.vhost.findQueue('q0')).toMatchObject({ readyCount: 0, unackedCount: 0 });
});

/** Publishes and consumes without acknowledging. */
function holdMany(world: SimWorld, client: SimClient, channel: ClientChannel): void {
  const flags = { passive: false, durable: false, exclusive: false, autoDelete: false, noWait: false };
  client.send(channel, { name: 'queue.declare', queue: 'q0', ...flags, arguments: EMPTY_TABLE });
  for (let index = 0; index < COUNT; index++) {
    const facts = { id: world.messages.length, exchange: '', key: 'q0', mandatory: false, persistent: false };
    const message = makeMessage({ ...facts, bodyBytes: 5 });
    world.messages.push(message);
    client.publish(channel, message, 100, 'nothing');
  }
  const consuming = { noLocal: false, noAck: false, exclusive: false, noWait: false, arguments: EMPTY_TABLE };
  client.send(channel, { name: 'basic.consume', queue: 'q0', consumerTag: 'c', ...consuming });
  world.rest();
}
