/** Confirms on the wire: whatever was rejected is told so once, and everything else is acked once. */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { framesOf } from '../../../test/support/amqp-channel.ts';
import { ByteReader } from '../../base/byte-reader.ts';
import { regionOf } from '../../base/bytes.ts';
import { ChunkPool, Output } from '../../base/output.ts';
import { writeConfirms, writeEarlyConfirms } from './confirm-frames.ts';
import { Confirms } from './confirms.ts';
import { decodeMethod } from './methods.ts';

/** What a client hears after so many publishes, in the turns that `ranges` end; some of them were rejected. */
function confirmed(outcomes: readonly boolean[], ends: readonly number[] = [outcomes.length]): string[] {
  const confirms = new Confirms({ durable: 0 });
  for (const isTaken of outcomes) {
    if (isTaken) confirms.add(0);
    else confirms.reject();
  }
  const output = new Output(new ChunkPool(), { unpin: () => undefined });
  let first = 1;
  for (const last of ends) {
    writeConfirms(output, 1, confirms, { first, last });
    first = last + 1;
  }
  return lines(output);
}

function lines(output: Output): string[] {
  const bytes = Buffer.concat(output.take().parts);
  return framesOf(bytes).map(({ payload }) => {
    const reader = new ByteReader(regionOf(payload));
    const method = decodeMethod(reader.u32(), reader);
    if (method?.name !== 'basic.ack' && method?.name !== 'basic.nack') throw new Error('only confirms were expected');
    return `${method.name === 'basic.ack' ? 'ack' : 'nack'} ${method.deliveryTag}${method.multiple ? ' multiple' : ''}`;
  });
}

describe('confirms', () => {
  test('are one basic.ack', () => {
    expect(confirmed([true])).toEqual(['ack 1']);
    expect(confirmed([true, true, true])).toEqual(['ack 3 multiple']);
  });

  test('of what was rejected are a basic.nack each, before the ack of the others', () => {
    expect(confirmed([true, false, true])).toEqual(['nack 2', 'ack 3 multiple']);
  });

  test('never end with an ack of what was rejected', () => {
    expect(confirmed([true, false, false])).toEqual(['nack 2', 'nack 3', 'ack 1']);
    expect(confirmed([false, false])).toEqual(['nack 1', 'nack 2']);
  });

  test('that do not wait for what came before are one each', () => {
    const confirms = new Confirms({ durable: 0 });
    for (const ticket of [1, 0, 0]) confirms.add(ticket);
    confirms.reject();
    confirms.add(0);
    confirms.advance();
    const output = new Output(new ChunkPool(), { unpin: () => undefined });
    writeEarlyConfirms(output, 1, confirms);
    expect(lines(output)).toEqual(['ack 2', 'ack 3', 'nack 4', 'ack 5']);
    expect(confirms.hasRejected).toBe(false);
  });

  test('tell of each message once, whatever comes in which turn', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: 1 }), fc.integer({ min: 1, max: 5 }), (outcomes, turn) => {
        const ends = outcomes.flatMap((_, index) => ((index + 1) % turn === 0 ? [index + 1] : []));
        const lines = confirmed(outcomes, [...ends, outcomes.length]);
        expect(heard(lines)).toEqual(outcomes);
      }),
    );
  });
});

/** A client's book: what each of its messages was told. */
function heard(lines: readonly string[]): (boolean | undefined)[] {
  const told: (boolean | undefined)[] = [];
  for (const line of lines) {
    const [kind, tag, multiple] = line.split(' ');
    const last = Number(tag) - 1;
    for (let index = multiple === undefined ? last : 0; index <= last; index++) told[index] ??= kind === 'ack';
  }
  return told;
}
