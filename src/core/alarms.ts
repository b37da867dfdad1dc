/**
 * Resource alarms: while one is set, connections that publish are not read. Who measures memory and disk sets and
 * clears them; this knows only that they are set.
 */

export type Resource = 'memory' | 'disk';

export class Alarms {
  readonly #onChange: () => void;
  readonly #set = new Set<Resource>();

  /** @param onChange called when the reason for blocking is another one than before */
  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  get isActive(): boolean {
    return this.#set.size > 0;
  }

  /** What connection.blocked says: `low on memory`, `low on disk` or `low on memory & disk`. */
  get reason(): string {
    const resources = (['memory', 'disk'] as const).filter((resource) => this.#set.has(resource));
    return `low on ${resources.join(' & ')}`;
  }

  set(resource: Resource): void {
    if (this.#set.has(resource)) return;
    this.#set.add(resource);
    this.#onChange();
  }

  clear(resource: Resource): void {
    if (this.#set.delete(resource)) this.#onChange();
  }
}
