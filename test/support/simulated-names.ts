/** The names in a simulated directory: as programs see them, as the disk has them for certain, and the changes between. */

import type { Random } from '../../src/base/random.ts';
import type { DiskFates } from './disk-fates.ts';
import { type Fate, SimulatedContent } from './simulated-content.ts';

type Names = Map<string, SimulatedContent>;

type Change =
  | { readonly kind: 'made'; readonly name: string; readonly content: SimulatedContent }
  | { readonly kind: 'removed'; readonly name: string; readonly content: SimulatedContent }
  | { readonly kind: 'renamed'; readonly from: string; readonly to: string; readonly content: SimulatedContent };

export class SimulatedNames {
  readonly #current: Names;
  readonly #durable: Names;
  #unsynced: Change[] = [];

  constructor(names: Iterable<[string, SimulatedContent]> = []) {
    this.#current = new Map(names);
    this.#durable = new Map(this.#current);
  }

  list(): readonly string[] {
    return [...this.#current.keys()];
  }

  contents(): Iterable<SimulatedContent> {
    return this.#current.values();
  }

  find(name: string): SimulatedContent | undefined {
    return this.#current.get(name);
  }

  make(name: string): SimulatedContent {
    const content = new SimulatedContent();
    this.#change({ kind: 'made', name, content });
    return content;
  }

  /** @returns whether it was there */
  remove(name: string): boolean {
    const content = this.#current.get(name);
    if (content !== undefined) this.#change({ kind: 'removed', name, content });
    return content !== undefined;
  }

  /** @returns whether it was there */
  rename(from: string, to: string): boolean {
    const content = this.#current.get(from);
    if (content !== undefined && from !== to) this.#change({ kind: 'renamed', from, to, content });
    return content !== undefined;
  }

  sync(): void {
    for (const change of this.#unsynced) apply(this.#durable, change);
    this.#unsynced = [];
  }

  /** Some of the changes have reached the disk, and the next sync says nothing of the others. */
  failSync(random: Random): void {
    for (const change of this.#unsynced) {
      if (random.below(2) === 0) apply(this.#durable, change);
    }
    this.#unsynced = [];
  }

  /** What the disk has after a power cut. */
  afterCrash(fate: Fate, random: Random, fates: DiskFates): SimulatedNames {
    const names: Names = new Map(this.#durable);
    for (const change of this.#unsynced) {
      if (fate === 'kept' || (fate === 'mixed' && random.below(2) === 0)) apply(names, change);
    }
    return new SimulatedNames([...names].map(([name, content]) => [name, content.afterCrash(fate, random, fates)]));
  }

  /** The same names with copies of what programs see, all of it durable. */
  copy(): SimulatedNames {
    const copies = [...this.#current].map(([name, { current }]): [string, SimulatedContent] => [
      name,
      new SimulatedContent(current.copy()),
    ]);
    return new SimulatedNames(copies);
  }

  #change(change: Change): void {
    apply(this.#current, change);
    this.#unsynced.push(change);
  }
}

/** Earlier changes of the same file may be lost; no file ever has two names. */
function apply(names: Names, change: Change): void {
  for (const [name, content] of names) {
    if (content === change.content) names.delete(name);
  }
  if (change.kind === 'made') names.set(change.name, change.content);
  if (change.kind === 'renamed') names.set(change.to, change.content);
}
