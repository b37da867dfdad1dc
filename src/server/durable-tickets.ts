/** Promises that wait for the log, kept from turn to turn. */

import type { Durability } from '../auth/durability.ts';
import type { Ticket } from '../core/ports.ts';

interface Waiting {
  readonly ticket: Ticket;
  readonly resolve: () => void;
}

export class DurableTickets implements Durability {
  readonly #log: { readonly durable: Ticket };
  readonly #scheduleTurn: () => void;
  #waiting: Waiting[] = [];

  /** @param scheduleTurn asks for a turn, which flushes the log and calls `turnEnded` */
  constructor(log: { readonly durable: Ticket }, scheduleTurn: () => void) {
    this.#log = log;
    this.#scheduleTurn = scheduleTurn;
  }

  async whenDurable(ticket: Ticket): Promise<void> {
    if (ticket <= this.#log.durable) return;
    this.#scheduleTurn();
    await new Promise<void>((resolve) => this.#waiting.push({ ticket, resolve }));
  }

  /** The log may have come further. */
  turnEnded(): void {
    if (this.#waiting.length === 0) return;
    const { durable } = this.#log;
    const done = this.#waiting.filter(({ ticket }) => ticket <= durable);
    this.#waiting = this.#waiting.filter(({ ticket }) => ticket > durable);
    for (const { resolve } of done) resolve();
  }
}
