/**
 * A page of a queue from the moment it leaves the ring until nothing needs it any more: its messages wait in memory to be
 * written, then they are in a file; the log may know it as their home.
 */

import type { Messages } from '../../../core/messages.ts';
import { HOLE, type PagedQueue } from '../../../core/ports.ts';
import type { PagedContent } from '../bundle.ts';
import { type DurablePage, type PageOwner, type SettledBits, settledBytes } from './durable-page.ts';
import type { PageFile } from './page-file.ts';
import type { PagePlace } from './page-format.ts';

export interface PageOptions {
  readonly number: number;
  readonly queue: PagedQueue;
  readonly firstSequence: number;
  readonly span: number;
  readonly bytes: number;
  /** How many of its messages are persistent. */
  readonly persistent: number;
  /** As in `PagePlace`. */
  readonly earliestExpiryMs: number;
  readonly world: PageWorld;
}

/** What all pages have in common. */
export interface PageWorld {
  /** Of pages whose messages are in memory. */
  heldBytes: number;
  /** Nothing needs the page any more. */
  done(page: Page): void;
}

export class Page implements PagedContent, PageOwner {
  readonly number: number;
  readonly queue: PagedQueue;
  readonly firstSequence: number;
  readonly span: number;
  readonly bytes: number;
  readonly persistent: number;
  readonly earliestExpiryMs: number;
  /** Its messages, while they are in memory; the page holds their references. */
  handles: Uint32Array | undefined;
  file: PageFile | undefined;
  offset = 0;
  isWriting = false;
  /** The queue has the page in its ring. */
  isWanted = true;
  /** Where another process left it: what was settled since does not come back. */
  isRestored = false;
  /** The part of it that the ring knows: what is around may be on another page. */
  shown: { readonly from: number; readonly to: number };
  holes: SettledBits;
  readonly #world: PageWorld;
  #durable: DurablePage | undefined;
  /** The log is about to know it. */
  #isHoming = false;
  #isDone = false;

  constructor(options: PageOptions) {
    this.number = options.number;
    this.queue = options.queue;
    this.firstSequence = options.firstSequence;
    this.span = options.span;
    this.bytes = options.bytes;
    this.persistent = options.persistent;
    this.earliestExpiryMs = options.earliestExpiryMs;
    this.#world = options.world;
    this.shown = { from: 0, to: options.span };
  }

  /** Only when it is in a file. */
  get place(): PagePlace {
    const { queue, firstSequence, span, file, offset, bytes, earliestExpiryMs } = this;
    return { queueId: queue.id, firstSequence, span, file: file?.number ?? 0, offset, bytes, earliestExpiryMs };
  }

  /** A restart must find its messages there, once the log may know of it. */
  get wantsHome(): boolean {
    return this.isWanted && this.queue.options.durable && this.persistent > 0;
  }

  /** Messages that the log knew, and that are settled: bits of a restored page. */
  get settled(): SettledBits {
    return this.#durable?.settled;
  }

  /** Keeps messages until they are safe elsewhere. */
  hold(handles: Uint32Array): void {
    this.handles = handles;
    this.#world.heldBytes += this.bytes;
    for (let entry = 0; entry < handles.length; entry++) {
      if (handles[entry] !== HOLE) continue;
      this.holes ??= new Uint8Array(settledBytes(this.span));
      this.holes[entry >>> 3] = (this.holes[entry >>> 3] ?? 0) | (1 << (entry & 7));
    }
  }

  /** The messages go elsewhere. */
  takeHandles(): Uint32Array | undefined {
    const { handles } = this;
    if (handles !== undefined) this.#world.heldBytes -= this.bytes;
    this.handles = undefined;
    return handles;
  }

  /** The queue has its messages back, or wants them no more. */
  leave(): void {
    this.isWanted = false;
    this.check();
  }

  /** A record about it is on its way. */
  homing(): void {
    this.#isHoming = true;
  }

  sealed(durable: DurablePage | undefined): void {
    this.#isHoming = false;
    this.#setDurable(durable);
  }

  /** The log had it already. */
  restored(durable: DurablePage): void {
    this.isRestored = true;
    this.shown = durable.liveRange();
    this.#setDurable(durable);
  }

  emptied(): void {
    this.#setDurable(undefined);
  }

  /** Whether anything needs it is looked at again. */
  check(): void {
    if (this.isWanted || this.isWriting || this.#isHoming || this.#durable !== undefined || this.#isDone) return;
    this.#isDone = true;
    this.#world.done(this);
  }

  #setDurable(durable: DurablePage | undefined): void {
    this.#durable = durable;
    if (durable !== undefined) durable.owner = this;
    this.check();
  }
}

/** Gives back the references that handles stand for. */
export function releaseAll(messages: Messages, handles: Uint32Array | undefined): void {
  if (handles === undefined) return;
  for (const handle of handles) if (handle !== HOLE) messages.release(handle);
}
