/**
 * One pattern that a user wrote, in the dialect that RabbitMQ's users know (PCRE), unanchored.
 *
 * Most go to `re2js`, which is linear in the length of the text. What it refuses, and what would take it long to compile,
 * runs as a JavaScript regular expression under a bound.
 */

import { RE2JS, RE2JSException } from 're2js';
import { callBounded } from './bounded-call.ts';

/** More time than this no answer may take. */
const BOUND_MS = 5;
const PATTERN_CHARACTERS_MAX = 65_535;
/** With longer patterns, counted repetition or Unicode classes, re2js may compile for longer than the bound. */
const RE2_CHARACTERS_MAX = 256;
const SLOW_FOR_RE2 = /\{\d|\\[pP]/;

const LEADING_FLAGS = /^\(\?([ims]+)\)/;
/**
 * What means something else in JavaScript than in PCRE, or nothing: POSIX classes, comments, a `]` that begins a class,
 * `\x{41}`, `\pL`, and escaped letters but for the ones listed.
 */
const FOREIGN = /\[\[[:.=]|\(\?#|\[\^?\]|\\x\{|\\[pP](?!\{)|\\(?![bBdDsSwWnrtfpPxcAzZk])[a-zA-Z]/;

/** `overBound`: there was no answer in time. */
export type PatternAnswer = 'match' | 'noMatch' | 'overBound';

export interface Pattern {
  test(text: string): PatternAnswer;
}

/** @throws PatternError when it is no pattern, or uses what neither engine knows. */
export function compilePattern(source: string): Pattern {
  if (source.length > PATTERN_CHARACTERS_MAX)
    throw new PatternError(`longer than ${PATTERN_CHARACTERS_MAX} characters`);
  return linearPattern(source) ?? backtrackingPattern(source);
}

/** Says what is wrong with a pattern. */
export class PatternError extends Error {
  override readonly name = 'PatternError';
}

function linearPattern(source: string): Pattern | undefined {
  if (source.length > RE2_CHARACTERS_MAX || SLOW_FOR_RE2.test(source)) return undefined;
  try {
    const compiled = RE2JS.compile(source);
    return { test: (text) => (compiled.test(text) ? 'match' : 'noMatch') };
  } catch (error) {
    if (error instanceof RE2JSException) return undefined;
    throw error;
  }
}

function backtrackingPattern(source: string): Pattern {
  const expression = toJavaScript(source);
  return {
    test(text) {
      // A machine that is busy with something else is not the pattern's fault: once more.
      const first = callBounded(() => expression.test(text), BOUND_MS);
      const result = first.isInTime || first.ranMs >= BOUND_MS - 1 ? first : retry(expression, text);
      if (!result.isInTime) return 'overBound';
      return result.value ? 'match' : 'noMatch';
    },
  };
}

function retry(expression: RegExp, text: string): ReturnType<typeof callBounded<boolean>> {
  return callBounded(() => expression.test(text), BOUND_MS);
}

function toJavaScript(source: string): RegExp {
  const flags = LEADING_FLAGS.exec(source)?.[1] ?? '';
  const body = source.replace(LEADING_FLAGS, '');
  if (FOREIGN.test(withoutEscapedBackslashes(body))) throw new PatternError('it uses what only PCRE has');
  try {
    const unicode = /\\[pP]\{/.test(body) ? 'u' : '';
    return new RegExp(body.replace(/\\([\\AzZ])/g, javaScriptAnchor), [...new Set(flags)].join('') + unicode);
  } catch (error) {
    if (error instanceof SyntaxError) throw new PatternError(error.message);
    throw error;
  }
}

/** So that no escape is seen where a backslash was meant. */
function withoutEscapedBackslashes(source: string): string {
  return source.replaceAll('\\\\', '');
}

function javaScriptAnchor(anchor: string, letter: string): string {
  if (letter === '\\') return anchor;
  return letter === 'A' ? '^' : '$';
}
