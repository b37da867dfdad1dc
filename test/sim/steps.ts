/**
 * One random step of a world: a client acts, bytes move, a turn ends, time passes, something breaks, somebody comes or
 * goes. The same seed makes the same steps.
 */

import type { Random } from '../../src/base/random.ts';
import { act } from './clients/plan.ts';
import type { SimConnection } from './connection.ts';
import type { SimWorld } from './world.ts';

/** What a client may have under way before it waits. */
const UNSENT_BYTES_MAX = 256 * 1024;

export function takeStep(world: SimWorld): void {
  if (world.model.isBehind) return world.node.endTurn();
  const { random, connections } = world;
  const connection = connections[random.below(Math.max(1, connections.length))];
  if (connection === undefined) world.connect();
  else happen(world, connection, random.below(1000));
  world.reap();
}

function happen(world: SimWorld, connection: SimConnection, dice: number): void {
  const { random } = world;
  const { client } = connection;
  if (dice < 420) actOf(world, connection);
  else if (dice < 640) {
    if (!client.isMute) connection.send(pieceOf(random));
  } else if (dice < 800) {
    if (!client.isSlow) connection.read(pieceOf(random));
  } else if (dice < 970) world.node.endTurn();
  else if (dice < 980) passTime(world);
  else if (dice < 992) breakSomething(world, connection, dice);
  else comeOrGo(world, connection);
}

function actOf(world: SimWorld, { client }: SimConnection): void {
  if (client.state === 'open' && client.output.length < UNSENT_BYTES_MAX) act(world, client);
}

function passTime({ clock, random, node, connections }: SimWorld): void {
  clock.advance(random.below(6000));
  node.tick();
  for (const { client, transport } of connections) {
    client.beat();
    if (!transport.isClosing) transport.session.tick(clock.now());
  }
}

function breakSomething(world: SimWorld, connection: SimConnection, dice: number): void {
  const { client } = connection;
  if (dice < 983) client.isSlow = !client.isSlow;
  else if (dice < 984) client.isMute = !client.isMute;
  else if (dice < 987) reportLog(world);
  else if (world.random.below(world.profile.cutOdds) === 0) world.cut(connection);
}

/** The log may report between turns, or fall silent. */
function reportLog(world: SimWorld): void {
  const { random, profile, log, node } = world;
  if (random.below(8) === 0) log.isLost = random.below(profile.lostOdds) === 0;
  world.lookAtAll();
  log.report();
  node.turn.schedule();
}

function comeOrGo(world: SimWorld, { client }: SimConnection): void {
  const { random, profile, connections } = world;
  if (connections.length < profile.connectionsMax) world.connect();
  else if (random.below(profile.cutOdds) === 0 && client.state === 'open') client.close();
}

/** How many bytes arrive at once: a few, some, or all there are. */
function pieceOf(random: Random): number {
  switch (random.below(4)) {
    case 0:
      return 1 + random.below(20);
    case 1:
      return 1 + random.below(2000);
    default:
      return 64 * 1024;
  }
}
