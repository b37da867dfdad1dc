/** Page files that the medium has damaged: every byte, one at a time. */

import { describe, expect, test } from 'vitest';
import { PagedBroker } from '../../../../test/support/paged-broker.ts';
import type { SimulatedDisk } from '../../../../test/support/simulated-disk.ts';
import { simulatedDisk } from '../../../../test/support/simulated-disk-steps.ts';
import { checkPageFile } from './page-check.ts';

const PAGES = 4;

/** A disk with a queue of five messages on each of a few pages, and none anywhere else. */
function pagedDisk(): { readonly disk: SimulatedDisk; readonly file: string; readonly bodies: readonly string[] } {
  const world = new PagedBroker(simulatedDisk());
  world.declare('q');
  world.declare('other');
  world.publish('other', 'of another queue');
  const bodies: string[] = [];
  for (let page = 0; page < PAGES; page++) {
    for (let index = 0; index < 5; index++) {
      bodies.push(`page ${page}, body ${index}${'.'.repeat(page * index)}`);
      world.publish('q', bodies.at(-1) ?? '');
    }
    world.queue('q').pageOutReady();
  }
  world.tick(6);
  const [file = ''] = world.pageFiles;
  expect(world.opened.found.live.pages.length).toBe(PAGES);
  return { disk: world.disk, file, bodies };
}

function check(disk: SimulatedDisk, name: string) {
  const file = disk.open(name);
  const found = checkPageFile(file);
  file.close();
  return found;
}

describe('a page file', () => {
  test('that is whole says what is on it', () => {
    const { disk, file } = pagedDisk();
    const { pages, damage } = check(disk, file);
    expect(damage).toEqual([]);
    expect(pages.map(({ firstSequence, span }) => [firstSequence, span])).toEqual([
      [1, 5],
      [6, 5],
      [11, 5],
      [16, 5],
    ]);
  });

  test('with a flipped byte names the page around it, and the others are whole', () => {
    const { disk, file } = pagedDisk();
    const { pages } = check(disk, file);
    const size = Math.max(...pages.map(({ offset, bytes }) => offset + bytes));
    for (let at = 0; at < size; at++) {
      const flipped = disk.copy();
      flipped.flip(file, at, at % 8);
      const concerned = pages.filter(({ offset, bytes }) => at >= offset && at < offset + bytes);
      const found = check(flipped, file);
      const expected = concerned.map(({ offset, bytes }) => ({ from: offset, to: offset + bytes }));
      expect([at, found.damage]).toEqual([at, expected]);
      expect(found.pages).toEqual(pages.filter((page) => !concerned.includes(page)));
    }
  });

  test('never gives a wrong body, whatever byte of it is flipped, and its queue is named', () => {
    const { disk, file, bodies } = pagedDisk();
    const { pages } = check(disk, file);
    for (const { offset, bytes } of pages) {
      for (let at = offset; at < offset + bytes; at += 5) {
        const flipped = disk.copy();
        flipped.flip(file, at, at % 8);
        const world = new PagedBroker(flipped);
        const delivered = world.drain('q');
        expect(delivered.length).toBeLessThan(bodies.length);
        expect(delivered).toEqual(bodies.slice(0, delivered.length));
        expect(world.damaged).toContain(`${world.queue('q').id}/${file}`);
        expect(world.drain('other')).toEqual(['of another queue']);
      }
    }
  });

  test('that was cut is damage before anything is read', () => {
    const { disk, file } = pagedDisk();
    const handle = disk.open(file);
    handle.resize(handle.size - 1, () => undefined);
    disk.runAll();
    const { damages } = new PagedBroker(disk.copy()).opened.found;
    expect(damages.map((damage) => [damage.file, damage.queueIds?.length])).toEqual([[file, 1]]);
  });

  test('in the place of another one is not taken for it', () => {
    const { disk, file } = pagedDisk();
    const name = file.replace(/\d+$/, '77');
    disk.rename(file, name, () => undefined);
    disk.runAll();
    const { pages, damage } = check(disk, name);
    expect([pages.length, damage.length]).toEqual([0, PAGES]);
  });
});
