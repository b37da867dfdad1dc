/** Looks at what a store would be if something happened to its disk now, without letting it happen. */

import { type Random, SeededRandom } from '../../src/base/random.ts';
import { SimFailure } from '../sim/failure.ts';
import { repaired, repairedUpTo } from '../support/repaired-log.ts';
import type { SimulatedDisk } from '../support/simulated-disk.ts';
import type { Chooser } from './chooser.ts';
import { checkDamaged, checkKept, checkRepaired, flipBits } from './damage.ts';
import type { History } from './history.ts';
import { checkExpiries } from './page-expiries.ts';
import type { Progress, StoreModel } from './store-model.ts';
import type { StoreNode } from './store-node.ts';
import type { StoreProfile } from './store-profile.ts';
import { readState, type StoredState } from './stored-state.ts';

/** One in so many damaged stores is also repaired. */
const REPAIR_ODDS = 2;
/** About as many as a repair takes. */
const REPAIR_STEPS = 60;

/** What is looked at. */
export interface LookedAt extends Progress, Chooser {
  readonly disk: SimulatedDisk;
  /** The broker that is running. */
  readonly node: StoreNode;
  readonly model: StoreModel;
  readonly profile: StoreProfile;
  readonly random: Random;
  readonly history: History;
}

/** If the power went, and took all that it can. */
export function lookAtWhatIsCertain(world: LookedAt): void {
  const { disk, model, profile } = world;
  const state = readState({ disk: disk.certain(), sizes: profile.sizes, known: model.known });
  model.cutOf(state, world);
  const { opened, broker } = world.node;
  const certain = disk.certain();
  certain.heal();
  checkExpiries({
    pages: opened.found.live.pages,
    disk: certain,
    messages: broker.messages,
    known: model.known,
  });
}

/** If some bits had flipped while nobody looked. @param disk is used up */
export function lookAtFlippedBits(world: LookedAt, disk: SimulatedDisk, progress: Progress): void {
  const { model, profile, random } = world;
  disk.heal();
  const places = flipBits(disk, world.of([1, 1, 2, 5]), random);
  const read = (from: SimulatedDisk) => readState({ disk: from, sizes: profile.sizes, known: model.known });
  try {
    // A repair must not change what comes after it: it has a random source of its own.
    const toRepair = disk.copy(new SeededRandom(progress.appended));
    const state = read(disk);
    checkDamaged(state, model, progress);
    world.history.flipped(state);
    if (progress.appended % REPAIR_ODDS === 0)
      lookAtRepair({ toRepair, state, read, profile, model, random: new SeededRandom(progress.appended) });
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new SimFailure(`after flipped bits in ${places}: ${said}`);
  }
}

interface Repair {
  readonly toRepair: SimulatedDisk;
  readonly state: StoredState;
  readonly read: (disk: SimulatedDisk) => StoredState;
  readonly profile: StoreProfile;
  readonly model: StoreModel;
  readonly random: Random;
}

/** A repair that is cut off somewhere, and then one that comes to its end. */
function lookAtRepair({ toRepair, state, read, profile, model, random }: Repair): void {
  const { segmentBytes } = profile.sizes;
  const isDone = repairedUpTo(random.below(REPAIR_STEPS), toRepair, { segmentBytes });
  const left = toRepair.crash();
  const found = read(left.copy());
  checkKept(state, found);
  const isWhole = found.damages.length === 0 && found.damagedQueues.size === 0;
  if (isDone || isWhole) checkRepaired(state, found, model);
  repaired(left, { segmentBytes });
  checkRepaired(state, read(left.certain()), model);
}
