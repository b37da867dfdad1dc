/** Messages in memory: what is put in comes out, large bodies stay in their pieces, and nothing is left behind. */

import { describe, expect, test } from 'vitest';
import { bodyText, textRegion } from '../../test/support/core-broker.ts';
import { SEGMENT_BYTES } from '../base/arena.ts';
import { regionOf } from '../base/bytes.ts';
import { LARGE_BODY_BYTES, Messages, NEVER_MS } from './messages.ts';
import type { MessageHandle } from './ports.ts';

const ORIGIN = { id: 0xffff_fffe, exchangeBytes: textRegion('exchange'), keyBytes: textRegion('a.routing.key') };
const PROPERTIES = textRegion('..properties..');

function create(messages: Messages, body: string, isPersistent = false): MessageHandle {
  const bytes = textRegion(body);
  return messages.create(ORIGIN, isPersistent, 200, 1_700_000_000_123, PROPERTIES, 2, 10, bytes, 0, bytes.bytes.length);
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
    timeToLiveMs: messages.timeToLiveMs(message),
    expiresAtMs: messages.expiresAtMs(message),
  };
}

const EXPECTED = {
  routeId: 0xffff_fffe,
  texts: ['exchange', 'a.routing.key', 'properties'],
  enqueuedAtMs: 1_700_000_000_123,
  priority: 200,
  timeToLiveMs: NEVER_MS,
  expiresAtMs: NEVER_MS,
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

describe('a message with a time to live', () => {
  test.each([0, 1, 2 ** 32 - 1, 2 ** 32, 315_360_000_000, 2 ** 48 - 1])('of %d ms says when it expires', (ms) => {
    const messages = new Messages();
    const message = create(messages, 'the body', true);
    messages.expireAfter(message, ms);
    const said = { timeToLiveMs: ms, expiresAtMs: 1_700_000_000_123 + ms };
    expect(describeMessage(messages, message)).toEqual({ ...EXPECTED, ...said, bodyBytes: 8, isPersistent: true });
    expect(bodyText(messages, message)).toBe('the body');
  });

  test('says so wherever it is taken: copied, brought back, restored, moved', () => {
    const messages = new Messages();
    const message = create(messages, 'the body');
    messages.expireAfter(message, 2 ** 40 + 7);
    const before = describeMessage(messages, message);
    const { run } = messages.copyOut(message);
    const [copied, back] = [
      messages.copyIn({ run, pieces: undefined }),
      messages.readmit(regionOf(run), 0, run.length, 0),
    ];
    const restored = messages.restore(regionOf(run), 0, run.length, 0);
    const others = Array.from({ length: 20_000 }, () => create(messages, 'one of many'));
    for (const other of others) messages.release(other);
    messages.compact(100);
    for (const handle of [message, copied, back]) expect(describeMessage(messages, handle)).toEqual(before);
    expect(describeMessage(messages, restored)).toEqual({ ...before, routeId: 0 });
  });

  test('leaves nothing of it to the next one in the same place', () => {
    const messages = new Messages();
    const message = create(messages, 'm');
    messages.expireAfter(message, 2 ** 48 - 1);
    const start = messages.offsetOf(message);
    messages.release(message);
    const next = create(messages, 'm');
    expect([messages.offsetOf(next), messages.timeToLiveMs(next)]).toEqual([start, NEVER_MS]);
    const { view } = messages.regionOf(next);
    expect(messages.keyBytes({ bytes: new Uint8Array(), view }, start)).toBe(ORIGIN.keyBytes.bytes.length);
  });

  test.each([-1, 0.5, 2 ** 48, NEVER_MS])('of %d ms is not had', (ms) => {
    const messages = new Messages();
    expect(() => messages.expireAfter(create(messages, 'm'), ms)).toThrow('a time to live does not fit');
  });
});

describe('a large body', () => {
  const pieces = () => [new Uint8Array(LARGE_BODY_BYTES).fill(1), new Uint8Array(10).fill(2)];

  test('stays in the pieces in which it came, and counts', () => {
    const messages = new Messages();
    const body = pieces();
    const message = messages.createLarge(ORIGIN, true, 200, 1_700_000_000_123, PROPERTIES, 2, 10, body);
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
    const message = messages.createLarge(ORIGIN, false, 0, 0, regionOf(new Uint8Array(0)), 0, 0, pieces());
    messages.expireAfter(message, 5);
    const stored = messages.copyOut(message);
    messages.release(message);
    const again = messages.copyIn(stored);
    expect([messages.largeBody(again), messages.timeToLiveMs(again)]).toEqual([pieces(), 5]);
    expect(messages.stats.largeBytes).toBe(LARGE_BODY_BYTES + 10);
  });
});
