/** Channels: opening, closing, wrong orders, wrong frames and wrong bytes on them. */

import { FRAME_TYPES } from '../../../src/protocols/amqp091/frame.ts';
import { encodeFrame } from '../../../src/protocols/amqp091/frames-out.ts';
import type { Step } from '../case-run.ts';
import {
  awaits,
  type ConformanceCase,
  conforms,
  contentHeader,
  declares,
  does,
  ends,
  leavesCloseUnanswered,
  logsIn,
  looksAt,
  on,
  publishes,
  sends,
  sendsBytes,
  sendsFrame,
  sendsMethodBytes,
  settles,
} from '../steps.ts';

/** Steps that end the connection. */
function breaks(feature: string, name: string, ...steps: readonly Step[]): ConformanceCase {
  return conforms(feature, name, [...steps, ends()]);
}

const { method, header, body, heartbeat } = FRAME_TYPES;
const emptyHeader = encodeFrame(header, 1, contentHeader(0));
const publish = does('basic.publish', { routingKey: '~q' });
const closesChannel = does('channel.close', { replyCode: 200 });
/** queue.declare of `q` with these bytes as its arguments. */
const declareWith = (...args: readonly number[]): Step =>
  sendsMethodBytes(50, 10, [0, 0, 1, 0x71, 0, 0, 0, 0, args.length, ...args]);

export const CHANNEL_CASES = [
  conforms('C-21', 'a channel is opened and closed', [
    logsIn({}),
    sends('channel.open'),
    awaits('channel.open-ok'),
    closesChannel,
    sends('channel.open'),
    awaits('channel.open-ok', 2),
  ]),
  conforms('C-21', 'a number may be used again after an error', [
    looksAt('~none'),
    declares('~q'),
    looksAt('~none'),
    looksAt('~q'),
  ]),
  breaks('C-21', 'a channel is opened once', declares('~q'), sends('channel.open')),
  breaks('C-21', 'a method on a channel that is not open', logsIn({}), sends('queue.declare', { queue: '~q' })),
  breaks('C-21', 'close of a channel that is not open', logsIn({}), sends('channel.close', { replyCode: 200 })),
  breaks('C-21', 'close-ok of a channel that is not open', logsIn({}), sends('channel.close-ok')),
  breaks('C-21', 'content on a channel that is not open', logsIn({}), sends('basic.publish'), sendsBytes(emptyHeader)),
  breaks('C-21', 'a header frame on a channel that is not open', logsIn({}), sendsBytes(emptyHeader)),
  breaks(
    'C-21',
    'a method on a closed channel',
    declares('~q'),
    closesChannel,
    sends('queue.declare', { queue: '~q' }),
  ),
  conforms('C-21', 'while a channel closes everything but its close-ok is ignored', [
    declares('~q'),
    leavesCloseUnanswered(),
    looksAt('~none'),
    sends('queue.declare', { queue: '~r' }),
    sends('basic.publish', { routingKey: '~q' }),
    sendsBytes(encodeFrame(header, 1, contentHeader(1)), encodeFrame(body, 1, Buffer.from('m'))),
    sends('channel.close-ok'),
    on('a', 2, looksAt('~q'), looksAt('~r')),
  ]),
  conforms('C-21', 'while a channel closes its close is answered', [
    leavesCloseUnanswered(),
    looksAt('~none'),
    sends('channel.close', { replyCode: 200 }),
    awaits('channel.close-ok'),
  ]),
  conforms('C-21', 'an error on one channel leaves the others', [
    declares('~q'),
    on('a', 2, looksAt('~none')),
    looksAt('~q'),
  ]),
  conforms('C-22', 'flow may be turned on', [does('channel.flow', { active: true })]),
  breaks('C-22', 'flow may not be turned off', does('channel.flow', { active: false })),
  breaks('C-22', 'an unasked flow-ok is refused', does('channel.flow-ok', { active: true })),
  conforms('C-27', 'access.request gets a ticket', [
    does('access.request', { realm: '/data', active: true, read: true }),
  ]),
  conforms('C-27', 'a ticket in a method is ignored', [
    declares('~q'),
    sendsMethodBytes(60, 70, [0, 9, 0, 1]),
    awaits('basic.get-empty'),
  ]),
  breaks('C-28', 'an unknown class', sendsMethodBytes(99, 10)),
  breaks('C-28', 'an unknown method of a known class', sendsMethodBytes(60, 99)),
  breaks('C-28', 'a method frame too short for its ids', sendsFrame(method, Buffer.of(0, 60))),
  breaks('C-28', "a server's method on a channel: open-ok", does('channel.open-ok')),
  breaks('C-28', "a server's method on a channel: declare-ok", does('exchange.declare-ok')),
  breaks(
    'C-28',
    "a server's method on a channel: deliver",
    does('basic.deliver'),
    sendsFrame(header, contentHeader(0)),
  ),
  breaks('C-28', "a server's method on a channel: consume-ok", does('basic.consume-ok')),
  breaks('C-28', 'qos-ok from a client', does('basic.qos-ok')),
  breaks('C-28', 'a method without its fields', sendsMethodBytes(50, 10)),
  breaks('C-28', 'a method with fields cut short', sendsMethodBytes(50, 10, [0, 0, 5, 0x71])),
  breaks('C-28', 'a method with bytes left over', sendsMethodBytes(60, 70, [0, 0, 0, 0, 1, 2, 3])),
  breaks('C-28', 'an empty method frame', sendsFrame(method, '')),
  breaks('C-29', 'a field of an unknown type', declareWith(1, 0x61, 0x3f, 0)),
  breaks('C-29', 'a table cut short', declareWith(1, 0x61, 0x49, 0, 0)),
  breaks('C-28', 'a header frame without a method', sendsFrame(header, contentHeader(0))),
  breaks('C-28', 'a body frame without a method', sendsFrame(body, 'm')),
  breaks('C-28', 'a method where a header is expected', publish, sends('queue.declare', { queue: '~q' })),
  breaks('C-28', 'a body where a header is expected', publish, sendsFrame(body, 'm')),
  breaks(
    'C-28',
    'a second header',
    publish,
    sendsFrame(header, contentHeader(1)),
    sendsFrame(header, contentHeader(1)),
  ),
  breaks(
    'C-28',
    'a method where a body is expected',
    publish,
    sendsFrame(header, contentHeader(1)),
    sends('queue.declare', { queue: '~q' }),
  ),
  breaks('C-28', 'a header of another class', publish, sendsFrame(header, contentHeader(0, Buffer.alloc(2), 50))),
  breaks('C-28', 'a header too short', publish, sendsFrame(header, Buffer.alloc(5))),
  conforms('C-28', 'a header with properties cut short', [
    publish,
    sendsFrame(header, contentHeader(0, Buffer.of(0x80, 0, 9))),
    settles(),
  ]),
  conforms('C-28', 'more body than was said', [
    publish,
    sendsFrame(header, contentHeader(1)),
    sendsFrame(body, 'mm'),
    on('a', 0, does('connection.close')),
  ]),
  conforms('C-28', 'an empty body frame in between', [
    declares('~q'),
    publish,
    sendsFrame(header, contentHeader(2)),
    sendsFrame(body, 'a'),
    sendsFrame(body, ''),
    sendsFrame(body, 'b'),
    does('basic.get', { queue: '~q', noAck: true }),
  ]),
  conforms('C-28', 'content of two channels in turns', [
    declares('~q'),
    publish,
    on('a', 2, publish, sendsFrame(header, contentHeader(1))),
    sendsFrame(header, contentHeader(1)),
    sendsFrame(body, '1'),
    looksAt('~q'),
    on('a', 2, sendsFrame(body, '2'), looksAt('~q')),
    does('basic.get', { queue: '~q', noAck: true }),
    does('basic.get', { queue: '~q', noAck: true }),
  ]),
  breaks(
    'C-28',
    'closing a channel in the middle of content',
    publish,
    sendsFrame(header, contentHeader(10)),
    sends('channel.close', { replyCode: 200 }),
  ),
  breaks(
    'C-19',
    'a frame larger than frame_max',
    logsIn({ tune: { frameMax: 4096 } }),
    sendsFrame(body, 'x'.repeat(5000)),
  ),
  conforms('C-19', 'a frame as large as frame_max', [
    logsIn({ tune: { frameMax: 4096 } }),
    declares('~q'),
    publishes({ key: '~q', body: 'x'.repeat(4088) }),
    does('basic.get', { queue: '~q', noAck: true }),
  ]),
  breaks('C-19', 'a wrong end octet', logsIn({}), sendsBytes('\x01\0\x01\0\0\0\x05\0\x14\0\x0a\0\x01')),
  breaks('C-28', 'a frame of an unknown type', sendsFrame(7, 'abc')),
  breaks('C-28', 'a frame of an unknown type on channel 0', on('a', 0, sendsFrame(7, 'abc'))),
  breaks('C-17', 'a heartbeat on a channel', sendsFrame(heartbeat, '')),
  breaks('C-17', 'a heartbeat with a payload', on('a', 0, sendsFrame(heartbeat, 'x'))),
  conforms('C-17', 'a heartbeat is taken', [on('a', 0, sendsFrame(heartbeat, '')), declares('~q')]),
  breaks('C-28', 'a header frame on channel 0', on('a', 0, sendsFrame(header, contentHeader(0)))),
  breaks('C-28', 'a body frame on channel 0', on('a', 0, sendsFrame(body, 'm'))),
];
