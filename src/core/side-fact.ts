/**
 * What a log is told of a message besides that it is in a queue and has left it, and of the keys that a queue has seen; and
 * what these facts add up to.
 *
 * Keys are texts with one character for each byte: see base/byte-text.ts.
 */

/** Bytes in a key. Longer ones have to be made shorter before the log hears of them. */
export const KEY_BYTES_MAX = 255;

interface OfMessage {
  readonly queueId: number;
  readonly sequence: number;
}

/** A fact about a message in a queue. It goes with the message. */
export type MessageFact =
  /** How often the message has come back to its queue by now. */
  | (OfMessage & { readonly kind: 'returned'; readonly count: number })
  /** The message is not ready before this time. */
  | (OfMessage & { readonly kind: 'delayDue'; readonly dueMs: number })
  /** It is, whatever was said before. */
  | (OfMessage & { readonly kind: 'delayCancelled' })
  /** The message belongs to the group with this key. */
  | (OfMessage & { readonly kind: 'groupKey'; readonly key: string });

/** A queue has seen this key, which counts until that time. It stays when the message with it has left. */
export interface SeenFact {
  readonly kind: 'dedupSeen';
  readonly queueId: number;
  readonly key: string;
  readonly untilMs: number;
}

export type SideFact = MessageFact | SeenFact;

/** What the facts about a queue add up to. Messages are named by their sequences. */
export interface QueueSideState {
  /** How often messages have come back, where they have. */
  readonly returns: ReadonlyMap<number, number>;
  /** When delayed messages are due, in milliseconds. */
  readonly dues: ReadonlyMap<number, number>;
  readonly groupKeys: ReadonlyMap<number, string>;
  /** Until when a key that was seen counts, in milliseconds. Those whose time is up may still be there. */
  readonly seen: ReadonlyMap<string, number>;
}
