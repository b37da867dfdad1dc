/**
 * When messages leave memory.
 *
 * Persistent messages go early. Their place on a page is for good: the log need not keep them, a restart need not read
 * them, and a long backlog costs disk. Those that will be needed soon go later, because they would only be written to be
 * read; and those that are not persistent only when memory becomes short.
 */

import type { Messages } from '../../../core/messages.ts';
import type { MemoryUse } from '../../../core/ports.ts';
import type { OfferedMessages, PagePolicy } from './page-store.ts';

/** Several turns' deliveries of small messages, so that a queue is drained as fast as the disk reads. */
const PAGES_AHEAD = 4;
/** A consumer that lags by 100,000 messages of 1 KB finds them in memory. */
const DRAINING_FACTOR = 3;
/** Memory is short from this share of what may be in use on: long before publishers are blocked. */
const SHORT_SHARE = 0.4;

export interface MessageMemoryOptions {
  readonly messages: Pick<Messages, 'usedBytes'>;
  /** Of the whole broker. */
  readonly memory: MemoryUse;
  /** Message memory from which on persistent messages of durable queues leave it; three times as much when they drain. */
  readonly persistentBytes: number;
}

export class MessageMemoryPolicy implements PagePolicy {
  readonly #options: MessageMemoryOptions;

  constructor(options: MessageMemoryOptions) {
    this.#options = options;
  }

  /** With memory short, a queue gets what it needs next and no more: there may be very many of them. */
  get pagesAhead(): number {
    return this.#isShort ? 0 : PAGES_AHEAD;
  }

  get isAnyDue(): boolean {
    const { messages, persistentBytes } = this.#options;
    return messages.usedBytes > persistentBytes || this.#isShort;
  }

  shouldPageOut({ isPersistent, isDraining }: OfferedMessages): boolean {
    const { messages, persistentBytes } = this.#options;
    const early = isDraining ? DRAINING_FACTOR * persistentBytes : persistentBytes;
    return (isPersistent && messages.usedBytes > early) || this.#isShort;
  }

  get #isShort(): boolean {
    const { usedBytes, limitBytes } = this.#options.memory;
    return usedBytes > SHORT_SHARE * limitBytes;
  }
}
