/** The residency of a simulated broker: in memory, and noted is what it is there for. */

import type { Messages } from '../../../src/core/messages.ts';
import type { PagedOut, PagedQueue } from '../../../src/core/ports.ts';
import type { Pump } from '../../../src/core/pump.ts';
import { UnackedPages } from '../../../src/core/queue/unacked-pages.ts';
import { MemoryResidency, type MemoryResidencyOptions } from '../../../src/storage/memory/memory-residency.ts';
import type { Sightings } from '../model/sightings.ts';

export class SimResidency extends MemoryResidency {
  readonly #seen: Sightings;

  constructor(messages: Messages, pump: Pump, options: MemoryResidencyOptions, seen: Sightings) {
    super(messages, pump, options);
    this.#seen = seen;
  }

  override pageOut(queue: PagedQueue, firstSequence: number, handles: Uint32Array): PagedOut | undefined {
    const taken = super.pageOut(queue, firstSequence, handles);
    if (taken !== undefined && queue instanceof UnackedPages) this.#seen.add('what a client holds on a page');
    return taken;
  }

  override copyAhead(queue: PagedQueue, page: number): void {
    this.#seen.add('what came back read from its page');
    super.copyAhead(queue, page);
  }
}
