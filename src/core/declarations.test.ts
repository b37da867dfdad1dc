/** Declaring a queue again: what must be the same, with the words of RabbitMQ 3.10, which was asked. */

import { describe, expect, test } from 'vitest';
import { type CoreBroker, coreBroker, publishText, RecordingSink } from '../../test/support/core-broker.ts';
import { type Field, type FieldTable, table } from '../base/field-table.ts';
import type { QueueDeclaration } from './declarations.ts';

const NEITHER = { ifUnused: false, ifEmpty: false };

function declare(world: CoreBroker, name: string, options: Partial<QueueDeclaration> = {}): string {
  const wanted = { name, durable: false, exclusive: false, autoDelete: false, arguments: table({}), ...options };
  return world.vhost.declareQueue(world.owner, wanted).queue.name;
}

function declaredTwice(first: Partial<QueueDeclaration>, second: Partial<QueueDeclaration>): string | undefined {
  const world = coreBroker();
  declare(world, 'q', first);
  return refusalOf(() => declare(world, 'q', second));
}

function refusalOf(action: () => unknown): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function length(field: Field): FieldTable {
  return new Map([['x-max-length', field]]);
}

describe('declaring a queue again', () => {
  test.each([
    ['durable', { durable: true }, {}, "received 'false' but current is 'true'"],
    ['auto_delete', {}, { autoDelete: true }, "received 'true' but current is 'false'"],
    [
      'durable',
      {},
      { durable: true, arguments: table({ 'x-max-length': 1 }) },
      "received 'true' but current is 'false'",
    ],
    [
      'x-max-length',
      { arguments: length({ type: 'l', value: 10n }) },
      {},
      "received none but current is the value '10' of type 'long'",
    ],
    [
      'x-max-length',
      {},
      { arguments: length({ type: 'b', value: -1 }) },
      "received the value '-1' of type 'byte' but current is none",
    ],
    [
      'x-max-length',
      { arguments: table({ 'x-max-length': 10 }) },
      { arguments: table({ 'x-max-length': 20 }) },
      "received '20' but current is '10'",
    ],
    [
      'x-queue-type',
      {},
      { arguments: table({ 'x-queue-type': 'quorum' }) },
      "received the value 'quorum' of type 'longstr' but current is none",
    ],
    [
      'x-single-active-consumer',
      { arguments: table({ 'x-single-active-consumer': true }) },
      { arguments: table({ 'x-single-active-consumer': false }) },
      "received 'false' but current is 'true'",
    ],
    [
      'x-expires',
      { arguments: table({ 'x-message-ttl': 1, 'x-expires': 5 }) },
      {},
      "received none but current is the value '5' of type 'signedint'",
    ],
  ])('with another %s is refused', (argument, first, second, difference) => {
    expect(declaredTwice(first, second)).toBe(
      `PRECONDITION_FAILED - inequivalent arg '${argument}' for queue 'q' in vhost '/': ${difference}`,
    );
  });

  test.each([
    ['a number of another width', length({ type: 'l', value: 10n }), length({ type: 's', value: 10 })],
    ['the type that it has anyway', table({}), table({ 'x-queue-type': 'classic' })],
    ['an unknown argument', table({ 'x-foo': 1 }), table({ 'x-foo': 2 })],
  ])('with %s is the same', (_what, first, second) => {
    expect(declaredTwice({ arguments: first }, { arguments: second })).toBeUndefined();
  });

  test('an exclusive queue is not durable, whatever was asked for', () => {
    expect(declaredTwice({ exclusive: true, durable: true }, { exclusive: true })).toBeUndefined();
  });

  test('unknown arguments are kept', () => {
    const world = coreBroker();
    declare(world, 'q', { arguments: table({ 'x-foo': 1 }) });
    expect(world.vhost.findQueue('q')?.options.arguments).toEqual(table({ 'x-foo': 1 }));
  });
});

describe('declaring a queue', () => {
  test('with a reserved name is refused before anything else, also for a queue that is there', () => {
    const world = coreBroker();
    const name = declare(world, '');
    world.permissions.revoke('configure', 'queue', name);
    expect(refusalOf(() => declare(world, name, { durable: true }))).toBe(
      `ACCESS_REFUSED - queue name '${name}' contains reserved prefix 'amq.*'`,
    );
  });

  test('with dead letters takes the right to read it and to write to their exchange', () => {
    const world = coreBroker();
    world.permissions.revoke('write', 'exchange', 'x');
    const wanted = { arguments: table({ 'x-dead-letter-exchange': 'x', 'x-queue-type': 'foo' }) };
    expect(refusalOf(() => declare(world, 'q', wanted))).toBe(
      "ACCESS_REFUSED - write access to exchange 'x' in vhost '/' refused for user 'guest'",
    );
  });

  test('with a wrong argument leaves nothing behind', () => {
    const world = coreBroker();
    expect(refusalOf(() => declare(world, 'q', { arguments: table({ 'x-max-length': -1 }) }))).toBe(
      "PRECONDITION_FAILED - invalid arg 'x-max-length' for queue 'q' in vhost '/': {value_negative,-1}",
    );
    expect(world.vhost.queueCount).toBe(0);
  });
});

describe('a queue declared again after it was deleted', () => {
  test('has nothing of the old one: neither its messages nor its consumers nor what comes back', () => {
    const world = coreBroker();
    const { broker, vhost, owner } = world;
    declare(world, 'q');
    const sink = new RecordingSink(broker);
    sink.consume(vhost.queue(owner, 'q'), { prefetch: 1 });
    for (const body of ['held', 'ready']) publishText(world, '', 'q', body);
    broker.endTurn(100);
    vhost.deleteQueue(owner, 'q', NEITHER);
    declare(world, 'q');
    const fresh = vhost.queue(owner, 'q');
    publishText(world, '', 'q', 'new');
    sink.unacked.settle(1, false, 'requeue');
    broker.endTurn(100);
    expect([fresh.readyCount, fresh.consumerCount, fresh.counters.returned]).toEqual([1, 0, 0]);
    expect([sink.bodies, sink.cancelledIds]).toEqual([['held'], [0]]);
  });
});
