/**
 * Channels of a connection: numbers, opening and closing, and refusals that end only the channel.
 */

import { describe, expect, test } from 'vitest';
import {
  close,
  closeOk,
  method,
  openChannel,
  rawMethod,
  TestConnection,
} from '../../../test/support/amqp-connection.ts';
import { CodecError } from '../../base/codec-error.ts';
import { refusal } from '../../core/errors.ts';
import { FRAME_TYPES } from './frame.ts';
import { encodeFrame } from './frames-out.ts';

const RECOVER = method(1, { name: 'basic.recover', requeue: true });
const PUBLISH = rawMethod(1, 60, 40, Uint8Array.of(0, 0, 0, 1, 0x71, 0));
const HEADER = encodeFrame(FRAME_TYPES.header, 1, new Uint8Array(14));
const BODY = encodeFrame(FRAME_TYPES.body, 1, Uint8Array.of(1, 2, 3));

const NO_QUEUE = "404 NOT_FOUND - no queue 'q' in vhost '/'";

function openConnection(channelMax = 2047): TestConnection {
  const connection = new TestConnection();
  connection.open(channelMax);
  connection.send(openChannel(1));
  return connection;
}

/** A connection whose channel 1 refuses every method with 404. */
function refusingConnection(): TestConnection {
  const connection = openConnection();
  connection.channel(1).onMethod = () => {
    throw refusal.noQueue('q', '/');
  };
  return connection;
}

describe('messages in one piece', () => {
  /** A connection that has published, whose channel 1 takes messages whole. */
  function publishing(): TestConnection {
    const connection = openConnection();
    const channel = connection.channel(1);
    channel.takesWhole = true;
    connection.send(PUBLISH, HEADER, BODY);
    return connection;
  }

  test('go to the channel at once, but for the first of the connection', () => {
    const connection = publishing();
    connection.send(PUBLISH, HEADER, BODY, PUBLISH, HEADER, BODY);
    expect(connection.channel(1).calls).toEqual([
      'basic.publish',
      'header 14',
      'body 3',
      'publish 6 22 11',
      'publish 6 22 11',
    ]);
  });

  test('are nothing to a channel that is closing, and an error on one that is not open', () => {
    const connection = publishing();
    connection.channel(1).onMethod = () => {
      throw refusal.noQueue('q', '/');
    };
    expect(connection.send(PUBLISH, HEADER, BODY)).toEqual([`1 channel.close ${NO_QUEUE} 60/40`]);
    expect(connection.send(PUBLISH, HEADER, BODY)).toEqual([]);
    expect(connection.send(closeOk(1), PUBLISH)).toEqual([
      "connection.close 504 CHANNEL_ERROR - expected 'channel.open' 60/40",
    ]);
  });

  test('are only those of basic.publish', () => {
    const connection = publishing();
    connection.send(RECOVER, HEADER, BODY);
    expect(connection.channel(1).calls.slice(3)).toEqual(['basic.recover', 'header 14', 'body 3']);
  });
});

describe('opening', () => {
  test('channels are independent of each other and of their numbers', () => {
    const connection = openConnection();
    expect(connection.send(openChannel(7), openChannel(2047))).toEqual(['7 channel.open-ok', '2047 channel.open-ok']);
    connection.send(RECOVER, PUBLISH, HEADER, BODY);
    expect(connection.channel(1).calls).toEqual(['basic.recover', 'basic.publish', 'header 14', 'body 3']);
    expect(connection.channel(7).calls).toEqual([]);
  });

  test('a channel that is open cannot be opened', () => {
    expect(openConnection().send(openChannel(1))).toEqual([
      "connection.close 504 CHANNEL_ERROR - second 'channel.open' seen 20/10",
    ]);
  });

  test.each([
    ['a method', rawMethod(3, 60, 110, Uint8Array.of(1)), '60/110'],
    ['channel.close', close(3), '20/40'],
    ['channel.close-ok', closeOk(3), '20/41'],
  ])('%s on a channel that is not open', (_name, frame, ids) => {
    expect(openConnection().send(frame)).toEqual([
      `connection.close 504 CHANNEL_ERROR - expected 'channel.open' ${ids}`,
    ]);
  });

  test.each([FRAME_TYPES.header, FRAME_TYPES.body])('a frame of type %d on a channel that is not open', (type) => {
    expect(openConnection().send(encodeFrame(type, 3, new Uint8Array(14)))).toEqual([
      'connection.close 505 UNEXPECTED_FRAME - expected method frame, got non method frame instead 0/0',
    ]);
  });

  test('a number above channel_max is refused', () => {
    expect(openConnection(10).send(openChannel(11))).toEqual([
      'connection.close 530 NOT_ALLOWED - channel number 11 is above the negotiated channel_max (10) 20/10',
    ]);
  });

  test('a channel more than channel_max is refused in the words that RabbitMQ has', () => {
    const connection = openConnection(2);
    expect(connection.send(openChannel(2), openChannel(3))).toEqual([
      '2 channel.open-ok',
      'connection.close 530 NOT_ALLOWED - number of channels opened (2) has reached the negotiated channel_max (2) 20/10',
    ]);
  });
});

describe('closing', () => {
  test('channel.close gives everything back, is answered, and the number may be used again', () => {
    const connection = openConnection();
    const channel = connection.channel(1);
    expect(connection.send(close(1), openChannel(1), RECOVER)).toEqual(['1 channel.close-ok', '1 channel.open-ok']);
    expect(channel.calls).toEqual(['closed']);
    expect(connection.channel(1).calls).toEqual(['basic.recover']);
  });

  test('a channel that was never used is closed as well', () => {
    const connection = openConnection();
    expect(connection.send(openChannel(2), close(2), openChannel(2))).toEqual([
      '2 channel.open-ok',
      '2 channel.close-ok',
      '2 channel.open-ok',
    ]);
    expect(connection.channels).toEqual([]);
  });

  test('a channel may not be closed in the middle of a message', () => {
    const connection = openConnection();
    connection.channel(1).isExpectingContent = true;
    expect(connection.send(PUBLISH, close(1))).toEqual([
      'connection.close 505 UNEXPECTED_FRAME - expected content header for class 60 60/40',
    ]);
  });

  test.each([
    ['channel.close-ok for no close', closeOk(1), '20/41'],
    ['a connection method', rawMethod(1, 10, 40, Uint8Array.of(0, 0, 0)), '10/40'],
  ])('%s on an open channel', (_name, frame, ids) => {
    expect(openConnection().send(frame)).toEqual([
      `connection.close 503 COMMAND_INVALID - unimplemented method ${ids}`,
    ]);
  });
});

describe('refusals', () => {
  test('a soft one closes the channel with code, text, class and method; the others go on', () => {
    const connection = refusingConnection();
    connection.send(openChannel(2));
    expect(connection.send(RECOVER, rawMethod(2, 60, 110, Uint8Array.of(1)))).toEqual([
      `1 channel.close ${NO_QUEUE} 60/110`,
    ]);
    expect(connection.channel(1).calls).toEqual(['basic.recover', 'closed']);
    expect(connection.channel(2).calls).toEqual(['basic.recover']);
    expect(connection.lines.at(-1)).toBe(
      "error Channel error on connection (127.0.0.1:51234 -> 127.0.0.1:5672, vhost: '/', user: 'guest'), channel 1: " +
        "operation basic.recover caused a channel exception not_found: no queue 'q' in vhost '/'",
    );
  });

  test('until close-ok everything for the channel is ignored, then its number is free', () => {
    const connection = refusingConnection();
    connection.send(RECOVER);
    expect(connection.send(RECOVER, PUBLISH, HEADER, BODY, HEADER, openChannel(1))).toEqual([]);
    expect(connection.send(closeOk(1), openChannel(1))).toEqual(['1 channel.open-ok']);
  });

  test('a close that crosses ours is answered, and ours still waits for its answer', () => {
    const connection = refusingConnection();
    expect(connection.send(RECOVER, close(1))).toEqual([`1 channel.close ${NO_QUEUE} 60/110`, '1 channel.close-ok']);
    expect(connection.send(closeOk(1), openChannel(1))).toEqual(['1 channel.open-ok']);
  });

  test('a hard one closes the connection', () => {
    const connection = openConnection();
    connection.channel(1).onMethod = () => {
      throw refusal.notImplemented('requeue=false');
    };
    expect(connection.send(RECOVER)).toEqual(['connection.close 540 NOT_IMPLEMENTED - requeue=false 60/110']);
    expect(connection.channel(1).calls).toEqual(['basic.recover', 'closed']);
  });

  test('bytes that make no sense are a syntax error', () => {
    const connection = openConnection();
    connection.channel(1).onMethod = () => {
      throw new CodecError('table is cut short');
    };
    expect(connection.send(RECOVER)).toEqual(['connection.close 502 SYNTAX_ERROR - table is cut short 60/110']);
  });

  test('malformed properties are an internal error, about which only the log says more', () => {
    const connection = openConnection();
    connection.channel(1).onContent = () => {
      throw new CodecError('properties are cut short');
    };
    expect(connection.send(PUBLISH, HEADER)).toEqual(['connection.close 541 INTERNAL_ERROR 0/0']);
    expect(connection.lines.at(-1)).toContain(
      'operation basic.publish caused a connection exception internal_error: "malformed content header: properties are cut short"',
    );
  });

  test.each([
    ['open', 3, 10, [], '<<>>'],
    ['open with something behind it', 3, 10, [0, 1], '<<0,1>>'],
    ['close', 1, 40, [0, 1], '<<0,1>>'],
    ['close of a channel that was used', 2, 40, [0, 1], '<<0,1>>'],
  ])('channel.%s whose fields do not fit is not done', (_which, number, methodId, fields, shown) => {
    const connection = openConnection();
    connection.send(openChannel(2), method(2, { name: 'basic.recover', requeue: true }));
    expect(connection.send(rawMethod(number, 20, methodId, Uint8Array.from(fields)))).toEqual([
      `connection.close 501 FRAME_ERROR - cannot decode ${shown} 20/${methodId}`,
    ]);
  });

  test('what goes wrong with a message is the fault of its basic.publish', () => {
    const connection = openConnection();
    connection.channel(1).onContent = () => {
      throw refusal.noExchange('x', '/');
    };
    expect(connection.send(PUBLISH, HEADER)).toEqual([
      "1 channel.close 404 NOT_FOUND - no exchange 'x' in vhost '/' 60/40",
    ]);
  });

  test('a method in the middle of a message is the fault of the basic.publish', () => {
    const connection = openConnection();
    connection.send(PUBLISH);
    connection.channel(1).onMethod = () => {
      throw refusal.unexpectedFrame('expected content body, got non content body frame instead');
    };
    expect(connection.send(RECOVER)).toEqual([
      'connection.close 505 UNEXPECTED_FRAME - expected content body, got non content body frame instead 60/40',
    ]);
  });

  test('content without basic.publish is nobody’s fault', () => {
    const connection = openConnection();
    connection.channel(1).onContent = () => {
      throw refusal.unexpectedFrame('expected method frame, got non method frame instead');
    };
    expect(connection.send(BODY)).toEqual([
      'connection.close 505 UNEXPECTED_FRAME - expected method frame, got non method frame instead 0/0',
    ]);
  });

  test('a text that is too long for the wire ends in dots, behind a whole character', () => {
    const connection = openConnection();
    connection.channel(1).onMethod = () => {
      throw refusal.syntaxError(`x${'é'.repeat(200)}`);
    };
    expect(connection.send(RECOVER)).toEqual([`connection.close 502 SYNTAX_ERROR - x${'é'.repeat(118)}... 60/110`]);
  });
});
