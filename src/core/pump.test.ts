/** The pump: fairness among queues, the budget of a turn, and long work in steps. */

import { expect, test } from 'vitest';
import { coreBroker, publishText, RecordingSink } from '../../test/support/core-broker.ts';
import { Pump } from './pump.ts';

function declare(world: ReturnType<typeof coreBroker>, name: string): RecordingSink {
  const options = { durable: false, exclusive: false, autoDelete: false, arguments: new Map() };
  const { queue } = world.vhost.declareQueue(world.owner, { name, ...options });
  const sink = new RecordingSink(world.broker);
  sink.consume(queue, { noAck: true });
  return sink;
}

test('hands out no more than the budget, and says that work is left', () => {
  const world = coreBroker();
  const sink = declare(world, 'q');
  for (let index = 0; index < 10; index++) publishText(world, '', 'q', `${index}`);
  expect(world.broker.pump.run(7)).toBe(true);
  expect(sink.bodies).toEqual(['0', '1', '2', '3', '4', '5', '6']);
  expect(world.broker.pump.run(7)).toBe(false);
  expect(sink.bodies.length).toBe(10);
});

test('a queue that always has something does not keep the others waiting', () => {
  const world = coreBroker();
  const sinks = ['a', 'b', 'c'].map((name) => declare(world, name));
  for (let turn = 0; turn < 30; turn++) {
    for (const name of ['a', 'b', 'c']) for (let index = 0; index < 4; index++) publishText(world, '', name, 'm');
    world.broker.pump.run(4);
  }
  expect(sinks.map((sink) => sink.deliveries.length)).toEqual([40, 40, 40]);
});

test('a long queue leaves room for the others within one turn', () => {
  const world = coreBroker();
  const [long, short] = [declare(world, 'long'), declare(world, 'short')];
  for (let index = 0; index < 2000; index++) publishText(world, '', 'long', 'm');
  publishText(world, '', 'short', 'm');
  world.broker.pump.run(1000);
  expect([long?.deliveries.length, short?.deliveries.length]).toEqual([999, 1]);
});

test('tasks share the budget and leave when they are done', () => {
  const pump = new Pump();
  const left = [10, 25];
  for (const index of left.keys()) {
    pump.addTask({
      step: (budget) => {
        left[index] = Math.max(0, (left[index] ?? 0) - budget);
        return left[index] === 0;
      },
    });
  }
  expect(pump.run(20)).toBe(true);
  expect(left).toEqual([0, 15]);
  expect(pump.run(20)).toBe(false);
  expect(pump.hasWork).toBe(false);
});
