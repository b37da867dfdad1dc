/** A broker whose memory for definitions is used up: nothing is added, and all there is goes on. */

import { expect, test } from 'vitest';
import { coreBroker, publishText, RecordingSink } from '../../test/support/core-broker.ts';
import { table } from '../base/field-table.ts';

const NO_ARGUMENTS = table({});
const FLAGS = { durable: false, exclusive: false, autoDelete: false, arguments: NO_ARGUMENTS };
const LOW = 'the broker is low on memory';

function fullBroker() {
  const world = coreBroker();
  const { vhost, owner, broker } = world;
  const { queue } = vhost.declareQueue(owner, { name: 'q', ...FLAGS });
  broker.alarms.isOutOfRoom = true;
  return { ...world, queue };
}

test('takes no queue, exchange, binding, channel or connection that is new', () => {
  const { vhost, owner, broker } = fullBroker();
  const exchange = { name: 'x', type: 'direct', internal: false, ...FLAGS };
  const toExchange = { source: 'amq.topic', destination: 'amq.fanout', key: 'k', arguments: NO_ARGUMENTS };
  const refusals: [() => unknown, string][] = [
    [() => vhost.declareQueue(owner, { name: 'new', ...FLAGS }), "cannot declare queue 'new' in vhost '/'"],
    [() => vhost.declareExchange(owner, exchange), "cannot declare exchange 'x' in vhost '/'"],
    [() => vhost.bindQueue(owner, 'q', 'amq.topic', 'k', NO_ARGUMENTS), "cannot bind queue 'q' in vhost '/'"],
    [() => vhost.bindExchange(owner, toExchange), "cannot bind exchange 'amq.fanout' in vhost '/'"],
  ];
  for (const [add, what] of refusals) expect(add).toThrow(`PRECONDITION_FAILED - ${what}: ${LOW}`);
  expect(() => broker.connections.addChannel('guest')).toThrow(
    'RESOURCE_ERROR - channel refused: the broker is low on memory',
  );
  expect(() => broker.connections.assertMayOpen('guest', '/')).toThrow(
    'RESOURCE_ERROR - connection refused: the broker is low on memory',
  );
});

test('finds what is there, and delivers', () => {
  const world = fullBroker();
  const { vhost, owner, broker, queue } = world;
  expect(vhost.declareQueue(owner, { name: 'q', ...FLAGS }).queue).toBe(queue);
  const sink = new RecordingSink(broker);
  sink.consume(queue);
  publishText(world, '', 'q', 'hello');
  broker.endTurn(10);
  expect(sink.bodies).toEqual(['hello']);
  expect(vhost.deleteQueue(owner, 'q', { ifUnused: false, ifEmpty: false }).messages).toBe(0);
});

test('takes new ones again when there is room', () => {
  const { vhost, owner, broker } = fullBroker();
  broker.alarms.isOutOfRoom = false;
  expect(vhost.declareQueue(owner, { name: 'new', ...FLAGS }).queue.name).toBe('new');
});
