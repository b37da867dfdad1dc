/**
 * Resource alarms: while one is set, connections that publish are not read. Who measures memory and disk sets and
 * clears them; this knows only that they are set.
 */

import { refusal } from './errors.ts';

export type Resource = 'memory' | 'disk';

const ASKED_BETWEEN_LOOKS = 64;

const RESOURCES: readonly Resource[] = ['memory', 'disk'];

export class Alarms {
  /**
   * The memory for definitions is nearly used up, which blocking publishers does not help: nothing more of that kind is
   * taken, while all there is goes on.
   */
  isOutOfRoom = false;
  /**
   * More is published than the disk can take: whoever publishes to it waits a moment. That is no alarm, and no client is
   * told.
   */
  isLogBehind = false;
  /** Looks whether there is room, and says so in `isOutOfRoom`; set by who measures it. */
  lookForRoom: () => void = () => {};
  readonly #onChange: () => void;
  readonly #set = new Set<Resource>();
  #asked = 0;

  /** @param onChange called when what connections wait for is not what it was */
  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  get isActive(): boolean {
    return this.#set.size > 0;
  }

  /** Those that are set. */
  get resources(): readonly Resource[] {
    return RESOURCES.filter((resource) => this.#set.has(resource));
  }

  /** What connection.blocked says: `low on memory`, `low on disk` or `low on memory & disk`. */
  get reason(): string {
    return `low on ${this.resources.join(' & ')}`;
  }

  isSet(resource: Resource): boolean {
    return this.#set.has(resource);
  }

  set(resource: Resource): void {
    if (this.#set.has(resource)) return;
    this.#set.add(resource);
    this.#onChange();
  }

  clear(resource: Resource): void {
    if (this.#set.delete(resource)) this.#onChange();
  }

  /** @param isBehind see `isLogBehind` */
  logBehind(isBehind: boolean): void {
    if (this.isLogBehind === isBehind) return;
    this.isLogBehind = isBehind;
    this.#onChange();
  }

  /** @param what is to be added: `declare queue 'q' in vhost '/'` @throws BrokerError 406 */
  assertRoomTo(what: string): void {
    // One read of a socket can declare thousands of queues.
    if (++this.#asked % ASKED_BETWEEN_LOOKS === 0) this.lookForRoom();
    if (this.isOutOfRoom) throw refusal.noRoomTo(what);
  }
}
