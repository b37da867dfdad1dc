/**
 * The log as one vhost writes its definitions to it.
 *
 * Who is told that something is there already, or gone already, must not be told so before that is durable, and it may
 * have been the command of somebody else a moment ago: then the newest record of the vhost is what the answer waits for.
 * Definitions are rare; that it may be the record of something else costs nobody much.
 */

import type { DefinitionRecord } from './definition-record.ts';
import type { Log, Ticket } from './ports.ts';

export class DefinitionLog {
  /** Of the newest record. At first: what came back from before a restart is as durable as the log says. */
  newest: Ticket;
  readonly #log: Pick<Log, 'define' | 'appended'>;
  #isClosed = false;

  constructor(log: Pick<Log, 'define' | 'appended'>) {
    this.#log = log;
    this.newest = log.appended;
  }

  /** @returns the record's ticket */
  define(record: DefinitionRecord): Ticket {
    if (!this.#isClosed) this.newest = this.#log.define(record);
    return this.newest;
  }

  /** The vhost is deleted, and its record says that all went: from now on nothing is written. */
  close(): void {
    this.#isClosed = true;
  }
}
