/** Giving back very many messages takes several turns; what the client asks next on the channel has to see them all. */

import { expect, test } from 'vitest';
import { EMPTY_TABLE } from '../../src/base/field-table.ts';
import type { Method } from '../../src/protocols/amqp091/methods.ts';
import type { ClientChannel } from './clients/channel.ts';
import type { SimClient } from './clients/client.ts';
import { makeMessage } from './message.ts';
import { SimWorld } from './world.ts';

const COUNT = 6000;
const NACK: Method = { name: 'basic.nack', deliveryTag: 0, multiple: true, requeue: true };
const RECOVER: Method = { name: 'basic.recover', requeue: true };

const GIVE_BACK: readonly (readonly [what: string, methods: readonly Method[]])[] = [
  ['a nack', [NACK]],
  ['a recover', [RECOVER]],
  ['the commit of a nack', [{ name: 'tx.select' }, NACK, { name: 'tx.commit' }]],
  ['a recover behind the rollback of a nack', [{ name: 'tx.select' }, NACK, { name: 'tx.rollback' }, RECOVER]],
];

test.each(GIVE_BACK)('a purge behind %s of 6000 messages drops them all', (_what, methods) => {
  const world = new SimWorld(3);
  const { client } = world.connect();
  world.rest();
  const channel = client.openChannel(1);
  holdMany(world, client, channel);
  expect(world.node.vhost.findQueue('q0')?.unackedCount).toBe(COUNT);

  client.send(channel, { name: 'basic.cancel', consumerTag: 'c', noWait: false });
  for (const method of methods) client.send(channel, method);
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
    const facts = {
      id: world.messages.length,
      exchange: '',
      key: 'q0',
      mandatory: false,
      persistent: false,
      isRequest: false,
    };
    const message = makeMessage({ ...facts, bodyBytes: 5 });
    world.messages.push(message);
    client.publish(channel, message, 100, 'nothing');
  }
  const consuming = { noLocal: false, noAck: false, exclusive: false, noWait: false, arguments: EMPTY_TABLE };
  client.send(channel, { name: 'basic.consume', queue: 'q0', consumerTag: 'c', ...consuming });
  world.rest();
}
