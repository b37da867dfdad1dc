/** What a turn does, in which order, driven by hand. */

import { describe, expect, test } from 'vitest';
import { ChunkPool, Output } from '../base/output.ts';
import type { Session } from '../protocols/session.ts';
import type { TurnConnection } from './turn.ts';
import { Turn } from './turn.ts';

/** A broker, a scheduler and connections that write down what happens to them. */
class World {
  readonly events: string[] = [];
  readonly scheduled: (() => void)[] = [];
  readonly log = { appended: 0, flush: () => void this.events.push('flush') };
  readonly turn: Turn;
  readonly pump = { hasWork: false };
  onPump: () => void = () => {};
  onEnd: () => void = () => {};
  onFlushed: () => void = () => {};
  refreshed = 0;
  elapsedMs = 0;

  constructor() {
    const broker = {
      log: this.log,
      pump: this.pump,
      endTurn: (budget: number) => {
        this.events.push(`pump ${budget}`);
        this.onPump();
      },
      logFlushed: () => this.onFlushed(),
    };
    this.turn = new Turn({
      broker,
      schedule: (callback) => void this.scheduled.push(callback),
      clock: { refresh: () => void this.refreshed++ },
      elapsedMs: () => this.elapsedMs,
      deliveriesPerTurn: 7,
      onEnd: () => this.onEnd(),
    });
  }

  connection(name: string, onEndTurn: () => void = () => {}): TurnConnection & { isClosed: boolean } {
    const session: Session = {
      output: new Output(new ChunkPool(), { unpin: () => {} }),
      receive: () => {},
      endTurn: () => {
        this.events.push(`${name} ends its turn`);
        onEndTurn();
      },
      drained: () => {},
      tick: () => {},
      shutdown: () => {},
      closed: () => {},
    };
    const turnEnded = () => void this.events.push(`${name} writes`);
    return { session, isClosed: false, isTouched: false, turnEnded };
  }

  /** Runs the turn that was asked for. */
  runScheduled(): void {
    const callback = this.scheduled.shift();
    expect(callback, 'no turn was asked for').toBeDefined();
    this.events.length = 0;
    callback?.();
  }
}

describe('a turn', () => {
  test('pumps, flushes the log, lets the touched sessions end it and then writes', () => {
    const world = new World();
    world.turn.touch(world.connection('a'));
    world.turn.touch(world.connection('b'));

    world.runScheduled();

    expect(world.events).toEqual(['pump 7', 'flush', 'a ends its turn', 'b ends its turn', 'a writes', 'b writes']);
  });

  test('is timed from its first input to its end', () => {
    const world = new World();
    world.elapsedMs = 100;
    world.turn.touch(world.connection('a'));
    world.elapsedMs = 103;
    const slow = () => {
      world.elapsedMs += 4;
    };
    world.turn.touch(world.connection('b', slow));
    world.runScheduled();

    expect(world.turn.durations.stats).toEqual({ count: 1, totalMs: 7, maxMs: 7, lastMs: 7 });
  });

  test('is asked for once and includes a connection once, however often it is touched', () => {
    const world = new World();
    const connection = world.connection('a');
    for (let count = 0; count < 3; count++) world.turn.touch(connection);

    expect(world.scheduled).toHaveLength(1);
    world.runScheduled();

    expect(world.events).toEqual(['pump 7', 'flush', 'a ends its turn', 'a writes']);
    expect(world.scheduled).toHaveLength(0);
  });

  test('includes the connections that the pump delivers to', () => {
    const world = new World();
    const consumer = world.connection('consumer');
    world.onPump = () => {
      world.turn.touch(consumer);
    };
    world.turn.schedule();

    world.runScheduled();

    expect(world.events).toEqual(['pump 7', 'flush', 'consumer ends its turn', 'consumer writes']);
    expect(world.scheduled).toHaveLength(0);
  });

  test('asks for another one when the pump has work left', () => {
    const world = new World();
    world.pump.hasWork = true;
    world.turn.schedule();

    world.runScheduled();

    expect(world.scheduled).toHaveLength(1);
  });

  test('asks for another one when a session that ended it has published', () => {
    const world = new World();
    world.turn.touch(world.connection('publisher', () => void world.log.appended++));

    world.runScheduled();

    expect(world.scheduled).toHaveLength(1);
  });

  test('asks for another one when a session that had waited for the log goes on', () => {
    const world = new World();
    const waiting = world.connection('waiting');
    world.onFlushed = () => {
      world.onFlushed = () => {};
      world.turn.touch(waiting);
    };
    world.turn.schedule();

    world.runScheduled();

    expect([world.events, world.scheduled.length]).toEqual([
      ['pump 7', 'flush', 'waiting ends its turn', 'waiting writes'],
      1,
    ]);
  });

  test('says that it has ended once the log is flushed and everything is written', () => {
    const world = new World();
    world.onEnd = () => void world.events.push('end');
    world.turn.touch(world.connection('client'));
    world.runScheduled();

    expect(world.events).toEqual(['pump 7', 'flush', 'client ends its turn', 'client writes', 'end']);
  });

  test('leaves out a connection that was closed meanwhile', () => {
    const world = new World();
    const connection = world.connection('a');
    world.turn.touch(connection);
    connection.isClosed = true;

    world.runScheduled();

    expect(world.events).toEqual(['pump 7', 'flush']);
  });

  test('does not write to a connection that was closed by another session ending its turn', () => {
    const world = new World();
    const victim = world.connection('victim');
    world.turn.touch(victim);
    world.turn.touch(
      world.connection('closer', () => {
        victim.isClosed = true;
      }),
    );

    world.runScheduled();

    expect(world.events).not.toContain('victim writes');
  });

  test('moves the clock when it begins and not within', () => {
    const world = new World();
    const connection = world.connection('a');
    world.turn.touch(connection);
    world.turn.touch(connection);
    world.runScheduled();
    expect(world.refreshed).toBe(1);

    world.turn.touch(connection);
    expect(world.refreshed).toBe(2);
  });
});

test('a turn that is over is told, after everything was written', () => {
  const world = new World();
  world.onEnd = () => void world.events.push('over');
  world.turn.touch(world.connection('a'));
  world.runScheduled();
  expect(world.events).toEqual(['pump 7', 'flush', 'a ends its turn', 'a writes', 'over']);
});

describe('a session that still waits', () => {
  test('asks for no turn by itself and is included in the next that comes', () => {
    const world = new World();
    let isWaiting = true;
    const publisher = world.connection('publisher', () => {
      if (isWaiting) world.turn.touch(publisher);
    });
    world.turn.touch(publisher);
    world.runScheduled();
    expect(world.scheduled).toHaveLength(0);

    // The log has reported something durable.
    isWaiting = false;
    world.turn.schedule();
    world.runScheduled();
    expect(world.events).toEqual(['pump 7', 'flush', 'publisher ends its turn', 'publisher writes']);
    expect(world.scheduled).toHaveLength(0);
  });

  test('gets its turn when it is touched again meanwhile', () => {
    const world = new World();
    const publisher = world.connection('publisher', () => world.turn.touch(publisher));
    world.turn.touch(publisher);
    world.runScheduled();

    world.turn.touch(publisher);

    expect(world.scheduled).toHaveLength(1);
    world.runScheduled();
    expect(world.events.filter((event) => event === 'publisher ends its turn')).toHaveLength(1);
  });
});

describe('a turn with what was read from sockets', () => {
  /** One read of a connection. */
  function read(world: World, connection: TurnConnection, mayHaveMore = false): void {
    world.turn.readBegins();
    world.turn.touch(connection);
    world.events.push('read');
    world.turn.readEnds(mayHaveMore);
  }

  /** Rounds with one read each, enough for the next one to be taken for a lone one. */
  function calmWorld(connection: TurnConnection): World {
    const world = new World();
    for (let round = 0; round < 16; round++) {
      read(world, connection);
      world.runScheduled();
    }
    world.events.length = 0;
    return world;
  }

  test('ends after the round while sockets may be ready together', () => {
    const world = new World();
    const [a, b] = [world.connection('a'), world.connection('b')];
    read(world, a);
    read(world, b);

    expect(world.scheduled).toHaveLength(1);
    world.runScheduled();
    expect(world.events).toEqual(['pump 7', 'flush', 'a ends its turn', 'b ends its turn', 'a writes', 'b writes']);
  });

  test('ends with the read once sockets have been ready one at a time', () => {
    const world = calmWorld(new World().connection('-'));
    const a = world.connection('a');
    read(world, a);
    read(world, a);

    const turn = ['read', 'pump 7', 'flush', 'a ends its turn', 'a writes'];
    expect(world.events).toEqual([...turn, ...turn]);
    expect(world.scheduled).toHaveLength(0);
    expect(world.refreshed).toBe(18);
  });

  test('ends after the round when its end was asked for before the read', () => {
    const world = calmWorld(new World().connection('-'));
    world.turn.schedule();
    read(world, world.connection('a'));

    expect(world.events).toEqual(['read']);
    world.runScheduled();
    expect(world.events).toEqual(['pump 7', 'flush', 'a ends its turn', 'a writes']);
    expect(world.scheduled).toHaveLength(0);
  });

  test('ends after the round when the read filled its buffer', () => {
    const world = calmWorld(new World().connection('-'));
    read(world, world.connection('a'), true);

    expect(world.events).toEqual(['read']);
    expect(world.scheduled).toHaveLength(1);
  });

  test('asks for another one when it ended with the read and the pump has work left', () => {
    const world = calmWorld(new World().connection('-'));
    world.pump.hasWork = true;
    read(world, world.connection('a'));

    expect(world.events).toContain('a writes');
    expect(world.scheduled).toHaveLength(1);
  });

  test('needs no end when nothing came of the read', () => {
    const world = calmWorld(new World().connection('-'));
    world.turn.readBegins();
    world.turn.readEnds(false);

    expect(world.events).toEqual([]);
    expect(world.scheduled).toHaveLength(0);
  });
});
