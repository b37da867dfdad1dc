/**
 * The frame reader: the same frames come out wherever the stream is cut and whenever its handler pauses.
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Region } from '../../base/bytes.ts';
import type { BrokerError } from '../../core/errors.ts';
import { FRAME_OVERHEAD_BYTES, FRAME_TYPES } from './frame.ts';
import { type FrameHandler, FrameReader } from './frame-reader.ts';
import { encodeFrame } from './frames-out.ts';

const FRAME_MAX = 4096;

/** Notes calls as text; pieces of one body that follow each other count as one call. */
class RecordingHandler implements FrameHandler {
  readonly calls: string[] = [];
  pieces = 0;
  isPaused = false;
  pauseAfter = Number.POSITIVE_INFINITY;
  /** Notes whole contents: as the calls that they stand for, so that cuts make no difference. */
  takesContent = false;
  contents = 0;
  readonly stated: boolean[] = [];
  #isInBody = false;

  method(channel: number, input: Region, start: number, end: number): void {
    this.#note(`method ${channel} ${hex(input, start, end)}`);
  }

  header(channel: number, input: Region, start: number, end: number, inputEnd: number): void {
    this.stated.push(inputEnd > end);
    this.#note(`header ${channel} ${hex(input, start, end)}`);
  }

  content(channel: number, input: Region, start: number, end: number, headerEnd: number, bodyEnd: number): boolean {
    if (!this.takesContent) return false;
    this.contents++;
    this.#note(`method ${channel} ${hex(input, start, end)}`);
    this.#note(`header ${channel} ${hex(input, end + FRAME_OVERHEAD_BYTES, headerEnd)}`);
    this.body(channel, input, headerEnd + FRAME_OVERHEAD_BYTES, bodyEnd);
    return true;
  }

  body(channel: number, input: Region, start: number, end: number): void {
    this.pieces++;
    const piece = hex(input, start, end);
    const last = this.calls.length - 1;
    if (this.#isInBody && this.calls[last]?.startsWith(`body ${channel} `)) this.calls[last] += piece;
    else this.#note(`body ${channel} ${piece}`);
    this.#isInBody = true;
  }

  heartbeat(channel: number): void {
    this.#note(`heartbeat ${channel}`);
  }

  broken(channel: number, error: BrokerError): void {
    this.#note(`broken ${channel} ${error.message}`);
  }

  #note(call: string): void {
    this.calls.push(call);
    this.#isInBody = false;
    if (this.calls.length % this.pauseAfter === 0) this.isPaused = true;
  }
}

function hex(input: Region, start: number, end: number): string {
  return Buffer.from(input.bytes.subarray(start, end)).toString('hex');
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(parts);
}

function bytes(count: number, first = 1): Uint8Array {
  return Uint8Array.from({ length: count }, (_, index) => first + index);
}

/** Hands in each part in a buffer that is overwritten afterwards, as the server's is. */
function feed(reader: FrameReader, parts: Iterable<Uint8Array>, shared = new Uint8Array(8192)): void {
  for (const part of parts) {
    shared.set(part, 3);
    reader.receive(shared, 3, 3 + part.length);
    shared.fill(0xee);
  }
}

function read(parts: Iterable<Uint8Array>, takesContent = false): RecordingHandler {
  const handler = new RecordingHandler();
  handler.takesContent = takesContent;
  feed(new FrameReader(handler, FRAME_MAX), parts);
  return handler;
}

const EVERY_TYPE = joined(
  encodeFrame(FRAME_TYPES.method, 1, bytes(9)),
  encodeFrame(FRAME_TYPES.header, 1, bytes(14)),
  encodeFrame(FRAME_TYPES.body, 1, bytes(11)),
  encodeFrame(FRAME_TYPES.heartbeat, 0, bytes(0)),
  encodeFrame(FRAME_TYPES.body, 2, bytes(0)),
  encodeFrame(FRAME_TYPES.heartbeat, 0, bytes(0)),
  encodeFrame(FRAME_TYPES.body, 2, bytes(1)),
  encodeFrame(FRAME_TYPES.method, 65_535, bytes(4)),
);

const EVERY_CALL = [
  'method 1 010203040506070809',
  'header 1 0102030405060708090a0b0c0d0e',
  'body 1 0102030405060708090a0b',
  'heartbeat 0',
  'body 2 ',
  'heartbeat 0',
  'body 2 01',
  'method 65535 01020304',
];

describe('cuts', () => {
  test('a stream in one piece gives its frames in order, each body whole', () => {
    const handler = read([EVERY_TYPE]);
    expect(handler.calls).toEqual(EVERY_CALL);
    expect(handler.pieces).toBe(3);
  });

  test('a stream that is cut anywhere gives the same frames', () => {
    for (let cut = 0; cut <= EVERY_TYPE.length; cut++) {
      expect(read([EVERY_TYPE.subarray(0, cut), EVERY_TYPE.subarray(cut)]).calls).toEqual(EVERY_CALL);
    }
  });

  test('a content that is taken whole is the same wherever the stream is cut', () => {
    for (let cut = 0; cut <= EVERY_TYPE.length; cut++) {
      expect(read([EVERY_TYPE.subarray(0, cut), EVERY_TYPE.subarray(cut)], true).calls).toEqual(EVERY_CALL);
    }
  });

  test('a stream that comes byte by byte gives the same frames', () => {
    expect(read(Array.from(EVERY_TYPE, (byte) => Uint8Array.of(byte))).calls).toEqual(EVERY_CALL);
  });

  const frame = fc
    .record({
      type: fc.constantFrom(...Object.values(FRAME_TYPES)),
      channel: fc.nat(3),
      payload: fc.uint8Array({ minLength: 4, maxLength: 700 }),
    })
    .map(({ type, channel, payload }) =>
      encodeFrame(type, channel, type === FRAME_TYPES.heartbeat ? bytes(0) : payload),
    );

  test('random frames in random pieces, with pauses, are the frames that were sent', () => {
    const sizes = fc.infiniteStream(fc.integer({ min: 1, max: 900 }));
    fc.assert(
      fc.property(
        fc.array(frame, { maxLength: 20 }),
        sizes,
        fc.integer({ min: 1, max: 5 }),
        fc.boolean(),
        (frames, cuts, pauseAfter, takesContent) => {
          const stream = joined(...frames);
          const whole = read([stream.subarray(0, 8000)]);
          const handler = new RecordingHandler();
          handler.takesContent = takesContent;
          handler.pauseAfter = pauseAfter;
          const reader = new FrameReader(handler, FRAME_MAX);
          for (let position = 0; position < Math.min(stream.length, 8000); ) {
            const next = Math.min(position + (cuts.next().value ?? 1), stream.length, 8000);
            feed(reader, [stream.subarray(position, next)]);
            position = next;
            resumeOnce(handler, reader);
          }
          while (handler.isPaused) resumeOnce(handler, reader);
          expect(handler.calls).toEqual(whole.calls);
        },
      ),
    );
  });
});

describe('a method with its whole content', () => {
  const method = encodeFrame(FRAME_TYPES.method, 1, bytes(9));
  const header = encodeFrame(FRAME_TYPES.header, 1, bytes(14));
  const body = encodeFrame(FRAME_TYPES.body, 1, bytes(11));

  test('comes in one call, and what stands behind it as ever', () => {
    const handler = read([joined(method, header, body, method, header, body, method)], true);
    expect(handler.contents).toBe(2);
    expect(handler.calls).toHaveLength(7);
  });

  test.each([
    ['the body is not whole', [method, header, body.subarray(0, -1)]],
    ['there is no body', [method, header]],
    ['the header is for another channel', [method, encodeFrame(FRAME_TYPES.header, 2, bytes(14)), body]],
    ['the body is for another channel', [method, header, encodeFrame(FRAME_TYPES.body, 2, bytes(11))]],
    ['the header is too short', [method, encodeFrame(FRAME_TYPES.header, 1, bytes(11)), body]],
    ['the method has no id', [encodeFrame(FRAME_TYPES.method, 1, bytes(3)), header, body]],
    ['together it is above the largest frame', [method, header, encodeFrame(FRAME_TYPES.body, 1, bytes(4080))]],
  ])('comes frame by frame when %s', (_why, frames) => {
    const stream = joined(...frames);
    expect(read([stream], true)).toMatchObject({ contents: 0, calls: read([stream]).calls });
  });

  test.each([
    ['header', 1],
    ['body', 2],
  ])('comes frame by frame up to a %s whose end is wrong', (_which, index) => {
    const frames = [method, header, body].map((frame) => Uint8Array.from(frame));
    frames[index]?.fill(0xcd, -1);
    const stream = joined(...frames);
    const handler = read([stream], true);
    expect(handler).toMatchObject({ contents: 0, calls: read([stream]).calls });
    expect(handler.calls.at(-1)).toMatch(/^broken 1 /);
  });
});

function resumeOnce(handler: RecordingHandler, reader: FrameReader): void {
  handler.isPaused = false;
  reader.resume();
}

describe('memory', () => {
  test('a reader between frames keeps nothing', () => {
    const handler = new RecordingHandler();
    const reader = new FrameReader(handler, FRAME_MAX);
    const cut = EVERY_TYPE.length - 3;
    feed(reader, [EVERY_TYPE.subarray(0, cut)]);
    expect(reader.keptBytes).toBe(9);
    feed(reader, [EVERY_TYPE.subarray(cut)]);
    expect(reader.keptBytes).toBe(0);
  });

  test('a body that comes in pieces is handed on as it comes, all but its last byte before the frame end', () => {
    const handler = new RecordingHandler();
    const reader = new FrameReader(handler, FRAME_MAX);
    const frame = encodeFrame(FRAME_TYPES.body, 1, bytes(100));
    feed(reader, [frame.subarray(0, 57)]);
    expect([handler.pieces, reader.keptBytes]).toEqual([1, 0]);
    feed(reader, [frame.subarray(57, 107)]);
    expect([handler.pieces, reader.keptBytes]).toEqual([2, 1]);
    feed(reader, [frame.subarray(107)]);
    expect(handler.calls).toEqual([`body 1 ${Buffer.from(bytes(100)).toString('hex')}`]);
  });

  test('a header says that its body is here only when the whole body frame follows at once', () => {
    const header = encodeFrame(FRAME_TYPES.header, 1, bytes(14));
    const body = encodeFrame(FRAME_TYPES.body, 1, bytes(30));
    const other = encodeFrame(FRAME_TYPES.method, 2, bytes(60));
    expect(read([joined(header, body)]).stated).toEqual([true]);
    expect(read([joined(header, body.subarray(0, 37))]).stated).toEqual([false]);
    expect(read([joined(header, other, body)]).stated).toEqual([false]);
    expect(read([header.subarray(0, 5), joined(header.subarray(5), body)]).stated).toEqual([false]);
  });
});

describe('pauses', () => {
  test('after any call the reader can be paused, and goes on where it stopped', () => {
    for (let pauseAfter = 1; pauseAfter <= EVERY_CALL.length; pauseAfter++) {
      const handler = new RecordingHandler();
      handler.pauseAfter = pauseAfter;
      const reader = new FrameReader(handler, FRAME_MAX);
      feed(reader, [EVERY_TYPE.subarray(0, 60), EVERY_TYPE.subarray(60)]);
      expect(handler.calls).toEqual(EVERY_CALL.slice(0, pauseAfter));
      for (let rounds = 0; handler.isPaused && rounds < 20; rounds++) resumeOnce(handler, reader);
      expect(handler.calls).toEqual(EVERY_CALL);
      expect(reader.keptBytes).toBe(0);
    }
  });

  test('a reader that was stopped drops what it has and what comes', () => {
    const handler = new RecordingHandler();
    handler.pauseAfter = 1;
    const reader = new FrameReader(handler, FRAME_MAX);
    feed(reader, [EVERY_TYPE]);
    reader.stop();
    resumeOnce(handler, reader);
    feed(reader, [EVERY_TYPE]);
    expect([handler.calls, reader.keptBytes]).toEqual([EVERY_CALL.slice(0, 1), 0]);
  });
});

describe('frames that are wrong', () => {
  function withEnd(frame: Uint8Array, marker: number): Uint8Array {
    return joined(frame.subarray(0, -1), Uint8Array.of(marker));
  }

  const text = Buffer.from('say "hello" and go');

  test.each<[string, Uint8Array, string]>([
    [
      'a frame end that is none',
      withEnd(encodeFrame(FRAME_TYPES.method, 1, Uint8Array.of(0, 60, 0, 10)), 33),
      'broken 1 FRAME_ERROR - type 1, all octets = <<0,60,0,10>>: {invalid_frame_end_marker,33}',
    ],
    [
      'a type that does not exist',
      encodeFrame(7, 5, Buffer.from('xxxx')),
      'broken 5 FRAME_ERROR - type 7, all octets = <<"xxxx">>: unknown_frame',
    ],
    [
      'a long payload of a type that does not exist',
      encodeFrame(7, 5, text),
      'broken 5 FRAME_ERROR - type 7, first 16 octets = <<"say \\"hello\\" and ">>: unknown_frame',
    ],
    [
      'a method frame without room for a method',
      encodeFrame(FRAME_TYPES.method, 1, bytes(0)),
      'broken 1 FRAME_ERROR - type 1, all octets = <<>>: unknown_frame',
    ],
    [
      'a heartbeat with a payload',
      encodeFrame(FRAME_TYPES.heartbeat, 0, Buffer.from('abc')),
      'broken 0 FRAME_ERROR - type 8, all octets = <<"abc">>: unknown_frame',
    ],
    [
      'a frame that is too large',
      Uint8Array.of(3, 0, 1, 0x7f, 0xff, 0xff, 0xff),
      'broken 1 FRAME_ERROR - type 3, all octets = <<>>: {frame_too_large,2147483647,4088}',
    ],
  ])('%s ends the stream, wherever it is cut', (_name, frame, call) => {
    for (let cut = 0; cut <= frame.length; cut++) {
      expect(read([frame.subarray(0, cut), joined(frame.subarray(cut), EVERY_TYPE)]).calls).toEqual([call]);
    }
  });

  test('a body whose frame end is wrong is never handed on completely', () => {
    const frame = withEnd(encodeFrame(FRAME_TYPES.body, 1, bytes(20)), 0);
    for (let cut = 0; cut <= frame.length; cut++) {
      const { calls } = read([frame.subarray(0, cut), frame.subarray(cut)]);
      expect(calls.at(-1)).toMatch(/^broken 1 FRAME_ERROR - type 3, .*\{invalid_frame_end_marker,0\}$/);
      expect(calls.filter((call) => call.startsWith('body')).join('').length).toBeLessThan('body 1 '.length + 40);
    }
  });

  test('a payload as large as frame_max is taken, one byte more is not', () => {
    expect(read([encodeFrame(FRAME_TYPES.body, 1, new Uint8Array(FRAME_MAX))]).calls).toHaveLength(1);
    expect(read([encodeFrame(FRAME_TYPES.body, 1, new Uint8Array(FRAME_MAX + 1))]).calls).toEqual([
      'broken 1 FRAME_ERROR - type 3, all octets = <<>>: {frame_too_large,4097,4088}',
    ]);
  });

  test('frame_max 0 is no limit, and an announced size takes no memory', () => {
    const handler = new RecordingHandler();
    const reader = new FrameReader(handler, 0);
    feed(reader, [Uint8Array.of(1, 0, 1, 0xff, 0xff, 0xff, 0xff, 1, 2, 3)]);
    expect([handler.calls, reader.keptBytes]).toEqual([[], 10]);
  });
});
