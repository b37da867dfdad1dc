/**
 * The headers exchange: the arguments of a binding are the headers that a message must have. Routing keys do not count.
 *
 * All of them must match (`x-match` is `all`, the default) or one of them (`any`). Arguments whose names begin with
 * `x-` only count with `all-with-x` and `any-with-x`. An argument without a value asks only for the header to be there.
 */

import { type Field, type FieldTable, text } from '../../base/field-table.ts';
import type { Binding, RoutedQueue, Targets } from '../binding.ts';
import { refusal } from '../errors.ts';
import { fieldTerm, fieldTypeName, sameValue } from '../field-value.ts';
import type { Router } from './router.ts';

const MATCH_ARGUMENT = 'x-match';
const BROKER_PREFIX = 'x-';

/** What the values of `x-match` mean. */
const MODES: ReadonlyMap<string | undefined, MatchMode> = new Map([
  [undefined, { needsAll: true, countsAll: false }],
  ['all', { needsAll: true, countsAll: false }],
  ['any', { needsAll: false, countsAll: false }],
  ['all-with-x', { needsAll: true, countsAll: true }],
  ['any-with-x', { needsAll: false, countsAll: true }],
]);

interface MatchMode {
  readonly needsAll: boolean;
  /** Arguments whose names begin with `x-` count too. */
  readonly countsAll: boolean;
}

/** What a binding asks for. */
interface HeadersPattern {
  readonly needsAll: boolean;
  readonly wanted: readonly (readonly [name: string, value: Field])[];
}

export class HeadersRouter<Q extends RoutedQueue> implements Router<Q> {
  readonly routesByKeyOnly = false;
  readonly #patterns = new Map<Binding<Q>, HeadersPattern>();

  add(binding: Binding<Q>): void {
    this.#patterns.set(binding, patternOf(binding.arguments));
  }

  remove(binding: Binding<Q>): void {
    this.#patterns.delete(binding);
  }

  route(_key: string, headers: FieldTable, into: Targets<Q>): void {
    for (const [binding, pattern] of this.#patterns) if (matches(pattern, headers)) into.add(binding);
  }
}

/** @throws BrokerError 406 */
function patternOf(bindingArguments: FieldTable): HeadersPattern {
  const { needsAll, countsAll } = modeOf(bindingArguments.get(MATCH_ARGUMENT));
  const counts = (name: string) => (countsAll ? name !== MATCH_ARGUMENT : !name.startsWith(BROKER_PREFIX));
  return { needsAll, wanted: [...bindingArguments].filter(([name]) => counts(name)) };
}

function modeOf(field: Field | undefined): MatchMode {
  if (field !== undefined && field.type !== 'S') throw refusal.matchType(fieldTypeName(field), fieldTerm(field));
  const mode = MODES.get(text(field));
  if (mode === undefined) throw refusal.matchValue(field === undefined ? '' : fieldTerm(field));
  return mode;
}

function matches({ needsAll, wanted }: HeadersPattern, headers: FieldTable): boolean {
  for (const [name, value] of wanted) if (hasHeader(headers, name, value) !== needsAll) return !needsAll;
  return needsAll;
}

function hasHeader(headers: FieldTable, name: string, wanted: Field): boolean {
  const field = headers.get(name);
  return field !== undefined && (wanted.type === 'V' || sameValue(wanted, field));
}
