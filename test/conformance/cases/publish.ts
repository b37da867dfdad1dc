/** Publishing: returns, confirms, properties, CC and BCC, user-id, and what is refused. */

import { FRAME_TYPES } from '../../../src/protocols/amqp091/frame.ts';
import type { PropertyValues, Step } from '../case-run.ts';
import {
  awaits,
  binds,
  type ConformanceCase,
  conforms,
  contentHeader,
  declares,
  declaresExchange,
  does,
  gets,
  logsIn,
  looksAt,
  on,
  publishes,
  sendsFrame,
  settles,
  typed,
} from '../steps.ts';

const confirms = does('confirm.select');

/** Publishes a message with these properties and gets it again. */
function carries(what: string, properties: PropertyValues): ConformanceCase {
  return conforms('P-02', `${what} arrives as it was sent`, [
    declares('~q'),
    publishes({ key: '~q', properties }),
    gets('~q'),
  ]);
}

/** Publishes to `~q` with these headers and says what came of it there and in `~r`. */
function copies(what: string, headers: PropertyValues['headers'] & object): ConformanceCase {
  const lookAtBoth: Step[] = [gets('~q'), gets('~r'), gets('~q')];
  return conforms('P-06', what, [
    declares('~q'),
    declares('~r'),
    publishes({ key: '~q', properties: { headers } }),
    settles(),
    ...lookAtBoth,
  ]);
}

export const PUBLISH_CASES = [
  conforms('P-01', 'a body may be empty', [declares('~q'), publishes({ key: '~q', body: '' }), gets('~q')]),
  conforms('P-01', 'a body in many frames', [
    declares('~q'),
    publishes({ key: '~q', body: 'x'.repeat(100_000) }),
    gets('~q'),
  ]),
  conforms('P-01', 'immediate is not implemented', [
    declares('~q'),
    publishes({ key: '~q', immediate: true }),
    awaits('connection.close'),
  ]),
  conforms('P-01', 'a routing key may take 255 bytes', [
    declares('~q'),
    declaresExchange('~x', 'fanout'),
    binds('~q', '~x'),
    publishes({ exchange: '~x', key: 'k'.repeat(255) }),
    gets('~q'),
  ]),
  carries('everything', {
    contentType: 'text/plain',
    contentEncoding: 'utf-8',
    headers: { text: 'a', number: 1, flag: true, nothing: null, nested: { list: [1, 'two', { three: 3n }] } },
    deliveryMode: 2,
    priority: 9,
    correlationId: 'correlation',
    replyTo: 'reply',
    messageId: 'message',
    timestamp: 1_700_000_000n,
    type: 'type',
    userId: 'guest',
    appId: 'app',
    clusterId: 'cluster',
  }),
  carries('no property', {}),
  carries('an empty table of headers', { headers: {} }),
  carries('an empty text', { contentType: '', correlationId: '' }),
  carries('a delivery mode that is none', { deliveryMode: 7 }),
  carries('the highest timestamp', { timestamp: 2n ** 63n - 1n }),
  carries('a timestamp above the highest', { timestamp: 2n ** 64n - 1n }),
  carries('a long expiration', { expiration: '100000' }),
  carries('a header of type b', { headers: typed('h', { type: 'b', value: -1 }) }),
  carries('a header of type B', { headers: typed('h', { type: 'B', value: 200 }) }),
  carries('a header of type s', { headers: typed('h', { type: 's', value: -300 }) }),
  carries('a header of type u', { headers: typed('h', { type: 'u', value: 60_000 }) }),
  carries('a header of type I', { headers: typed('h', { type: 'I', value: -70_000 }) }),
  carries('a header of type i', { headers: typed('h', { type: 'i', value: 4_000_000_000 }) }),
  carries('a header of type l', { headers: typed('h', { type: 'l', value: -(2n ** 40n) }) }),
  carries('a header of type f', { headers: typed('h', { type: 'f', value: 0.5 }) }),
  carries('a header of type d', { headers: typed('h', { type: 'd', value: 0.1 }) }),
  carries('a header of type D', { headers: typed('h', { type: 'D', scale: 2, value: 12_345 }) }),
  carries('a header of type T', { headers: typed('h', { type: 'T', value: 1_700_000_000n }) }),
  carries('a header of type x', { headers: typed('h', { type: 'x', value: Uint8Array.of(0, 255) }) }),
  carries('an empty nested table', { headers: { h: {} } }),
  carries('an empty list', { headers: { h: [] } }),
  conforms('P-02', 'an expiration that is no number', [
    publishes({ key: '~q', properties: { expiration: 'abc' } }),
    awaits('channel.close'),
  ]),
  conforms('P-02', 'an expiration below 0', [
    publishes({ key: '~q', properties: { expiration: '-1' } }),
    awaits('channel.close'),
  ]),
  conforms('P-02', 'an expiration with more behind the number', [
    publishes({ key: '~q', properties: { expiration: '10 ms' } }),
    awaits('channel.close'),
  ]),
  conforms('P-02', 'an expiration without a number', [
    publishes({ key: '~q', properties: { expiration: '' } }),
    awaits('channel.close'),
  ]),
  conforms('P-02', 'an expiration beyond ten years', [
    publishes({ key: '~q', properties: { expiration: '315360000001' } }),
    awaits('channel.close'),
  ]),
  conforms('P-03', 'what is mandatory and not routed comes back', [
    publishes({ key: '~q', body: 'back', mandatory: true, properties: { correlationId: 'c', headers: { a: 1 } } }),
    awaits('basic.return'),
  ]),
  conforms('P-03', 'what is not mandatory is dropped', [publishes({ key: '~q' }), settles()]),
  conforms('P-03', 'the return comes before the confirm', [
    confirms,
    publishes({ key: '~q', mandatory: true }),
    awaits('basic.ack'),
  ]),
  conforms('P-04', 'confirms count from 1', [
    declares('~q'),
    publishes({ key: '~q' }),
    confirms,
    publishes({ key: '~q' }),
    awaits('basic.ack'),
    publishes({ key: '~q', properties: { deliveryMode: 2 } }),
    awaits('basic.ack', 2),
  ]),
  conforms('P-04', 'what goes nowhere is confirmed', [confirms, publishes({ key: '~q' }), awaits('basic.ack')]),
  conforms('P-04', 'confirms may be asked for again', [
    confirms,
    publishes({ key: '~q' }),
    awaits('basic.ack'),
    confirms,
    publishes({ key: '~q' }),
    awaits('basic.ack', 2),
  ]),
  conforms('P-04', 'confirm.select with no-wait is not answered', [
    does('confirm.select', { noWait: true }),
    publishes({ key: '~q' }),
    awaits('basic.ack'),
  ]),
  conforms('P-04', 'a persistent message in a durable queue is confirmed', [
    declares('~q', { durable: true }),
    confirms,
    publishes({ key: '~q', properties: { deliveryMode: 2 } }),
    awaits('basic.ack'),
    does('queue.delete', { queue: '~q' }),
  ]),
  conforms('P-04', 'a message to several queues is confirmed once', [
    declares('~q'),
    declares('~r', { durable: true }),
    declaresExchange('~x', 'fanout'),
    binds('~q', '~x'),
    binds('~r', '~x'),
    confirms,
    publishes({ exchange: '~x', properties: { deliveryMode: 2 } }),
    awaits('basic.ack'),
    does('queue.delete', { queue: '~r' }),
  ]),
  conforms('P-04', 'a delivery comes before the confirm of its message is needed', [
    declares('~q'),
    on('b', 1, does('basic.consume', { queue: '~q', consumerTag: 't', noAck: true })),
    confirms,
    publishes({ key: '~q' }),
    awaits('basic.ack'),
    on('b', 1, awaits('basic.deliver')),
  ]),
  conforms('P-05', 'confirms after a transaction are refused', [does('tx.select'), confirms]),
  conforms('P-05', 'a transaction after confirms is refused', [confirms, does('tx.select')]),
  copies('CC adds routing keys', { CC: ['~r'] }),
  copies('BCC adds routing keys and goes away', { BCC: ['~r'], other: 1 }),
  copies('BCC alone leaves a table of headers', { BCC: ['~r'] }),
  copies('CC and BCC together', { CC: ['~r'], BCC: ['~none'] }),
  copies('CC with the key itself makes one copy', { CC: ['~q', '~q', '~r'] }),
  copies('CC without keys', { CC: [] }),
  copies('CC that is no list', { CC: '~r' }),
  copies('BCC that is no list', { BCC: 5 }),
  copies('CC with a number in it', { CC: ['~r', 5] }),
  copies('cc in small letters is a header like any other', { cc: ['~r'] }),
  conforms('P-06', 'mandatory counts the keys of CC', [
    declares('~r'),
    publishes({ key: '~q', mandatory: true, properties: { headers: { CC: ['~r'] } } }),
    settles(),
    looksAt('~r'),
  ]),
  conforms('P-06', 'what comes back keeps its BCC', [
    publishes({ key: '~q', mandatory: true, properties: { headers: { BCC: ['~r'] } } }),
    awaits('basic.return'),
  ]),
  conforms('P-07', 'user-id must be the user', [
    publishes({ key: '~q', properties: { userId: 'somebody' } }),
    awaits('channel.close'),
  ]),
  conforms('P-07', 'an empty user-id is somebody else', [
    publishes({ key: '~q', properties: { userId: '' } }),
    awaits('channel.close'),
  ]),
  conforms('P-07', 'an impersonator may set any user-id', [
    declares('~q'),
    on('b', 1, logsIn({ user: 'acting' }), publishes({ key: '~q', properties: { userId: 'somebody' } }), settles()),
    gets('~q'),
  ]),
  conforms('P-08', 'publishing to a queue deleted meanwhile is confirmed', [
    declares('~q'),
    confirms,
    publishes({ key: '~q' }),
    awaits('basic.ack'),
    on('b', 1, does('queue.delete', { queue: '~q' })),
    publishes({ key: '~q' }),
    awaits('basic.ack', 2),
  ]),
  conforms('C-30', 'a body above the limit is refused at its header', [
    does('basic.publish', { routingKey: '~q' }),
    sendsFrame(FRAME_TYPES.header, contentHeader(134_217_729)),
    on('a', 0, does('connection.close')),
  ]),
];
