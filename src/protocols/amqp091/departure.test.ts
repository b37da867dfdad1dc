/** A client that closes with very many exclusive queues. */

import { expect, test } from 'vitest';
import { close, openChannel, TestConnection } from '../../../test/support/amqp-connection.ts';
import { EMPTY_TABLE } from '../../base/field-table.ts';

test('close-ok comes when all its exclusive queues are gone', () => {
  const connection = new TestConnection();
  connection.open();
  connection.send(openChannel(1));
  const { broker, vhost } = connection.world;
  const { owner } = connection.channel(1).host;
  for (let index = 0; index < 5000; index++) {
    const flags = { durable: false, exclusive: true, autoDelete: false };
    vhost.declareQueue(owner, { name: `q${index}`, ...flags, arguments: EMPTY_TABLE });
  }
  expect(connection.send(close(0))).toEqual([]);
  let turns = 0;
  while (vhost.queueCount > 0) {
    connection.isTouched = false;
    broker.endTurn(4096);
    if (vhost.queueCount === 0) break;
    connection.session.endTurn();
    expect([connection.written(), connection.isTouched]).toEqual([[], true]);
    turns++;
  }
  expect(turns).toBeGreaterThan(1);
  connection.session.endTurn();
  expect([connection.written(), connection.lastEvent]).toEqual([['connection.close-ok'], 'closing']);
});
