/** What an administrator's promise waits for: that what was done survives anything. The server knows when. */

import type { Ticket } from '../core/ports.ts';

export interface Durability {
  /** Resolves once the log has come to `ticket`. */
  whenDurable(ticket: Ticket): Promise<void>;
}
