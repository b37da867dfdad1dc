/**
 * A log that keeps nothing: for brokers whose data may go with the process, and for the simulator, which decides how
 * many turns late it is.
 */

import type { DeliverAt, DurabilityWaiter, Log, MessageHandle, Ticket } from '../../core/ports.ts';
import type { DefinitionRecord, SettleReason } from '../../core/records.ts';
import { Waiters } from '../waiters.ts';

export interface MemoryLogOptions {
  /** How many flushes after the one that wrote it a ticket becomes durable; 0 by default. Infinity: never. */
  readonly flushesLate?: () => number;
  /** 'append' unless given. */
  readonly deliverAt?: DeliverAt;
}

interface WaitingTicket {
  readonly ticket: Ticket;
  readonly dueFlush: number;
}

export class MemoryLog implements Log {
  readonly deliverAt: DeliverAt;
  durable: Ticket = 0;
  appended: Ticket = 0;
  /** There is nothing to write. */
  readonly isBehind = false;

  readonly #flushesLate: () => number;
  readonly #waiters = new Waiters();
  #flushes = 0;
  #waiting: WaitingTicket[] = [];

  constructor(options: MemoryLogOptions = {}) {
    this.deliverAt = options.deliverAt ?? 'append';
    this.#flushesLate = options.flushesLate ?? (() => 0);
  }

  publish(_message: MessageHandle): Ticket {
    return ++this.appended;
  }

  reached(_queueId: number, _sequence: number): void {}

  settle(_queueId: number, _sequence: number, _reason: SettleReason): Ticket {
    return ++this.appended;
  }

  settleRun(_queueId: number, _firstSequence: number, _count: number, _reason: SettleReason): Ticket {
    return ++this.appended;
  }

  /** Nothing comes back after a crash. */
  watermark(_queueId: number, _sequence: number, _upTo: number): Ticket {
    return 0;
  }

  returned(_queueId: number, _sequence: number, _count: number): Ticket {
    return ++this.appended;
  }

  delayDue(_queueId: number, _sequence: number, _dueMs: number): Ticket {
    return ++this.appended;
  }

  delayCancelled(_queueId: number, _sequence: number): Ticket {
    return ++this.appended;
  }

  groupKey(_queueId: number, _sequence: number, _key: Uint8Array): Ticket {
    return ++this.appended;
  }

  dedupSeen(_queueId: number, _key: Uint8Array, _untilMs: number): Ticket {
    return ++this.appended;
  }

  dedupExpired(_queueId: number, _upToMs: number): void {}

  get saved(): Ticket {
    return this.durable;
  }

  whenSaved(ticket: Ticket, waiter: DurabilityWaiter): void {
    this.whenDurable(ticket, waiter);
  }

  whenDurable(ticket: Ticket, waiter: DurabilityWaiter): void {
    this.#waiters.add(ticket, waiter);
  }

  define(_record: DefinitionRecord): Ticket {
    return ++this.appended;
  }

  beginGroup(): void {}

  endGroup(): void {}

  flush(): void {
    this.#flushes++;
    const late = this.#flushesLate();
    if (late <= 0 && this.#waiting.length === 0) this.durable = this.appended;
    else this.#flushLate(late);
    this.#waiters.reached(this.durable);
  }

  /** Tickets become durable in their order, each not before its flush has come. */
  #flushLate(late: number): void {
    this.#waiting.push({ ticket: this.appended, dueFlush: this.#flushes + late });
    for (
      let first = this.#waiting[0];
      first !== undefined && first.dueFlush <= this.#flushes;
      first = this.#waiting[0]
    ) {
      this.durable = first.ticket;
      this.#waiting.shift();
    }
  }
}
