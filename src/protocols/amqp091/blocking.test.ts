/** connection.blocked: who is held by an alarm, and who is told. */

import { describe, expect, test } from 'vitest';
import {
  closeOk,
  open,
  openChannel,
  PROTOCOL_HEADER,
  rawMethod,
  startOk,
  TestConnection,
  tuneOk,
} from '../../../test/support/amqp-connection.ts';
import { table } from '../../base/field-table.ts';

const GET = rawMethod(1, 60, 70, Uint8Array.of(0, 0, 1, 0x71, 0));
const PUBLISH = rawMethod(1, 60, 40, Uint8Array.of(0, 0, 0, 1, 0x71, 0));
const ACK = rawMethod(1, 60, 80, Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1, 0));
const CAPABLE = table({ capabilities: { 'connection.blocked': true } });

/** An open connection with channel 1. */
function connected(properties = CAPABLE, heartbeat = 60): TestConnection {
  const connection = new TestConnection();
  connection.send(PROTOCOL_HEADER, startOk({ properties }), tuneOk({ heartbeat }), open('/'), openChannel(1));
  connection.channel(1);
  return connection;
}

describe('a connection that has published', () => {
  test('is told once when alarms are set, and once when all are cleared', () => {
    const connection = connected();
    const { alarms } = connection.world.broker;
    connection.send(PUBLISH);
    alarms.set('disk');
    alarms.set('memory');
    expect(connection.written()).toEqual(['connection.blocked low on disk']);
    alarms.clear('disk');
    expect(connection.written()).toEqual([]);
    alarms.clear('memory');
    expect(connection.written()).toEqual(['connection.unblocked']);
  });

  test('is not read meanwhile, and what it sent is handled afterwards', () => {
    const connection = connected();
    const { alarms } = connection.world.broker;
    connection.send(PUBLISH);
    alarms.set('memory');
    connection.hold(GET);
    expect([connection.channel(1).calls, connection.lastEvent]).toEqual([['basic.publish'], 'paused']);
    alarms.clear('memory');
    expect([connection.channel(1).calls, connection.lastEvent]).toEqual([['basic.publish', 'basic.get'], 'resumed']);
  });

  test('is held without being told, when it did not ask to be', () => {
    const connection = connected(table({}));
    connection.send(PUBLISH);
    connection.world.broker.alarms.set('memory');
    expect([connection.written(), connection.lastEvent]).toEqual([[], 'paused']);
  });

  test('keeps its heartbeat while it is not read', () => {
    const connection = connected();
    connection.send(PUBLISH);
    connection.world.broker.alarms.set('memory');
    for (let minutes = 0; minutes < 10; minutes++) connection.pass(60_000);
    expect(connection.lastEvent).toBe('paused');
  });

  test.each([0, 60])('gets a heartbeat each second while it is not read, having asked for one in %i s', (heartbeat) => {
    const connection = connected(CAPABLE, heartbeat);
    connection.send(PUBLISH);
    const { alarms } = connection.world.broker;
    alarms.set('memory');
    connection.written();
    const ticks = (count: number) => Array.from({ length: count }, () => connection.pass(500)).flat();
    expect(ticks(20)).toHaveLength(10);
    alarms.clear('memory');
    connection.written();
    expect(ticks(20)).toEqual([]);
  });

  test('cannot acknowledge either: nothing of it is read', () => {
    const connection = connected();
    connection.send(PUBLISH);
    connection.world.broker.alarms.set('memory');
    connection.hold(ACK);
    expect(connection.channel(1).calls).toEqual(['basic.publish']);
    connection.world.broker.alarms.clear('memory');
    expect(connection.channel(1).calls).toEqual(['basic.publish', 'basic.ack']);
  });

  test('can be closed by the broker', () => {
    const connection = connected();
    connection.send(PUBLISH);
    connection.world.broker.alarms.set('memory');
    connection.written();
    for (const each of connection.world.broker.connections) each.close('Closed via management plugin');
    expect(connection.written()).toEqual(['connection.close 320 CONNECTION_FORCED - Closed via management plugin 0/0']);
    connection.send(closeOk(0));
    expect(connection.lastEvent).toBe('closing');
  });
});

test('the first publish during an alarm blocks', () => {
  const connection = connected();
  connection.world.broker.alarms.set('memory');
  connection.world.broker.alarms.set('disk');
  expect(connection.send(PUBLISH, GET)).toEqual(['connection.blocked low on memory & disk']);
  expect(connection.channel(1).calls).toEqual(['basic.publish']);
});

test('a connection that only consumes goes on during an alarm', () => {
  const connection = connected();
  connection.world.broker.alarms.set('memory');
  expect(connection.send(GET)).toEqual([]);
  expect([connection.channel(1).calls, connection.events]).toEqual([['basic.get'], []]);
});

describe('while the log is behind', () => {
  /** A connection that has published to the log. */
  function publishing(): TestConnection {
    const connection = connected();
    connection.send(PUBLISH);
    connection.channel(1).host.publishedToLog();
    return connection;
  }

  test('a connection that publishes to it is not read, and not told', () => {
    const connection = publishing();
    const { alarms } = connection.world.broker;
    alarms.logBehind(true);
    connection.hold(GET);
    expect([connection.written(), connection.channel(1).calls, connection.lastEvent]).toEqual([
      [],
      ['basic.publish'],
      'paused',
    ]);
    alarms.logBehind(false);
    expect([connection.written(), connection.channel(1).calls, connection.lastEvent]).toEqual([
      [],
      ['basic.publish', 'basic.get'],
      'resumed',
    ]);
  });

  test('one that publishes what the log does not keep goes on', () => {
    const connection = connected();
    connection.world.broker.alarms.logBehind(true);
    connection.send(PUBLISH, GET);
    expect([connection.channel(1).calls, connection.events]).toEqual([['basic.publish', 'basic.get'], []]);
  });

  test('one that begins to publish to it is held at once', () => {
    const connection = connected();
    connection.world.broker.alarms.logBehind(true);
    connection.channel(1).host.publishedToLog();
    connection.hold(PUBLISH);
    expect(connection.channel(1).calls).toEqual([]);
  });

  test('an alarm is told all the same, and holds on when the log has come up', () => {
    const connection = publishing();
    const { alarms } = connection.world.broker;
    alarms.logBehind(true);
    alarms.set('disk');
    alarms.logBehind(false);
    expect([connection.written(), connection.lastEvent]).toEqual([['connection.blocked low on disk'], 'paused']);
    alarms.clear('disk');
    expect([connection.written(), connection.lastEvent]).toEqual([['connection.unblocked'], 'resumed']);
  });
});
