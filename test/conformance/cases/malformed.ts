/** Bytes that are no methods and no properties: what is refused, what is carried along, and with which bytes it is shown. */

import type { Step } from '../case-run.ts';
import {
  type ConformanceCase,
  conforms,
  contentHeader,
  declares,
  does,
  ends,
  logsIn,
  looksAt,
  sendsBytes,
  sendsFrame,
  sendsMethodBytes,
  settles,
} from '../steps.ts';

/** Sends a method with these bytes as its fields, which ends the connection. */
function undecodable(what: string, classId: number, methodId: number, fields: readonly number[]): ConformanceCase {
  return conforms('C-28', `cannot decode ${what}`, [sendsMethodBytes(classId, methodId, fields), ends()]);
}

/** Publishes to `~q` with these bytes as properties and says whether a message came there. */
function properties(what: string, ...bytes: readonly number[]): ConformanceCase {
  return withHeader(`properties: ${what}`, contentHeader(0, Buffer.from(bytes)));
}

/** Properties with nothing but headers, whose bytes these are. */
function headers(what: string, ...bytes: readonly number[]): ConformanceCase {
  return properties(`headers ${what}`, 0x20, 0, 0, 0, 0, bytes.length, ...bytes);
}

function withHeader(name: string, header: Buffer): ConformanceCase {
  return conforms('C-28', name, [
    declares('~q'),
    does('basic.publish', { routingKey: '~q' }),
    sendsFrame('header', header),
    settles(),
    looksAt('~q'),
  ]);
}

/** A method on a channel that was never opened. */
function unopened(what: string, bytes: string): ConformanceCase {
  return conforms('C-28', `cannot decode ${what}`, [logsIn({}), sendsBytes(bytes), ends()]);
}

const LETTER_A = 0x61;
const heavy = contentHeader(0);
heavy.writeUInt16BE(1, 2);
const malformedText = (name: string, ...steps: readonly Step[]): ConformanceCase =>
  conforms('C-28', `a text that is no UTF-8: ${name}`, [...steps, settles()]);

export const MALFORMED_CASES = [
  undecodable('publish that is cut short', 60, 40, [0, 0, 0, 1, 0x71]),
  undecodable('publish with bytes behind it', 60, 40, [0, 0, 0, 1, 0x71, 0, 1, 2]),
  undecodable('ack that is cut short', 60, 80, [0, 0, 0]),
  undecodable('ack with bytes behind it', 60, 80, [0, 0, 0, 0, 0, 0, 0, 1, 0, 0]),
  undecodable('nack that is cut short', 60, 120, [0, 0, 0]),
  undecodable('reject with bytes behind it', 60, 90, [0, 0, 0, 0, 0, 0, 0, 1, 0, 0]),
  undecodable('a table longer than its method', 50, 10, [0, 0, 1, 0x71, 0, 0, 0, 0, 9, 1]),
  undecodable('bytes behind a table', 50, 10, [0, 0, 1, 0x71, 0, 0, 0, 0, 0, 1]),
  undecodable('a method without fields that has some', 90, 10, [1]),
  undecodable('channel.close that is cut short', 20, 40, [1]),
  undecodable('bytes that would be a text', 50, 10, [...Buffer.from('hello')]),
  undecodable(
    'more bytes than a text holds',
    50,
    10,
    Array.from({ length: 300 }, (_, index) => index & 255),
  ),
  unopened('a method on a channel that is not open', '\x01\0\x01\0\0\0\x06\0\x32\0\x0a\0\0\xce'),
  unopened('channel.open that is cut short', '\x01\0\x01\0\0\0\x04\0\x14\0\x0a\xce'),
  properties('bytes left over', 0, 0, 1, 2),
  properties('bytes left over behind one', 0x10, 0, 2, 9),
  properties('a delivery mode that is missing', 0x10, 0),
  properties('a text cut short', 0x80, 0, 9, LETTER_A),
  properties('a timestamp cut short', 0, 0x40, 0, 0, 0),
  properties('a flag that belongs to none', 0, 2),
  properties('the flag for more flags, alone', 0, 1),
  properties('the flag for more flags, and more', 0, 1, 0, 0),
  properties('a text that is no UTF-8', 0x80, 0, 1, 0xff),
  properties('one flag byte', 0),
  properties('nothing'),
  properties('headers longer than the frame', 0x20, 0, 0, 0, 0, 9, 1),
  headers('with an unknown type', 1, LETTER_A, 0x3f),
  headers('with a number cut short', 1, LETTER_A, 0x49, 0, 0),
  headers('with a table longer than they are', 1, LETTER_A, 0x46, 0, 0, 0, 9),
  headers('with a table cut short inside', 1, LETTER_A, 0x46, 0, 0, 0, 3, 1, LETTER_A, 0x49),
  headers('with a list of an unknown type', 1, LETTER_A, 0x41, 0, 0, 0, 1, 0x3f),
  headers('with a key that is no UTF-8', 1, 0xff, 0x56),
  headers('with a boolean of 2', 1, LETTER_A, 0x74, 2),
  headers('with CC, malformed behind it', 2, 0x43, 0x43, 0x41, 0, 0, 0, 0, 1, LETTER_A, 0x3f),
  withHeader('a content header with a weight', heavy),
  malformedText('a queue', sendsMethodBytes(50, 10, [0, 0, 1, 0xff, 0, 0, 0, 0, 0])),
  malformedText('an exchange', sendsMethodBytes(40, 10, [0, 0, 1, 0xff, 6, ...Buffer.from('direct'), 0, 0, 0, 0, 0])),
  malformedText('a binding key', sendsMethodBytes(50, 20, [0, 0, 0, 0, 1, 0xff, 0, 0, 0, 0, 0])),
  malformedText('a consumer tag', sendsMethodBytes(60, 20, [0, 0, 0, 1, 0xff, 0, 0, 0, 0, 0])),
  malformedText(
    'a routing key is taken as it comes',
    sendsMethodBytes(60, 40, [0, 0, 0, 1, 0xff, 0]),
    sendsFrame('header', contentHeader(0)),
  ),
  conforms('C-28', 'bits that are not used are ignored', [
    declares('~q'),
    sendsMethodBytes(60, 40, [0, 0, 0, 1, 0x71, 0xf0]),
    sendsFrame('header', contentHeader(0)),
    sendsMethodBytes(50, 10, [0, 0, 0, 0xe0, 0, 0, 0, 0]),
    settles(),
  ]),
];
