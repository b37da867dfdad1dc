/**
 * What happened in a world, counted, so that a test can say that nothing is left out which the simulator is there for: a
 * check of something that never happens is none.
 */

import type { SimulatedDisk } from '../support/simulated-disk.ts';
import type { StoreNode } from './store-node.ts';
import type { StoredState } from './stored-state.ts';

/** How the broker ends: the power goes; the process is killed; it was stopped and is done. */
export type End = 'power' | 'kill' | 'stop';

/** What a disk does while a broker ends that was not stopped, and what that means. */
const MOMENTS: readonly (readonly [string, RegExp])[] = [
  ['while a segment is moved', /^(move|read segment-)/],
  ['while a segment is retired', /^(rename|remove) segment-/],
  ['while a checkpoint is written', /^(write|sync|rename) checkpoint-/],
  ['while pages are written', /^write page-/],
  ['while pages are synced', /^sync page-/],
  ['while pages are read', /^read page-/],
  ['while pages are removed', /^remove page-/],
];

/** What a disk does not know. */
const MOVE = 'move';

export class History {
  readonly ends = { power: 0, kill: 0, stop: 0, duringRecovery: 0, duringStop: 0 };
  readonly broker = { steps: 0, lost: 0, looks: 0, outOfSpace: 0, distrusted: 0, unreadablePages: 0, pagesFound: 0 };
  readonly unacked = { pages: 0, partsFound: 0 };
  readonly log = { batches: 0, published: 0, elided: 0, held: 0, movedBytes: 0, checkpoints: 0, retired: 0 };
  /** Facts about messages and keys that were said, and that a start has found. */
  readonly side = { said: 0, cameBack: 0 };
  /** Of bits that flipped: whether a restart has said so. */
  readonly damage = { named: 0, ofPages: 0, unnoticed: 0 };
  readonly #moments = new Map(MOMENTS.map(([moment]) => [moment, 0]));

  /** @param node undefined when it had not started yet */
  ended(end: End, node: StoreNode | undefined, disk: SimulatedDisk, isStopping: boolean): void {
    this.ends[end]++;
    if (node === undefined) this.ends.duringRecovery++;
    else this.#count(node);
    if (end === 'stop' || node === undefined) return;
    if (isStopping) this.ends.duringStop++;
    const underWay = node.isMoving ? [...disk.underWay, MOVE] : disk.underWay;
    for (const [moment, work] of MOMENTS) {
      if (!underWay.some((operation) => work.test(operation))) continue;
      this.#moments.set(moment, (this.#moments.get(moment) ?? 0) + 1);
    }
  }

  flipped({ damages, torn, lostQueues, damagedQueues }: StoredState): void {
    if (damagedQueues.size > 0) this.damage.ofPages++;
    if (damages.length > 0 || torn !== undefined || lostQueues.size > 0) this.damage.named++;
    else if (damagedQueues.size === 0) this.damage.unnoticed++;
  }

  /** How often everything has happened. @param disk the last one */
  episodes({ fates }: SimulatedDisk): Map<string, number> {
    const groups = {
      broker: this.broker,
      unacked: this.unacked,
      log: this.log,
      side: this.side,
      damage: this.damage,
      disk: fates,
      'an end': this.ends,
    };
    const episodes = new Map<string, number>();
    for (const [group, counts] of Object.entries(groups)) {
      for (const [name, count] of Object.entries(counts)) episodes.set(`${group}: ${name}`, count);
    }
    for (const [moment, count] of this.#moments) episodes.set(`an end ${moment}`, count);
    return episodes;
  }

  #count({ opened: { metrics }, faults: { counts }, unackedPages }: StoreNode): void {
    this.unacked.pages += unackedPages;
    this.broker.outOfSpace += counts.outOfSpace;
    this.broker.distrusted += counts.distrusted;
    for (const key of ['batches', 'published', 'elided', 'held', 'movedBytes', 'checkpoints', 'retired'] as const) {
      this.log[key] += metrics[key];
    }
  }
}
