/**
 * What has happened in a world, of all that its workload is there for, so that a test can say that none of it is left
 * out.
 */

export const SIGHTS = [
  'a message returned',
  'a return before a confirm',
  'publishes committed',
  'settles committed',
  'a message returned by a commit',
  'a commit to a queue declared since',
  'a commit without a queue deleted since',
  'publishes rolled back',
  'settles rolled back',
  'a publish in a transaction that ends with its channel',
  'a tag settled twice in a transaction',
  'a command during a commit',
  'a recover of what is held',
  'a recover in a transaction, but for what it settles',
  'a request for direct replies',
  'a request without a consumer for the replies',
  'a second consumer of replies',
  'a reply',
  'a reply to a requester that is gone',
  'an address asked for',
  'an exclusive queue gone with its connection',
  'an exclusive queue refused to others',
  'an auto-delete queue gone with its last consumer',
  'an auto-delete exchange gone with its last binding',
  'an auto-delete exchange gone with what it was bound to',
  'a message handed on to another exchange',
  'a circle of exchanges',
  'an alternate exchange',
  'a match of headers',
  'copies by CC and BCC',
  'an internal exchange refused',
  'a delivery at commit',
  'a get of what is not durable',
  'what a client holds on a page',
  'what came back read from its page',
] as const;

export type Sight = (typeof SIGHTS)[number];

export class Sightings {
  readonly #counts = new Map<Sight, number>();

  add(sight: Sight): void {
    this.#counts.set(sight, this.count(sight) + 1);
  }

  count(sight: Sight): number {
    return this.#counts.get(sight) ?? 0;
  }
}
