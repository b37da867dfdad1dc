/** What has ended: the newest of each kind stays, and all before it can be collected. */

import { expect, test } from 'vitest';
import { method, openChannel, TestConnection } from '../../test/support/amqp-connection.ts';
import { coreBroker } from '../../test/support/core-broker.ts';
import { replaceMethod } from '../../test/support/replaced-method.ts';
import { EMPTY_TABLE } from '../base/field-table.ts';
import type { EndedKind } from '../core/ended.ts';
import { Channel } from '../protocols/amqp091/channel.ts';
import { collectGarbage } from './collector.ts';

/** Opens a channel with a consumer of a queue, and closes all. */
function comeAndGo(world: ReturnType<typeof coreBroker>): void {
  const connection = new TestConnection({ world, amqp: { openChannel: (number, host) => new Channel(number, host) } });
  connection.open();
  const flags = { passive: false, durable: false, exclusive: true, autoDelete: false, noWait: false };
  const answers = connection.send(
    openChannel(1),
    method(1, { name: 'queue.declare', queue: 'q', ...flags, arguments: EMPTY_TABLE }),
    method(1, {
      name: 'basic.consume',
      queue: 'q',
      consumerTag: 'c',
      noLocal: false,
      noAck: true,
      exclusive: false,
      noWait: false,
      arguments: EMPTY_TABLE,
    }),
  );
  expect(answers.at(-1)).toContain('consume-ok');
  connection.session.closed();
}

test('the newest of each kind outlives a collection, the one before does not', async () => {
  const world = coreBroker();
  const kept: [EndedKind, WeakRef<object>][] = [];
  replaceMethod(world.broker.ended, 'keep', (keep) => (kind, object) => {
    kept.push([kind, new WeakRef(object)]);
    keep.call(world.broker.ended, kind, object);
  });

  for (let client = 0; client < 2; client++) comeAndGo(world);
  // A weak reference that was made or read holds its object until the end of the job.
  await new Promise(setImmediate);
  collectGarbage('all');

  const kinds = ['channel', 'connection', 'consumer', 'queue', 'session'];
  const living = kept.filter(([, reference]) => reference.deref() !== undefined).map(([kind]) => kind);
  expect(kept.map(([kind]) => kind).sort()).toEqual([...kinds, ...kinds].sort());
  expect(living.sort()).toEqual(kinds);
});
