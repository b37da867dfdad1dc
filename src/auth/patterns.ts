/**
 * Tests names against the patterns that users wrote: permissions now, policies and filters later. Answers are kept, and
 * no pattern may hold up the broker.
 */

import type { LogLines } from '../core/log-lines.ts';
import type { PatternMatcher } from '../core/ports.ts';
import { compilePattern, type Pattern, PatternError } from './pattern.ts';

/** How many patterns, and how many answers of all of them, are kept. */
const PATTERNS_MAX = 1024;
const ANSWERS_MAX = 65_536;
/** So often a pattern may be over the bound; then it is not asked any more. */
const OVER_BOUND_MAX = 3;

interface KnownPattern {
  readonly source: string;
  /** Undefined when there is no such pattern, or when it was over the bound too often. */
  pattern: Pattern | undefined;
  readonly answers: Map<string, boolean>;
  overBound: number;
}

export class Patterns implements PatternMatcher {
  readonly #known = new Map<string, KnownPattern>();
  readonly #logLines: LogLines;
  #answers = 0;

  constructor(logLines: LogLines) {
    this.#logLines = logLines;
  }

  whyInvalid(pattern: string): string | undefined {
    try {
      compilePattern(pattern);
      return undefined;
    } catch (error) {
      if (error instanceof PatternError) return error.message;
      throw error;
    }
  }

  matches(pattern: string, text: string): boolean {
    const known = this.#known.get(pattern) ?? this.#learn(pattern);
    return known.answers.get(text) ?? this.#ask(known, text);
  }

  #learn(source: string): KnownPattern {
    // Who has more patterns than this pays with compiling some again.
    if (this.#known.size >= PATTERNS_MAX) this.#forgetAll();
    const known: KnownPattern = { source, pattern: this.#compile(source), answers: new Map(), overBound: 0 };
    this.#known.set(source, known);
    return known;
  }

  #compile(source: string): Pattern | undefined {
    try {
      return compilePattern(source);
    } catch (error) {
      if (!(error instanceof PatternError)) throw error;
      this.#logLines.warning(`the pattern '${source}' matches nothing: ${error.message}`);
      return undefined;
    }
  }

  #ask(known: KnownPattern, text: string): boolean {
    const answer = known.pattern?.test(text) ?? 'noMatch';
    if (answer === 'overBound') {
      this.#overBound(known);
      return false;
    }
    if (this.#answers >= ANSWERS_MAX) this.#forgetAnswers();
    this.#answers++;
    known.answers.set(text, answer === 'match');
    return answer === 'match';
  }

  #forgetAll(): void {
    this.#known.clear();
    this.#answers = 0;
  }

  #forgetAnswers(): void {
    for (const { answers } of this.#known.values()) answers.clear();
    this.#answers = 0;
  }

  /** Whoever chooses the names could hold up the broker with every new one: a few times are enough. */
  #overBound(known: KnownPattern): void {
    known.overBound++;
    if (known.overBound === 1) this.#logLines.warning(`the pattern '${known.source}' takes too long: no match`);
    if (known.overBound >= OVER_BOUND_MAX) known.pattern = undefined;
  }
}
