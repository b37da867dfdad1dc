/** The handshake, limits that are negotiated, and how a connection ends. */

import { ByteWriter } from '../../../src/base/byte-writer.ts';
import { table, writeFieldTable } from '../../../src/base/field-table.ts';
import type { Handshake, Step } from '../case-run.ts';
import {
  awaits,
  type ConformanceCase,
  conforms,
  declares,
  does,
  ends,
  leavesCloseUnanswered,
  logsIn,
  on,
  sends,
  sendsBytes,
  settles,
  shakesHands,
} from '../steps.ts';

const HEADER = 'AMQP\0\0\x09\x01';
const WITHOUT_CAPABILITIES = { product: 'conformance' };

function says(bytes: string): ConformanceCase {
  return conforms('C-02', `the protocol header ${JSON.stringify(bytes)}`, [sendsBytes(bytes), ends()]);
}

function connects(feature: string, name: string, handshake: Handshake): ConformanceCase {
  return conforms(feature, name, [shakesHands(handshake)]);
}

/** The response of AMQPLAIN: a table without its length. */
function amqplain(fields: Parameters<typeof table>[0]): Uint8Array {
  const writer = new ByteWriter();
  writeFieldTable(writer, table(fields));
  return writer.toBytes().slice(4);
}

const LOGIN = { clientProperties: {}, mechanism: 'PLAIN', response: Buffer.from('\0guest\0guest'), locale: 'en_US' };
const startOk = sends('connection.start-ok', LOGIN);
/** Sends the protocol header and takes connection.start, unseen. */
const asks: Step = async (run, { connection }) => {
  const client = run.client(connection);
  client.skip(0, 'connection.start');
  client.send(Buffer.from(HEADER, 'latin1'));
  await client.until(0, () => client.count(0, 'connection.start') > 0);
};
/** Sends the protocol header and, without waiting, these steps. */
const header: Step = async (run, { connection }) => {
  const client = run.client(connection);
  client.skip(0, 'connection.start');
  client.send(Buffer.from(HEADER, 'latin1'));
};
const tuneOk = sends('connection.tune-ok', { channelMax: 2047, frameMax: 131_072, heartbeat: 0 });

export const CONNECTION_CASES = [
  says('AMQP\0\0\x09\0'),
  says('AMQP\0\0\x09\x02'),
  says('AMQP\0\0\x08\0'),
  says('AMQP\0\x01\0\0'),
  says('AMQP\x03\x01\0\0'),
  says('GET / HTTP/1.1\r\n\r\n'),
  says('\x16\x03\x01\x02\0\x01\0\x01'),
  says('12345678'),
  conforms('C-02', 'the header of 0-9 is that of 0-9-1', [
    sendsBytes('AMQP\x01\x01\0\x09'),
    on('a', 0, awaits('connection.start')),
  ]),
  conforms('C-03', 'connection.start says who the broker is', [
    sendsBytes(HEADER),
    on('a', 0, awaits('connection.start')),
  ]),
  connects('C-13', 'a login with what the broker proposes', {}),
  connects('C-07', 'a wrong password', { user: 'guest', password: 'wrong' }),
  connects('C-07', 'an unknown user', { user: 'nobody' }),
  connects('C-05', 'a wrong password of a client that cannot be told', {
    password: 'wrong',
    clientProperties: WITHOUT_CAPABILITIES,
  }),
  connects('C-07', 'a response without an identity to act as', { response: Buffer.from('guest\0guest') }),
  connects('C-07', 'an identity to act as is ignored', { response: Buffer.from('other\0guest\0guest') }),
  connects('C-07', 'an empty response', { response: Buffer.from('') }),
  connects('C-08', 'AMQPLAIN', { mechanism: 'AMQPLAIN', response: amqplain({ LOGIN: 'guest', PASSWORD: 'guest' }) }),
  connects('C-08', 'AMQPLAIN with a wrong password', {
    mechanism: 'AMQPLAIN',
    response: amqplain({ LOGIN: 'guest', PASSWORD: 'wrong' }),
  }),
  connects('C-08', 'AMQPLAIN with more than login and password', {
    mechanism: 'AMQPLAIN',
    response: amqplain({ more: 1, PASSWORD: 'guest', LOGIN: 'guest' }),
  }),
  connects('C-08', 'AMQPLAIN of an unknown user', {
    mechanism: 'AMQPLAIN',
    response: amqplain({ LOGIN: 'nobody', PASSWORD: 'x' }),
  }),
  connects('C-07', 'an empty user', { response: Buffer.from('\0\0') }),
  connects('C-05', 'a wrong password of a client that asks not to be told', {
    password: 'wrong',
    clientProperties: { capabilities: { authentication_failure_close: false } },
  }),
  connects('C-05', 'a wrong password of a client whose capability is a number', {
    password: 'wrong',
    clientProperties: { capabilities: { authentication_failure_close: 1 } },
  }),
  connects('C-05', 'capabilities that are no table', { clientProperties: { capabilities: 'all' } }),
  connects('C-06', 'a client with a name', { clientProperties: { connection_name: 'a name' } }),
  connects('C-12', 'an unknown mechanism', { mechanism: 'MAGIC' }),
  connects('U-11', 'a user without a password', { user: 'passwordless', password: '' }),
  connects('U-05', 'a user without permissions', { user: 'none' }),
  connects('C-15', 'a missing vhost', { vhost: '~missing' }),
  connects('C-15', 'a vhost that the user may not enter', { user: 'reader', vhost: 'other' }),
  connects('C-15', 'a vhost without a name', { vhost: '' }),
  connects('C-15', 'a missing vhost with a long name', { vhost: 'v'.repeat(255) }),
  connects('C-15', 'another vhost', { vhost: 'other' }),
  connects('C-14', 'a frame_max above the limit', { tune: { frameMax: 131_073 } }),
  connects('C-14', 'a frame_max of 0 where there is a limit', { tune: { frameMax: 0 } }),
  connects('C-14', 'a frame_max below the least', { tune: { frameMax: 4095 } }),
  connects('C-14', 'the least frame_max', { tune: { frameMax: 4096 } }),
  connects('C-14', 'a channel_max above the limit', { tune: { channelMax: 2048 } }),
  connects('C-14', 'a channel_max of 0 where there is a limit', { tune: { channelMax: 0 } }),
  connects('C-14', 'one channel', { tune: { channelMax: 1 } }),
  connects('C-14', 'frame_max and channel_max too high', { tune: { channelMax: 2048, frameMax: 131_073 } }),
  connects('C-17', 'a heartbeat above the proposal', { tune: { heartbeat: 600 } }),
  conforms('C-20', 'more channels than channel_max', [
    logsIn({ tune: { channelMax: 2 } }),
    on('a', 1, sends('channel.open'), awaits('channel.open-ok')),
    on('a', 2, sends('channel.open'), awaits('channel.open-ok')),
    on('a', 3, sends('channel.open')),
    ends(),
  ]),
  conforms('C-20', 'a channel number above channel_max', [
    logsIn({ tune: { channelMax: 3 } }),
    on('a', 4, sends('channel.open'), awaits('channel.open-ok')),
  ]),
  conforms('C-13', 'a client that does not wait for answers', [
    header,
    on('a', 0, startOk, tuneOk, sends('connection.open', { virtualHost: '/' }), awaits('connection.open-ok')),
  ]),
  conforms('C-17', 'a heartbeat before the login', [
    header,
    sendsBytes('\x08\0\0\0\0\0\0\xce'),
    on('a', 0, startOk, awaits('connection.tune')),
  ]),
  conforms('C-18', 'a large frame before the login', [
    header,
    on('a', 0, sends('connection.start-ok', { ...LOGIN, clientProperties: { large: 'x'.repeat(9000) } }), ends()),
  ]),
  conforms('C-28', 'a channel before the connection is open', [asks, on('a', 1, sends('channel.open')), ends()]),
  conforms('C-28', 'connection.close before start-ok', [
    asks,
    on('a', 0, sends('connection.close', { replyCode: 200 }), ends()),
  ]),
  conforms('C-28', 'open before start-ok', [asks, on('a', 0, sends('connection.open'), ends())]),
  conforms('C-28', 'tune-ok before start-ok', [asks, on('a', 0, tuneOk, ends())]),
  conforms('C-28', 'open before tune-ok', [
    asks,
    on('a', 0, startOk, awaits('connection.tune'), sends('connection.open'), ends()),
  ]),
  conforms('C-28', 'connection.close before connection.open', [
    asks,
    on('a', 0, startOk, awaits('connection.tune'), tuneOk),
    on('a', 0, sends('connection.close', { replyCode: 200 }), awaits('connection.close-ok')),
  ]),
  conforms('C-28', 'start-ok on an open connection', [logsIn({}), on('a', 0, startOk, ends())]),
  conforms('C-28', 'open on an open connection', [logsIn({}), on('a', 0, sends('connection.open'), ends())]),
  conforms('C-28', 'tune-ok on an open connection', [logsIn({}), on('a', 0, tuneOk, ends())]),
  conforms('C-28', 'close-ok on an open connection', [logsIn({}), on('a', 0, sends('connection.close-ok'), ends())]),
  conforms('C-28', "a server's method on channel 0", [
    logsIn({}),
    on('a', 0, sends('connection.tune', { channelMax: 1, frameMax: 4096, heartbeat: 1 }), ends()),
  ]),
  conforms('C-28', 'secure-ok on an open connection', [
    logsIn({}),
    on('a', 0, sends('connection.secure-ok', { response: new Uint8Array(0) }), ends()),
  ]),
  conforms('C-28', 'channel.open on channel 0', [logsIn({}), on('a', 0, sends('channel.open'), ends())]),
  conforms('C-28', 'queue.declare on channel 0', [
    logsIn({}),
    on('a', 0, sends('queue.declare', { queue: '~q' }), ends()),
  ]),
  conforms('C-28', 'connection.open on channel 1', [declares('~q'), sends('connection.open'), ends()]),
  conforms('C-28', 'connection.close on channel 1', [
    declares('~q'),
    sends('connection.close', { replyCode: 200 }),
    ends(),
  ]),
  conforms('C-26', 'update-secret is answered', [
    on('a', 0, logsIn({}), does('connection.update-secret', { newSecret: Buffer.from('guest'), reason: 'test' })),
  ]),
  conforms('C-23', 'close is answered after all channels', [
    declares('~q'),
    on('a', 2, declares('~r')),
    on('a', 0, does('connection.close', { replyCode: 200, replyText: 'bye' })),
  ]),
  conforms('C-23', 'a client may close with an error of its own', [
    on(
      'a',
      0,
      logsIn({}),
      does('connection.close', { replyCode: 541, replyText: 'broken', classId: 60, methodId: 40 }),
    ),
  ]),
  conforms('C-21', 'while a connection closes only close-ok counts', [
    declares('~q'),
    leavesCloseUnanswered(),
    does('basic.publish', { immediate: true }),
    sendsBytes('\x02\0\x01\0\0\0\x0e\0\x3c\0\0\0\0\0\0\0\0\0\0\0\0\xce'),
    awaits('connection.close'),
    sends('queue.declare', { queue: '~r' }),
    on('a', 0, sends('connection.close-ok')),
    ends(),
    on('b', 1, does('queue.declare', { queue: '~r', passive: true })),
    on('b', 1, settles()),
  ]),
  conforms('C-21', 'while a connection closes a close is answered', [
    declares('~q'),
    leavesCloseUnanswered(),
    does('basic.qos', { prefetchSize: 1 }),
    on('a', 0, sends('connection.close', { replyCode: 200 }), awaits('connection.close-ok')),
  ]),
];
