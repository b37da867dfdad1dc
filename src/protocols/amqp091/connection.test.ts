/**
 * An open connection: its end from either side, heartbeats, and when it takes input.
 */

import { describe, expect, test } from 'vitest';
import {
  close,
  closeOk,
  method,
  open,
  openChannel,
  PROTOCOL_HEADER,
  rawMethod,
  startOk,
  TestConnection,
  tuneOk,
} from '../../../test/support/amqp-connection.ts';
import { EMPTY_TABLE } from '../../base/field-table.ts';
import { refusal } from '../../core/errors.ts';
import { FRAME_TYPES } from './frame.ts';
import { encodeFrame } from './frames-out.ts';

const NAME = '127.0.0.1:51234 -> 127.0.0.1:5672';
const ABOUT = `${NAME}, vhost: '/', user: 'guest'`;

const HEARTBEAT = encodeFrame(FRAME_TYPES.heartbeat, 0, new Uint8Array(0));
const GET = rawMethod(1, 60, 70, Uint8Array.of(0, 0, 1, 0x71, 0));
const PUBLISH = rawMethod(1, 60, 40, Uint8Array.of(0, 0, 0, 1, 0x71, 0));

function openConnection(): TestConnection {
  const connection = new TestConnection();
  connection.open();
  connection.send(openChannel(1));
  connection.channel(1);
  return connection;
}

describe('the end', () => {
  test('connection.close gives back what the channels hold, then is answered', () => {
    const connection = openConnection();
    const { owner, vhost } = connection.channel(1).host;
    const wanted = { name: 'mine', durable: false, exclusive: true, autoDelete: false, arguments: EMPTY_TABLE };
    vhost.declareQueue(owner, wanted);
    expect(connection.send(close(0))).toEqual(['connection.close-ok']);
    expect(connection.channel(1).calls).toEqual(['closed']);
    expect(vhost.findQueue('mine')).toBeUndefined();
    expect(connection.lastEvent).toBe('closing');
  });

  test('after it nothing is handled, and the log says how long it was open', () => {
    const connection = openConnection();
    connection.pass(65_000);
    expect(connection.send(close(0), openChannel(2), close(0))).toEqual(['connection.close-ok']);
    connection.session.closed();
    expect(connection.channels).toHaveLength(1);
    expect(connection.lines.at(-1)).toBe(`info closing AMQP connection (${ABOUT}, duration: '1M, 5s')`);
  });

  test.each([
    [999, '999ms'],
    [59_999, '59s'],
    [3_600_000, '1H, 0M, 0s'],
    [90_061_000, '1D, 1H, 1M, 1s'],
  ])('the log says how long it was open: after %i ms %s', (ms, text) => {
    const connection = openConnection();
    connection.world.clock.advance(ms);
    connection.send(close(0));
    connection.session.closed();
    expect(connection.lines.at(-1)).toBe(`info closing AMQP connection (${ABOUT}, duration: '${text}')`);
  });

  test('a client that is just gone gets its things taken back, once, and a warning', () => {
    const connection = openConnection();
    connection.session.closed();
    expect(connection.channel(1).calls).toEqual(['closed']);
    expect(connection.lines.at(-1)).toBe(
      `warning closing AMQP connection (${ABOUT}, duration: '0ms'): client unexpectedly closed TCP connection`,
    );
  });

  test('a node that stops says so with 320', () => {
    const connection = openConnection();
    connection.session.shutdown();
    expect(connection.written()).toEqual([
      "connection.close 320 CONNECTION_FORCED - broker forced connection closure with reason 'shutdown' 0/0",
    ]);
    connection.send(closeOk(0));
    expect(connection.lastEvent).toBe('closing');
    expect(connection.lines.at(-1)).toBe(
      `error Error on AMQP connection (${ABOUT}, state: running), channel 0: operation none caused a connection ` +
        'exception connection_forced: "broker forced connection closure with reason \'shutdown\'"',
    );
  });

  test('a node that stops drops who has not logged in', () => {
    const connection = new TestConnection();
    connection.send(PROTOCOL_HEADER);
    connection.session.shutdown();
    expect([connection.written(), connection.events]).toEqual([[], ['closing']]);
  });

  test('a client that does not confirm our close is dropped after 30 s', () => {
    const connection = openConnection();
    connection.session.shutdown();
    connection.pass(29_999);
    expect(connection.events).toEqual([]);
    connection.pass(1);
    expect(connection.events).toEqual(['destroyed']);
  });
});

describe('refusals that end the connection', () => {
  test('while it closes, all but close and close-ok is ignored', () => {
    const connection = openConnection();
    expect(connection.send(openChannel(1))).toHaveLength(1);
    const ignored = [PUBLISH, HEARTBEAT, encodeFrame(FRAME_TYPES.header, 0, new Uint8Array(14)), openChannel(3)];
    expect(connection.send(...ignored)).toEqual([]);
    expect(connection.send(close(0), close(0))).toEqual(['connection.close-ok']);
    expect(connection.events).toEqual([]);
    connection.send(closeOk(0));
    expect(connection.events).toEqual(['closing']);
  });

  test.each<[string, Uint8Array, string]>([
    [
      'a channel method on channel 0',
      rawMethod(0, 20, 10, Uint8Array.of(0)),
      '504 CHANNEL_ERROR - unexpected method in connection state running 20/10',
    ],
    [
      'an unknown method on channel 0',
      rawMethod(0, 10, 99, new Uint8Array(0)),
      '503 COMMAND_INVALID - unknown method 10/99 10/99',
    ],
    ['close-ok for no close', closeOk(0), '504 CHANNEL_ERROR - unexpected method in connection state running 10/51'],
    [
      'a content header that is too short',
      encodeFrame(FRAME_TYPES.header, 1, Uint8Array.of(0, 60)),
      '501 FRAME_ERROR - type 2, all octets = <<0,60>>: unknown_frame 0/0',
    ],
    [
      'a content header on channel 0',
      encodeFrame(FRAME_TYPES.header, 0, Uint8Array.of(0, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)),
      '505 UNEXPECTED_FRAME - type 2, all octets = <<0,60,0,0,0,0,0,0,0,0,0,0,0,0>> 0/0',
    ],
    [
      'a body on channel 0',
      encodeFrame(FRAME_TYPES.body, 0, Buffer.from('abc')),
      '505 UNEXPECTED_FRAME - type 3, all octets = <<"abc">> 0/0',
    ],
    [
      'a heartbeat on a channel',
      encodeFrame(FRAME_TYPES.heartbeat, 1, new Uint8Array(0)),
      '505 UNEXPECTED_FRAME - type 8, all octets = <<>> 0/0',
    ],
    [
      'a close that is cut short',
      rawMethod(0, 10, 50, Uint8Array.of(0)),
      '501 FRAME_ERROR - cannot decode <<0>> 10/50',
    ],
  ])('%s', (_name, frame, told) => {
    const connection = openConnection();
    expect(connection.send(frame)).toEqual([`connection.close ${told}`]);
    expect(connection.channel(1).calls).toEqual(['closed']);
  });

  test('a stream that cannot be understood is told so, and nothing more is read', () => {
    const connection = openConnection();
    expect(connection.send(encodeFrame(7, 1, Buffer.from('xxxx')), closeOk(0))).toEqual([
      'connection.close 501 FRAME_ERROR - type 7, all octets = <<"xxxx">>: unknown_frame 0/0',
    ]);
    expect(connection.events).toEqual(['closing']);
    expect(connection.lines.slice(-2)).toEqual([
      `error Error on AMQP connection (${ABOUT}, state: running), channel 1: operation none caused a connection exception ` +
        'frame_error: "type 7, all octets = <<\\"xxxx\\">>: unknown_frame"',
      `error closing AMQP connection (${NAME}, duration: '0ms'): fatal_frame_error`,
    ]);
  });
});

describe('heartbeats', () => {
  test('go out at half the interval, unless something else waits to go out', () => {
    const connection = openConnection();
    expect(connection.pass(29_999)).toEqual([]);
    expect(connection.pass(1)).toEqual(['heartbeat']);
    connection.world.clock.advance(30_000);
    connection.hold(openChannel(2));
    expect(connection.pass(0)).toEqual(['2 channel.open-ok']);
  });

  test('a client that is busy for 80 s stays, whatever it sent last', () => {
    const connection = openConnection();
    for (let round = 0; round < 3; round++) {
      for (let second = 0; second < 80; second++) connection.pass(1000);
      connection.send(GET);
    }
    expect(connection.events).toEqual([]);
  });

  test('a client that is silent is dropped without a close at the second look in a row', () => {
    const connection = openConnection();
    connection.pass(60_000);
    connection.pass(60_000);
    expect(connection.events).toEqual([]);
    connection.pass(60_000);
    expect(connection.events).toEqual(['destroyed']);
    expect(connection.lines.at(-1)).toBe(
      `error closing AMQP connection (${NAME}, duration: '3M, 0s'): missed heartbeats from client, timeout: 60s`,
    );
  });

  test('an interval of 0 is none', () => {
    const connection = new TestConnection();
    connection.send(PROTOCOL_HEADER, startOk(), tuneOk({ heartbeat: 0 }), open('/'));
    for (let round = 0; round < 5; round++) expect(connection.pass(100_000)).toEqual([]);
    expect(connection.events).toEqual([]);
  });
});

describe('a client that asks and does not read', () => {
  function connectionAnswering(bytes: number): TestConnection {
    const connection = openConnection();
    const channel = connection.channel(1);
    channel.onMethod = (name) => {
      if (name === 'basic.get') channel.answer(bytes);
    };
    return connection;
  }

  test('is answered until its output is full; then its input waits until it has read', () => {
    const connection = connectionAnswering(400);
    connection.hold(GET, GET, GET, GET, GET);
    expect(connection.channel(1).calls).toHaveLength(3);
    expect(connection.events).toEqual(['paused']);
    connection.written();
    connection.session.drained();
    expect(connection.channel(1).calls).toEqual([
      'basic.get',
      'basic.get',
      'basic.get',
      'drained',
      'basic.get',
      'basic.get',
    ]);
    expect(connection.events).toEqual(['paused', 'resumed']);
  });

  test('is held again when the rest of its input fills the output again', () => {
    const connection = connectionAnswering(2000);
    connection.hold(GET, GET);
    connection.written();
    connection.session.drained();
    expect(connection.channel(1).calls).toEqual(['basic.get', 'drained', 'basic.get']);
    expect(connection.events).toEqual(['paused']);
  });

  test('may publish all the same: what produces no answer is never held', () => {
    const connection = connectionAnswering(2000);
    connection.channel(1).host.output.reserve(2000);
    connection.channel(1).host.output.position += 2000;
    connection.hold(PUBLISH, PUBLISH, PUBLISH);
    expect(connection.channel(1).calls).toHaveLength(3);
    expect(connection.events).toEqual([]);
  });

  test('is not taken for silent while it is held', () => {
    const connection = connectionAnswering(2000);
    connection.hold(GET);
    for (let round = 0; round < 5; round++) connection.pass(60_000);
    expect(connection.events).toEqual(['paused']);
  });

  test('costs nothing when a write is done and nobody was held back', () => {
    const connection = connectionAnswering(400);
    connection.send(GET);
    connection.isTouched = false;
    connection.session.drained();
    expect(connection.channel(1).calls).toEqual(['basic.get']);
    expect(connection.isTouched).toBe(false);
  });

  test('lets deliveries that waited for room go on', () => {
    const connection = openConnection();
    const { host } = connection.channel(1);
    host.output.reserve(2000);
    host.output.position += 2000;
    expect(host.isOutputFull).toBe(true);
    host.output.discard();
    connection.isTouched = false;
    connection.session.drained();
    expect(connection.channel(1).calls).toEqual(['drained']);
    expect(connection.isTouched).toBe(true);
  });

  test('is told when the node stops', () => {
    const connection = connectionAnswering(2000);
    connection.hold(GET, GET);
    connection.session.shutdown();
    connection.hold(closeOk(0));
    expect(connection.events).toEqual(['paused', 'resumed', 'closing']);
    expect(connection.written().at(-1)).toContain('connection.close 320');
  });
});

describe('a channel that waits for an answer of its own', () => {
  test('holds the input until the end of a turn in which it has the answer', () => {
    const connection = openConnection();
    const channel = connection.channel(1);
    channel.onMethod = (name) => {
      channel.isWaiting = name === 'basic.get';
    };
    connection.hold(GET, PUBLISH, openChannel(2));
    expect(channel.calls).toEqual(['basic.get']);
    connection.session.endTurn();
    expect(channel.calls).toEqual(['basic.get']);
    channel.onEndTurn = () => {
      channel.isWaiting = false;
    };
    connection.session.endTurn();
    expect(channel.calls).toEqual(['basic.get', 'basic.publish']);
    expect(connection.written().at(-1)).toBe('2 channel.open-ok');
    expect(connection.events).toEqual(['paused', 'resumed']);
  });

  test('may fail at the end of a turn, and is closed for the method that it had', () => {
    const connection = openConnection();
    connection.send(PUBLISH);
    connection.channel(1).onEndTurn = () => {
      throw refusal.noQueue('q', '/');
    };
    connection.session.endTurn();
    expect(connection.written()).toEqual(["1 channel.close 404 NOT_FOUND - no queue 'q' in vhost '/' 60/40"]);
  });

  test('that fails at the end of a turn lets the rest of the input through to the closing connection', () => {
    const connection = openConnection();
    const channel = connection.channel(1);
    channel.onMethod = () => {
      channel.isWaiting = true;
    };
    connection.hold(GET, closeOk(0));
    channel.onEndTurn = () => {
      throw refusal.internalError('the log is lost');
    };
    connection.session.endTurn();
    expect(connection.written().at(-1)).toBe('connection.close 541 INTERNAL_ERROR - the log is lost 60/70');
    expect(connection.events).toEqual(['paused', 'closing', 'resumed']);
  });

  test('holds nobody once its connection is closing', () => {
    const connection = openConnection();
    const channel = connection.channel(1);
    channel.onMethod = () => {
      channel.isWaiting = true;
    };
    connection.hold(GET, close(0));
    connection.session.shutdown();
    expect(connection.written().at(-1)).toBe('connection.close-ok');
  });
});

test('a method with a bug in it does not look like a refusal', () => {
  const connection = openConnection();
  connection.channel(1).onMethod = () => {
    throw new Error('bug: seven is not eight');
  };
  expect(() => connection.send(method(1, { name: 'basic.recover', requeue: true }))).toThrow('bug: seven is not eight');
});
