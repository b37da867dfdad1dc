/**
 * What the clients of the torture were promised and what they were given, kept outside of the broker: knows what may not
 * have happened.
 */

/** One message in one queue. */
interface Entry {
  isConfirmed: boolean;
  /** How often it was received. */
  receipts: number;
  /** The acknowledgement cannot have been lost: a later publish on the same connection was confirmed. */
  isCommitted: boolean;
}

export class Ledger {
  readonly violations: string[] = [];
  readonly #entries = new Map<string, Entry>();
  #acked = 0;
  #committed = 0;

  published(queue: string, id: string): void {
    this.#entries.set(keyOf(queue, id), { isConfirmed: false, receipts: 0, isCommitted: false });
  }

  confirmed(queue: string, id: string): void {
    this.#entry(queue, id).isConfirmed = true;
  }

  received(queue: string, id: string, isRedelivered: boolean): void {
    const entry = this.#entry(queue, id);
    if (entry.isCommitted) this.violations.push(`${id} came from ${queue} again after its acknowledgement was durable`);
    if (entry.receipts > 0 && !isRedelivered)
      this.violations.push(`${id} came from ${queue} twice and does not say so`);
    entry.receipts++;
  }

  acked(): void {
    this.#acked++;
  }

  /** A later answer on the same connection says that the acknowledgement is durable. */
  ackCommitted(queue: string, id: string): void {
    this.#commit(this.#entry(queue, id));
  }

  /** After everything that is left has been received. */
  finish(): void {
    for (const [key, entry] of this.#entries) {
      if (entry.isConfirmed && entry.receipts === 0) this.violations.push(`${key} was confirmed and is lost`);
    }
  }

  get summary(): string {
    const entries = [...this.#entries.values()];
    const confirmed = entries.filter(({ isConfirmed }) => isConfirmed).length;
    const repeated = entries.filter(({ receipts }) => receipts > 1).length;
    return (
      `${entries.length} published, ${confirmed} confirmed, ${this.#acked} acknowledged, ` +
      `${Math.round(100 * this.committedShare)} % of them committed, ${repeated} redelivered`
    );
  }

  /** Of all acknowledgements, those that are known to be durable. */
  get committedShare(): number {
    return this.#acked === 0 ? 0 : this.#committed / this.#acked;
  }

  #commit(entry: Entry): void {
    if (entry.isCommitted) return;
    entry.isCommitted = true;
    this.#committed++;
  }

  #entry(queue: string, id: string): Entry {
    const entry = this.#entries.get(keyOf(queue, id));
    if (entry === undefined) throw new Error(`${queue} gave '${id}', which nobody has published there`);
    return entry;
  }
}

function keyOf(queue: string, id: string): string {
  return `${queue}/${id}`;
}
