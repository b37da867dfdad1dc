/**
 * The connections that have opened a vhost, whatever protocol they speak: how many there may be, and who is to be told
 * when the broker wants something of all of them.
 */

import type { Alarms } from './alarms.ts';
import { refusal } from './errors.ts';

/** A connection, as the rest of the broker sees it. */
export interface OpenConnection {
  readonly user: string;
  readonly vhost: string;
  readonly channelCount: number;
  /** Ends it in the protocol's way. @param reason what the client is told (AMQP: 320 `CONNECTION_FORCED - reason`) */
  close(reason: string): void;
  /** An alarm was set or cleared. */
  alarmsChanged(): void;
  /** What its user may do in its vhost is not what it was. */
  permissionsChanged(): void;
}

/** How much the whole node takes. */
export interface NodeLimits {
  /** Named in the refusal of a channel. */
  readonly nodeName: string;
  readonly connectionsMax: number;
  readonly channelsMax: number;
}

const UNLIMITED: NodeLimits = { nodeName: 'node', connectionsMax: Infinity, channelsMax: Infinity };

/** As with RabbitMQ a limit of 0 lets nobody in; what has none is not limited. */
export interface UserLimits {
  readonly connectionsMax?: number | undefined;
  readonly channelsMax?: number | undefined;
}

export class OpenConnections {
  readonly #node: NodeLimits;
  readonly #alarms: Pick<Alarms, 'isOutOfRoom'>;
  readonly #open = new Set<OpenConnection>();
  readonly #vhostMax = new Map<string, number>();
  readonly #userLimits = new Map<string, UserLimits>();
  readonly #perVhost = new Map<string, number>();
  readonly #perUser = new Map<string, number>();
  readonly #channelsPerUser = new Map<string, number>();
  #channels = 0;

  constructor(node: NodeLimits = UNLIMITED, alarms: Pick<Alarms, 'isOutOfRoom'> = { isOutOfRoom: false }) {
    this.#node = node;
    this.#alarms = alarms;
  }

  get count(): number {
    return this.#open.size;
  }

  /** Open channels of all connections. */
  get channelCount(): number {
    return this.#channels;
  }

  [Symbol.iterator](): Iterator<OpenConnection> {
    return this.#open.values();
  }

  /** Connections of a vhost at most, from now on; undefined takes the limit away. */
  limitVhost(vhost: string, connectionsMax: number | undefined): void {
    if (connectionsMax === undefined) this.#vhostMax.delete(vhost);
    else this.#vhostMax.set(vhost, connectionsMax);
  }

  /** Connections and channels of a user at most, from now on; undefined takes the limits away. */
  limitUser(user: string, limits: UserLimits | undefined): void {
    if (limits === undefined) this.#userLimits.delete(user);
    else this.#userLimits.set(user, limits);
  }

  /** @throws BrokerError 530 when node, vhost or user have as many connections as they may, 506 without memory */
  assertMayOpen(user: string, vhost: string): void {
    if (this.#alarms.isOutOfRoom) throw refusal.noRoomFor('connection');
    if (this.#open.size >= this.#node.connectionsMax) throw refusal.nodeConnectionLimit(this.#node.connectionsMax);
    const vhostMax = this.#vhostMax.get(vhost) ?? Infinity;
    if (countOf(this.#perVhost, vhost) >= vhostMax) throw refusal.vhostConnectionLimit(vhost, user, vhostMax);
    const userMax = this.#userLimits.get(user)?.connectionsMax ?? Infinity;
    if (countOf(this.#perUser, user) >= userMax) throw refusal.userConnectionLimit(user, userMax);
  }

  add(connection: OpenConnection): void {
    this.#open.add(connection);
    count(this.#perVhost, connection.vhost, 1);
    count(this.#perUser, connection.user, 1);
  }

  /** @param connection has no channels left */
  remove(connection: OpenConnection): void {
    if (!this.#open.delete(connection)) return;
    count(this.#perVhost, connection.vhost, -1);
    count(this.#perUser, connection.user, -1);
  }

  /** Counts a channel. @throws BrokerError 506, 530, with nothing counted, when there may be no more */
  addChannel(user: string): void {
    if (this.#alarms.isOutOfRoom) throw refusal.noRoomFor('channel');
    const { nodeName, channelsMax } = this.#node;
    if (this.#channels >= channelsMax) throw refusal.nodeChannelLimit(nodeName, channelsMax);
    const userMax = this.#userLimits.get(user)?.channelsMax ?? Infinity;
    if (countOf(this.#channelsPerUser, user) >= userMax) throw refusal.userChannelLimit(user, userMax);
    this.#channels++;
    count(this.#channelsPerUser, user, 1);
  }

  removeChannels(user: string, channels: number): void {
    this.#channels -= channels;
    count(this.#channelsPerUser, user, -channels);
  }

  alarmsChanged(): void {
    for (const connection of this.#open) connection.alarmsChanged();
  }

  permissionsChanged(user: string, vhost: string): void {
    for (const connection of this.#open) {
      if (connection.user === user && connection.vhost === vhost) connection.permissionsChanged();
    }
  }
}

function countOf(counts: ReadonlyMap<string, number>, name: string): number {
  return counts.get(name) ?? 0;
}

function count(counts: Map<string, number>, name: string, difference: number): void {
  const sum = countOf(counts, name) + difference;
  if (sum === 0) counts.delete(name);
  else counts.set(name, sum);
}
