/** The definitions of a store as lines, at every ticket to which a crash may take it back. */

import type { Cut } from './cut.ts';

/** As it was from a ticket on. */
interface Snapshot {
  readonly ticket: number;
  readonly definitions: string;
  /** Set in the midst of a change that has several records: what there was before, and `definitions` is what comes of it. */
  readonly before: string | undefined;
}

export class ModelDefinitions {
  #snapshots: Snapshot[] = [{ ticket: 0, definitions: '', before: undefined }];

  get newest(): string {
    return this.#snapshots.at(-1)?.definitions ?? '';
  }

  /** They have changed, with records from ticket `first` to `last`. */
  changed(first: number, last: number, definitions: string): void {
    if (first < last) this.#snapshots.push({ ticket: first, definitions, before: this.newest });
    this.#snapshots.push({ ticket: last, definitions, before: undefined });
  }

  /** Says when they were not as they are found. */
  narrow(found: string, cut: Cut): void {
    for (const [index, { ticket, definitions, before }] of this.#snapshots.entries()) {
      if (before === undefined ? found === definitions : isBetween(found, before, definitions)) continue;
      const next = this.#snapshots[index + 1]?.ticket ?? Number.POSITIVE_INFINITY;
      cut.outside(ticket, next - 1, () => differenceOf(definitions, found));
    }
  }

  /** They are as found, which is as they were at a ticket. */
  survive(found: string, ticket: number): void {
    this.#snapshots = this.#snapshots.filter((snapshot) => snapshot.ticket < ticket);
    this.#snapshots.push({ ticket, definitions: found, before: undefined });
  }

  forget(certain: number): void {
    const newest = this.#snapshots.findLastIndex(({ ticket }) => ticket <= certain);
    if (newest > 0) this.#snapshots.splice(0, newest);
  }
}

/** What two states have in common is there, and nothing that neither has. Bindings count from others that may be gone. */
function isBetween(found: string, before: string, after: string): boolean {
  const [lines, first, second] = [linesOf(found), linesOf(before), linesOf(after)];
  const isComplete = [...first].every((line) => lines.has(line) || !second.has(line));
  return isComplete && [...lines].every((line) => first.has(line) || second.has(line));
}

function linesOf(text: string): Set<string> {
  return new Set(text.split('\n').filter((line) => line !== '' && !line.includes(' binding number ')));
}

/** The lines that only one of two texts has. */
function differenceOf(wanted: string, found: string): string {
  const without = (lines: string, others: string) => {
    const present = new Set(others.split('\n'));
    return lines.split('\n').filter((line) => !present.has(line));
  };
  const missing = without(wanted, found).map((line) => `\n  - ${line}`);
  const odd = without(found, wanted).map((line) => `\n  + ${line}`);
  return `the definitions are others:${missing.join('')}${odd.join('')}\n`;
}
