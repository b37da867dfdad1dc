/**
 * The handshake, seen from the client: bytes in, bytes out.
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
import { ByteReader } from '../../base/byte-reader.ts';
import { regionOf } from '../../base/bytes.ts';
import { EMPTY_TABLE, table, text } from '../../base/field-table.ts';
import { FRAME_TYPES } from './frame.ts';
import { encodeFrame } from './frames-out.ts';
import { decodeMethod } from './methods.ts';

const NAME = '127.0.0.1:51234 -> 127.0.0.1:5672';
const LOGIN_REFUSED =
  'connection.close 403 ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN. For details see the broker logfile. 0/0';
const ANOTHER_PORT = 'Ensure the client is connecting to the correct port.';
const UNEXPECTED = 'unexpected method in connection state';

describe('the protocol header', () => {
  test.each([
    ['0-9-1', 'AMQP\0\0\x09\x01'],
    ['0-9', 'AMQP\x01\x01\0\x09'],
  ])('of %s begins the handshake', (_version, header) => {
    const connection = new TestConnection();
    expect(connection.send(Buffer.from(header, 'latin1'))).toEqual(['connection.start']);
    expect(connection.lines).toEqual([`info accepting AMQP connection ${NAME}`]);
  });

  test('may come byte by byte, with frames behind it', () => {
    const connection = new TestConnection();
    const written = Array.from(Buffer.concat([PROTOCOL_HEADER, startOk()])).map((byte) =>
      connection.send(Uint8Array.of(byte)),
    );
    expect(written.flat()).toEqual(['connection.start', 'connection.tune']);
  });

  test.each([
    ['AMQP\0\x01\0\0', 'the client speaks AMQP 1.0, which is not supported yet'],
    ['AMQP\x03\x01\0\0', 'the client speaks AMQP 1.0, which is not supported yet'],
    ['AMQP\x02\x01\0\0', 'the client speaks AMQP 1.0 over TLS, which is not supported yet'],
    ['AMQP\0\0\x09\x02', '{bad_version,{0,0,9,2}}'],
    ['GET / HTTP/1.1\r\n\r\n', `HTTP GET request detected on AMQP port. ${ANOTHER_PORT}`],
    ['POST /api HTTP/1.1\r\n\r\n', `HTTP POST request detected on AMQP port. ${ANOTHER_PORT}`],
    ['\x16\x03\x01\x00\xa5\x01\x00\x00', `TLS client detected on non-TLS AMQP port. ${ANOTHER_PORT}`],
    ['hello world', 'client did not start with AMQP protocol header: <<"hello wo">>'],
  ])('%j is answered with ours, the connection closes, and the log says what came', (bytes, what) => {
    const connection = new TestConnection();
    expect(connection.send(Buffer.from(bytes, 'latin1'))).toEqual(['AMQP 0-9-1']);
    expect(connection.events).toEqual(['closing']);
    expect(connection.lines).toEqual([
      `info accepting AMQP connection ${NAME}`,
      `error closing AMQP connection (${NAME}, duration: '0ms'): ${what}`,
    ]);
  });

  test('a connection that never says anything leaves no line, as a health check does', () => {
    const connection = new TestConnection();
    connection.session.closed();
    expect(connection.lines).toEqual([]);
  });

  test('a client that goes after a part of it leaves a warning', () => {
    const connection = new TestConnection();
    connection.send(PROTOCOL_HEADER.subarray(0, 3));
    connection.session.closed();
    expect(connection.lines.at(-1)).toBe(
      `warning closing AMQP connection (${NAME}, duration: '0ms'): client unexpectedly closed TCP connection`,
    );
  });
});

describe('connection.start', () => {
  test('says whose behaviour this is, and offers PLAIN and AMQPLAIN', () => {
    const connection = new TestConnection();
    connection.session.receive(PROTOCOL_HEADER, 0, PROTOCOL_HEADER.length);
    const bytes = Buffer.concat(connection.session.output.take().parts);
    const reader = new ByteReader(regionOf(bytes), 7, bytes.length - 1);
    const start = decodeMethod(reader.u32(), reader);
    if (start?.name !== 'connection.start') throw new Error('no connection.start');
    expect([start.versionMajor, start.versionMinor]).toEqual([0, 9]);
    expect(Buffer.from(start.mechanisms).toString()).toBe('PLAIN AMQPLAIN');
    expect(Buffer.from(start.locales).toString()).toBe('en_US');
    const shown = ['product', 'version', 'product_name', 'product_version', 'leveret_version', 'cluster_name'];
    expect(shown.map((key) => text(start.serverProperties.get(key)))).toEqual([
      'RabbitMQ',
      '3.13.7',
      'Leveret',
      '0.1.0',
      '0.1.0',
      'rabbit@here',
    ]);
    expect(start.serverProperties.get('capabilities')).toEqual({
      type: 'F',
      value: table({
        publisher_confirms: true,
        exchange_exchange_bindings: true,
        'basic.nack': true,
        consumer_cancel_notify: true,
        'connection.blocked': true,
        consumer_priorities: true,
        authentication_failure_close: true,
        per_consumer_qos: true,
        direct_reply_to: true,
      }),
    });
  });
});

describe('login', () => {
  test('start-ok, tune-ok and open lead to an open connection', () => {
    const connection = new TestConnection();
    expect(connection.open()).toEqual(['connection.start', 'connection.tune', 'connection.open-ok']);
    expect(connection.lines).toContain(
      `info connection ${NAME}: user 'guest' authenticated and granted access to vhost '/'`,
    );
  });

  test('the name that a client gives itself stands in the log, on one line', () => {
    const connection = new TestConnection();
    const properties = table({ connection_name: 'worker\n[error] none' });
    connection.send(PROTOCOL_HEADER, startOk({ properties }), tuneOk(), open('/'));
    expect(connection.lines.slice(1)).toEqual([
      `info connection ${NAME} has a client-provided name: worker\\xa[error] none`,
      `info connection ${NAME} - worker\\xa[error] none: user 'guest' authenticated and granted access to vhost '/'`,
    ]);
  });

  test('a wrong password is answered with 403, the reason stands only in the log', () => {
    const connection = new TestConnection();
    expect(connection.send(PROTOCOL_HEADER, startOk({ response: '\0guest\0secret' }))).toEqual([
      'connection.start',
      LOGIN_REFUSED,
    ]);
    expect(connection.lines.at(-1)).toBe(
      `error Error on AMQP connection (${NAME}, state: starting): PLAIN login refused: user 'guest' - invalid credentials`,
    );
    connection.send(closeOk(0));
    expect(connection.lastEvent).toBe('closing');
  });

  test('a client that did not ask for it is dropped without a frame', () => {
    const connection = new TestConnection();
    const wrong = startOk({ response: '\0guest\0secret', properties: EMPTY_TABLE });
    expect(connection.send(PROTOCOL_HEADER, wrong)).toEqual(['connection.start']);
    expect(connection.lastEvent).toBe('closing');
  });

  test('guest from another machine is refused, and the log says what to do', () => {
    const connection = new TestConnection({ peer: { localAddress: '10.0.0.1', isLoopback: false } });
    expect(connection.send(PROTOCOL_HEADER, startOk())).toEqual(['connection.start', LOGIN_REFUSED]);
    expect(connection.lines.at(-1)).toContain("user 'guest' can only connect via localhost");
    expect(connection.lines.at(-1)).toContain('loopback_users = none');
  });

  test('an unknown mechanism is refused with 503', () => {
    const connection = new TestConnection();
    expect(connection.send(PROTOCOL_HEADER, startOk({ mechanism: 'EXTERNAL' })).at(-1)).toBe(
      "connection.close 503 COMMAND_INVALID - unknown authentication mechanism 'EXTERNAL' 10/11",
    );
  });

  test('a response that is none is refused without showing it', () => {
    const connection = new TestConnection();
    expect(connection.send(PROTOCOL_HEADER, startOk({ response: 'guest secret' })).at(-1)).toBe(
      'connection.close 502 SYNTAX_ERROR - the response is not one of PLAIN 10/11',
    );
    expect(connection.lines.join()).not.toContain('secret');
  });

  test('AMQPLAIN logs in with a table', () => {
    const connection = new TestConnection();
    const response = '\x05LOGINS\0\0\0\x05guest\x08PASSWORDS\0\0\0\x05guest';
    expect(connection.send(PROTOCOL_HEADER, startOk({ mechanism: 'AMQPLAIN', response }))).toContain('connection.tune');
  });
});

describe('tuning', () => {
  test.each([
    [{ frameMax: 131_073 }, 'negotiated frame_max = 131073 is higher than the maximum allowed value (131072)'],
    [{ frameMax: 0 }, 'negotiated frame_max = 0 is higher than the maximum allowed value (131072)'],
    [{ frameMax: 4095 }, 'negotiated frame_max = 4095 is lower than the minimum allowed value (4096)'],
    [{ channelMax: 2048 }, 'negotiated channel_max = 2048 is higher than the maximum allowed value (2047)'],
    [{ channelMax: 0 }, 'negotiated channel_max = 0 (no limit) is higher than the maximum allowed value (2047)'],
  ])('%j is refused', (values, why) => {
    const connection = new TestConnection();
    const written = connection.send(PROTOCOL_HEADER, startOk(), tuneOk(values));
    expect(written.at(-1)).toBe(`connection.close 530 NOT_ALLOWED - ${why} 10/31`);
  });

  test.each([{ frameMax: 4096 }, { channelMax: 1 }, { heartbeat: 0 }, { heartbeat: 65_535 }])(
    '%j is fine',
    (values) => {
      const connection = new TestConnection();
      expect(connection.send(PROTOCOL_HEADER, startOk(), tuneOk(values), open('/'))).toContain('connection.open-ok');
    },
  );

  test('a server without limits takes a client without', () => {
    const connection = new TestConnection({ amqp: { tuning: { channelMax: 0, frameMax: 0, heartbeat: 0 } } });
    const unlimited = tuneOk({ channelMax: 0, frameMax: 0, heartbeat: 0 });
    const written = connection.send(PROTOCOL_HEADER, startOk(), unlimited, open('/'), openChannel(65_535));
    expect(written.at(-1)).toBe('65535 channel.open-ok');
  });

  test('frames are small before tune-ok, and as agreed after it', () => {
    const large = encodeFrame(FRAME_TYPES.method, 0, new Uint8Array(8193));
    const early = new TestConnection();
    early.send(PROTOCOL_HEADER, startOk(), large);
    expect(early.lines.at(-1)).toContain('{frame_too_large,8193,8184}');
    const late = new TestConnection();
    late.send(PROTOCOL_HEADER, startOk(), tuneOk({ frameMax: 4096 }), large.subarray(0, 7));
    expect(late.lines.at(-1)).toContain('{frame_too_large,8193,4088}');
  });
});

describe('connection.open', () => {
  test('a vhost that does not exist is refused', () => {
    const connection = new TestConnection();
    const written = connection.send(PROTOCOL_HEADER, startOk(), tuneOk(), open('nope'));
    expect(written.at(-1)).toBe('connection.close 530 NOT_ALLOWED - vhost nope not found 10/40');
  });

  test('a vhost that the user may not open is refused', () => {
    const connection = new TestConnection({
      amqp: {
        authenticator: { login: () => ({ kind: 'refused', reason: 'unused' }), mayOpenVhost: () => false },
      },
    });
    const written = connection.send(PROTOCOL_HEADER, startOk(), tuneOk(), open('/'));
    expect(written.at(-1)).toBe(
      "connection.close 530 NOT_ALLOWED - access to vhost '/' refused for user 'guest' 10/40",
    );
  });
});

describe('a refusal of the handshake stands in the log as RabbitMQ writes it', () => {
  test('what was negotiated wrongly', () => {
    const connection = new TestConnection();
    connection.send(PROTOCOL_HEADER, startOk(), tuneOk({ frameMax: 100 }));
    expect(connection.lines.slice(1)).toEqual([
      `error closing AMQP connection (${NAME}, duration: '0ms'): failed to negotiate connection parameters: ` +
        'negotiated frame_max = 100 is lower than the minimum allowed value (4096)',
    ]);
  });

  test('a vhost that is missing', () => {
    const connection = new TestConnection();
    connection.send(PROTOCOL_HEADER, startOk(), tuneOk(), open('gone'), closeOk(0));
    connection.session.closed();
    expect(connection.lines.slice(1)).toEqual([
      `error Error on AMQP connection (${NAME}, user: 'guest', state: opening): vhost gone not found`,
      `info closing AMQP connection (${NAME}, vhost: 'none', user: 'guest', duration: '0ms')`,
    ]);
  });

  test('an unknown mechanism, with quotation marks as Erlang writes them', () => {
    const connection = new TestConnection();
    connection.send(PROTOCOL_HEADER, startOk({ mechanism: 'A "\\' }));
    expect(connection.lines.at(-1)).toBe(
      `error closing AMQP connection (${NAME}, duration: '0ms'): {handshake_error,starting,0,{amqp_error,` +
        `command_invalid,"unknown authentication mechanism 'A \\"\\\\'",'connection.start_ok'}}`,
    );
  });
});

describe('what comes out of order', () => {
  test.each<[string, Uint8Array[], string]>([
    ['starting', [open('/')], 'connection.open'],
    ['starting', [method(0, { name: 'connection.secure-ok', response: new Uint8Array(0) })], 'connection.secure_ok'],
    ['tuning', [startOk(), startOk()], 'connection.start_ok'],
    ['opening', [startOk(), tuneOk(), tuneOk()], 'connection.tune_ok'],
    ['running', [startOk(), tuneOk(), open('/'), open('/')], 'connection.open'],
  ])('in state %s is refused with 504', (state, sent, operation) => {
    const connection = new TestConnection();
    const written = connection.send(PROTOCOL_HEADER, ...sent);
    const told = `connection.close 504 CHANNEL_ERROR - unexpected method in connection state ${state}`;
    expect(written.at(-1)).toContain(state === 'starting' ? 'connection.start' : told);
    const shaking = `{handshake_error,${state},0,{amqp_error,channel_error,"${UNEXPECTED} ${state}",'${operation}'}}`;
    const running = `channel 0: operation ${operation} caused a connection exception channel_error: "${UNEXPECTED} running"`;
    expect(connection.lines.at(-1)).toContain(state === 'running' ? running : shaking);
  });

  test('a frame for a channel before the connection is open is refused with 505', () => {
    const connection = new TestConnection();
    const written = connection.send(PROTOCOL_HEADER, startOk(), tuneOk(), rawMethod(1, 20, 10, Uint8Array.of(0)));
    expect(written.at(-1)).toBe('connection.close 505 UNEXPECTED_FRAME - type 1, all octets = <<0,20,0,10,0>> 0/0');
  });

  test('connection.close before the connection is open', () => {
    const connection = new TestConnection();
    expect(connection.send(PROTOCOL_HEADER, startOk(), close(0)).at(-1)).toBe(
      'connection.close 504 CHANNEL_ERROR - unexpected method in connection state tuning 10/50',
    );
    connection.send(closeOk(0));
    expect(connection.lastEvent).toBe('closing');
  });
});

describe('the time for the handshake', () => {
  test('ends after 10 s, and the connection with it', () => {
    const connection = new TestConnection();
    connection.send(PROTOCOL_HEADER, startOk());
    connection.pass(9_999);
    expect(connection.events).toEqual([]);
    connection.pass(1);
    expect(connection.events).toEqual(['destroyed']);
    connection.session.closed();
    expect(connection.lines.slice(1)).toEqual([
      `error closing AMQP connection (${NAME}, duration: '10s'): {handshake_timeout,frame_header}`,
    ]);
  });

  test('also for a client that says nothing at all, which leaves two lines then', () => {
    const connection = new TestConnection();
    connection.pass(10_000);
    connection.session.closed();
    expect(connection.events).toEqual(['destroyed']);
    expect(connection.lines).toEqual([
      `info accepting AMQP connection ${NAME}`,
      `error closing AMQP connection (${NAME}, duration: '10s'): {handshake_timeout,handshake}`,
    ]);
  });

  test('is over with connection.open', () => {
    const connection = new TestConnection();
    connection.open();
    connection.pass(20_000);
    expect(connection.events).toEqual([]);
  });
});

describe('a new secret', () => {
  const GET = method(1, { name: 'basic.get', queue: 'q', noAck: true });
  const updateSecret = method(0, {
    name: 'connection.update-secret',
    newSecret: Buffer.from('token'),
    reason: 'the old one is about to expire',
  });

  test('is taken, and the log says so without it', () => {
    const connection = new TestConnection();
    connection.open();
    expect(connection.send(updateSecret)).toEqual(['connection.update-secret-ok']);
    expect(connection.lines.at(-1)).toBe(
      "info connection 127.0.0.1:51234 -> 127.0.0.1:5672: user 'guest' updated secret, " +
        'reason: the old one is about to expire',
    );
  });

  test('has the permissions looked at again', () => {
    const connection = new TestConnection();
    connection.open();
    connection.send(openChannel(1), GET, updateSecret);
    expect(connection.channel(1).calls).toEqual(['basic.get', 'permissions changed']);
  });

  test('that is refused ends the connection', () => {
    const authenticator = { login: () => GRANTED, mayOpenVhost: () => true, updateSecret: () => false };
    const connection = new TestConnection({ amqp: { authenticator } });
    connection.open();
    expect(connection.send(updateSecret)).toEqual([
      'connection.close 530 NOT_ALLOWED - New secret was refused by one of the backends 10/70',
    ]);
  });
});

test('a connection above the limit of its vhost is refused', () => {
  const connection = new TestConnection();
  connection.world.broker.connections.limitVhost('/', 0);
  expect(connection.open().at(-1)).toBe(
    "connection.close 530 NOT_ALLOWED - access to vhost '/' refused for user 'guest': " +
      'connection limit (0) is reached 10/40',
  );
});

const GRANTED = { kind: 'granted', user: 'guest' } as const;
