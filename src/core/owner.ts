/**
 * The connection behind a command: its user, its identity for exclusive queues, and what goes away with it.
 */

export class Owner {
  readonly user: string;
  /** Shown in listings and logs, e.g. `127.0.0.1:51234 -> 127.0.0.1:5672`. */
  readonly name: string;
  /** The names of the queues that only it may use. */
  readonly exclusiveQueues = new Set<string>();

  constructor(user: string, name: string) {
    this.user = user;
    this.name = name;
  }
}
