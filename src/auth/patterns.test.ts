/**
 * Patterns as RabbitMQ's users write them, and what becomes of those that would hold up the broker.
 */

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Patterns } from './patterns.ts';

function world() {
  const lines: string[] = [];
  const note = (text: string): void => void lines.push(text);
  return { lines, patterns: new Patterns({ info: note, warning: note, error: note }) };
}

/** Catastrophic for an engine that backtracks, and with a lookahead, so that no other one takes it. */
const CATASTROPHIC = '^(?!x)(a+)+$';
const evil = (index: number): string => `${'a'.repeat(200 + index)}!`;

describe('patterns', () => {
  test.each([
    ['.*', 'anything', true],
    ['orders', 'my-orders-2', true],
    ['^orders', 'my-orders', false],
    ['^(orders|events)$', 'events', true],
    ['^amq\\.', 'amq.topic', true],
    ['^amq\\.', 'amqptopic', false],
    ['^$', 'x', false],
    ['^a.*?b$', 'aXXb', true],
    ['(?i)^ORDERS$', 'orders', true],
    ['^[[:alpha:]]+$', 'abc', true],
    ['\\Aq\\z', 'q', true],
    ['^(?!amq\\.).*', 'orders', true],
    ['^(?!amq\\.).*', 'amq.topic', false],
    ['(?i)^(?!AMQ\\.).*', 'amq.topic', false],
    ['\\A(?!amq\\.).*\\z', 'orders', true],
    ['^q{2,3}$', 'qq', true],
    ['^q{2,3}$', 'qqqq', false],
    ['^\\p{Lu}+$', 'ÄÖ', true],
    ['^{username}-', '{username}-1', true],
    ['^a\\\\Ab$', 'a\\Ab', true],
  ])('%s and %s: %s', (pattern, text, isMatch) => {
    expect(world().patterns.matches(pattern, text)).toBe(isMatch);
  });

  test.each([
    '(',
    'a**',
    '(?<!',
    '[z-a]',
    '^(?!a)\\x{41}',
    '^(?!a)[^]b]',
    '(?!a)\\gb',
    '\\pL{2}',
    '^(?!\\Qa.b\\E)',
    '(?>a)b',
    '^(?![[:alpha:]])',
  ])('%s is no pattern', (pattern) => {
    const { patterns, lines } = world();

    expect(patterns.whyInvalid(pattern)).toEqual(expect.any(String));
    expect([patterns.matches(pattern, 'a'), patterns.matches(pattern, 'b')]).toEqual([false, false]);
    expect(lines).toHaveLength(1);
  });

  test('a name is its own pattern, and matches no other name of the same length', () => {
    const name = fc.stringMatching(/^[a-z]{1,20}$/);
    const { patterns } = world();
    fc.assert(
      fc.property(name, name, (one, other) => {
        expect(patterns.matches(`^${one}$`, other)).toBe(one === other);
        expect(patterns.matches(`^(?!${one}$)`, other)).toBe(one !== other);
      }),
    );
  });

  test('a pattern that backtracks without end matches nothing, and the log says so once', () => {
    const { patterns, lines } = world();

    const answers = [0, 1, 2, 3, 4].map((index) => patterns.matches(CATASTROPHIC, evil(index)));

    expect(answers).toEqual([false, false, false, false, false]);
    expect(lines).toEqual([`the pattern '${CATASTROPHIC}' takes too long: no match`]);
  });

  test('a pattern that was over the bound three times is not asked any more, but its old answers hold', () => {
    const { patterns } = world();
    expect(patterns.matches(CATASTROPHIC, 'aaa')).toBe(true);
    for (let index = 0; index < 3; index++) patterns.matches(CATASTROPHIC, evil(index));

    expect([patterns.matches(CATASTROPHIC, 'aaa'), patterns.matches(CATASTROPHIC, 'aaaa')]).toEqual([true, false]);
  });

  test('one pattern that takes too long does not stop others', () => {
    const { patterns } = world();
    for (let index = 0; index < 3; index++) patterns.matches(CATASTROPHIC, evil(index));

    expect(patterns.matches('^(?!x)a+$', 'aaaa')).toBe(true);
  });

  test('answers stay right when there are more names and patterns than are kept', () => {
    const { patterns } = world();
    for (let index = 0; index < 70_000; index++) patterns.matches('7$', `q${index}`);
    for (let index = 0; index < 1100; index++) patterns.matches(`^q${index}$`, 'q1');

    expect([patterns.matches('7$', 'q7'), patterns.matches('7$', 'q8'), patterns.matches('^q1$', 'q1')]).toEqual([
      true,
      false,
      true,
    ]);
  });
});
