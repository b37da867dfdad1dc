/**
 * The newest connection, channel, consumer and queue that have ended, kept so that the engine does not forget what such
 * objects look like.
 *
 * The engine describes an object's fields by a hidden class, which lives no longer than the last object that has it. With
 * the hidden class goes all code that was compiled for it. The next objects get new ones, and functions that have seen
 * several in their making read their fields in the slow way, for good: after a pause without any client a small message
 * took 1.6 times as long as before. See docs/decisions/0025-ended-objects.md.
 */

export type EndedKind = 'connection' | 'session' | 'channel' | 'consumer' | 'queue';

export class Ended {
  readonly #newest = new Map<EndedKind, object>();

  /** Keeps an object that has ended and holds no messages, instead of the one before. */
  keep(kind: EndedKind, object: object): void {
    this.#newest.set(kind, object);
  }
}
