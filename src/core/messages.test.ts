/** Messages in memory: what is put in comes out, large bodies stay in their pieces, and nothing is left behind. */

import { describe, expect, test } from 'vitest';
import { bodyText, textRegion } from '../../test/support/core-broker.ts';
import { SEGMENT_BYTES } from '../base/arena.ts';
import { regionOf } from '../base/bytes.ts';
import { LARGE_BODY_BYTES, Messages } from './messages.ts';
import type { MessageHandle } from './ports.ts';

const ORIGIN = { id: 0xffff_fffe, exchangeBytes: textRegion('exchange'), keyBytes: textRegion('a.routing.key') };
const PROPERTIES = textRegion('..properties..');

function create(messages: Messages, body: string, isPersistent = false): MessageHandle {
  const bytes = textRegion(body);
  return messages.create(ORIGIN, isPersistent, 1_700_000_000_123, PROPERTIES, 2, 10, bytes, 0, bytes.bytes.length);
}

/** All that a message says of itself. */
function describeMessage(messages: Messages, message: MessageHandle): object {
  const region = messages.regionOf(message);
  const start = messages.offsetOf(message);
  const names = messages.exchangeStart(start);
  const lengths = [
    messages.exchangeBytes(region, start),
    messages.keyBytes(region, start),
    messages.propertiesBytes(region, start),
  ];
  let position = names;
  const texts = lengths.map((length) => {
    position += length;
    return Buffer.from(region.bytes.subarray(position - length, position)).toString();
  });
  return {
    routeId: messages.routeId(region, start),
    texts,
    bodyBytes: messages.bodyBytes(region, start),
    isPersistent: messages.isPersistent(message),
    enqueuedAtMs: messages.enqueuedAtMs(message),
    priority: messages.priority(region, start),
  };
}

const EXPECTED = {
  routeId: 0xffff_fffe,
  texts: ['exchange', 'a.routing.key', 'properties'],
  enqueuedAtMs: 1_700_000_000_123,
  priority: 0,
};

describe('a message', () => {
  test.each([false, true])('says what it was made of; persistent: %s', (isPersistent) => {
    const messages = new Messages();
    const message = create(messages, 'the body', isPersistent);
    expect(describeMessage(messages, message)).toEqual({ ...EXPECTED, bodyBytes: 8, isPersistent });
    expect(bodyText(messages, message)).toBe('the body');
    expect(messages.largeBody(message)).toBeUndefined();
  });

  test('is the same after it was copied out and in', () => {
    const messages = new Messages();
    const message = create(messages, 'the body', true);
    const before = describeMessage(messages, message);
    const stored = messages.copyOut(message);
    messages.release(message);
    create(messages, 'another one');
    const again = messages.copyIn(stored);
    expect([describeMessage(messages, again), bodyText(messages, again)]).toEqual([before, 'the body']);
  });

  test('lives until its last reference and its last pin are given back', () => {
    const messages = new Messages();
    const message = create(messages, 'm');
    messages.retain(message);
    messages.pin(message);
    for (const giveBack of ['release', 'unpin'] as const) {
      messages[giveBack](message);
      expect(messages.stats.blocks).toBe(1);
    }
    messages.release(message);
    expect(messages.stats.blocks).toBe(0);
  });
});

describe('a large body', () => {
  const pieces = () => [new Uint8Array(LARGE_BODY_BYTES).fill(1), new Uint8Array(10).fill(2)];

  test('stays in the pieces in which it came, and counts', () => {
    const messages = new Messages();
    const body = pieces();
    const message = messages.createLarge(ORIGIN, true, 1_700_000_000_123, PROPERTIES, 2, 10, body);
    const bodyBytes = LARGE_BODY_BYTES + 10;
    expect(messages.largeBody(message)).toBe(body);
    expect(describeMessage(messages, message)).toEqual({ ...EXPECTED, bodyBytes, isPersistent: true });
    expect(messages.stats.largeBytes).toBe(bodyBytes);
    expect([messages.usedBytes, messages.heldBytes]).toEqual([
      SEGMENT_BYTES + bodyBytes,
      128 * SEGMENT_BYTES + bodyBytes,
    ]);
    messages.release(message);
    expect(messages.stats).toMatchObject({ largeBytes: 0, blocks: 0 });
  });

  test('goes along when the message is copied out and in', () => {
    const messages = new Messages();
    const message = messages.createLarge(ORIGIN, false, 0, regionOf(new Uint8Array(0)), 0, 0, pieces());
    const stored = messages.copyOut(message);
    messages.release(message);
    const again = messages.copyIn(stored);
    expect(messages.largeBody(again)).toEqual(pieces());
    expect(messages.stats.largeBytes).toBe(LARGE_BODY_BYTES + 10);
  });
});
