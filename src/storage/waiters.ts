/**
 * Those who wait for a ticket to become durable, in the order of their tickets.
 */

import type { DurabilityWaiter, Ticket } from '../core/ports.ts';

interface Waiting {
  readonly ticket: Ticket;
  readonly waiter: DurabilityWaiter;
}

export class Waiters {
  /** Tickets rise, so that whoever came first is served first. */
  #waiting: Waiting[] = [];

  add(ticket: Ticket, waiter: DurabilityWaiter): void {
    this.#waiting.push({ ticket, waiter });
  }

  /** Calls back all whose ticket is durable. */
  reached(durable: Ticket): void {
    if (this.#waiting.length === 0) return;
    const served = this.#waiting.filter(({ ticket }) => ticket <= durable);
    this.#waiting = this.#waiting.filter(({ ticket }) => ticket > durable);
    for (const { waiter } of served) waiter.durabilityReached();
  }
}
