/** Going on without damaged pages, and with pages of which the log has lost the record. */

import { describe, expect, test } from 'vitest';
import { PagedBroker } from '../../../../test/support/paged-broker.ts';
import {
  acknowledge,
  bodies,
  checkpoint,
  PAGES,
  pagedBroker,
  SIZES,
  served,
  takeAll,
} from '../../../../test/support/paged-queues.ts';
import { inspected, KEPT, repaired, repairedUpTo } from '../../../../test/support/repaired-log.ts';
import type { SimulatedDisk } from '../../../../test/support/simulated-disk.ts';
import { checksum } from '../batch-format.ts';
import { type PagePlace, pageFileName } from '../pages/page-format.ts';

function pageOf({ opened }: PagedBroker, index: number): PagePlace {
  const page = opened.found.live.pages.all()[index];
  if (page === undefined) throw new Error(`there is no page ${index}`);
  return page;
}

/** The disk with a byte in the second page flipped. */
function withDamagedPage(): { readonly disk: SimulatedDisk; readonly page: PagePlace } {
  const world = pagedBroker();
  const page = pageOf(world, 1);
  world.disk.flip(pageFileName(page.queueId, page.file), page.offset + 100, 3);
  return { disk: world.disk.kill(), page };
}

describe('a page that is damaged', () => {
  test('is found before anybody reads it, with its queue and the messages that are left', () => {
    const { disk, page } = withDamagedPage();
    const { damages, queues } = inspected(disk);

    const { queueId, file, offset, bytes } = page;
    expect(damages).toEqual([
      {
        file: pageFileName(queueId, file),
        from: offset,
        to: offset + bytes,
        queueIds: [queueId],
        hasDefinitions: false,
        loss: 'messages',
      },
    ]);
    expect(queues.map(({ name, messages }) => [name, messages])).toEqual([
      ['q', 11],
      ['other', 1],
    ]);
  });

  test('is left out by a repair: what is on other pages and in memory is served, in order', () => {
    const { disk, page } = withDamagedPage();
    repaired(disk, SIZES);

    expect(inspected(disk).damages).toEqual([]);
    expect(disk.list()).toContain(KEPT + pageFileName(page.queueId, page.file));
    expect(served(disk)).toEqual({ q: [...bodies(1, 3), 'last'], other: ['of another queue'], damaged: [] });
  });

  test('whose file is gone is left out as well', () => {
    const { disk, page } = withDamagedPage();
    disk.remove(pageFileName(page.queueId, page.file), () => undefined);
    disk.runAll();
    expect(inspected(disk).damages).toHaveLength(PAGES);
    repaired(disk, SIZES);

    expect(served(disk.copy())).toEqual({ q: ['last'], other: ['of another queue'], damaged: [] });
    // It may have gone because all on it was acknowledged, and what said so is lost: then more may have been said there.
    expect(takeAll(new PagedBroker(disk))).toMatchObject([{ body: 'last', redelivered: true }]);
  });

  test('is named or left out, and nothing else is lost, at whatever step the power goes during the repair', () => {
    for (let steps = 0, isDone = false; !isDone; steps++) {
      const { disk } = withDamagedPage();
      isDone = repairedUpTo(steps, disk, SIZES);
      const left = disk.certain();
      const { damages, queues } = inspected(left.copy());
      expect(damages.length).toBeLessThanOrEqual(isDone ? 0 : 1);
      expect(queues.map(({ messages }) => messages)).toEqual([11, 1]);
      repaired(left, SIZES);
      expect(served(left.certain())).toEqual({
        q: [...bodies(1, 3), 'last'],
        other: ['of another queue'],
        damaged: [],
      });
    }
  });

  test.each([0, 7, 40, 64, 90])('with byte %i flipped costs its own messages and no more', (at) => {
    const world = pagedBroker();
    const page = pageOf(world, 0);
    world.disk.flip(pageFileName(page.queueId, page.file), page.offset + at, at % 8);
    const disk = world.disk.kill();
    repaired(disk, SIZES);

    expect(served(disk).q).toEqual([...bodies(2, 3), 'last']);
  });
});

describe('a page that only a lost part of the log knows', () => {
  /** The segment with publishes and pages is gone; that two messages were acknowledged stands in the next one. */
  function withoutSegment(): SimulatedDisk {
    const world = new PagedBroker(pagedBroker().disk.kill());
    acknowledge(world, 2);
    const disk = world.disk.kill();
    disk.remove('segment-000001.log', () => undefined);
    disk.runAll();
    return disk;
  }

  test('is taken over without what is known to be acknowledged, and what comes back says that it is redelivered', () => {
    const disk = withoutSegment();
    // The last batch of the first start was written again by the second.
    expect(served(disk.copy()).q).toEqual(['last']);
    repaired(disk, SIZES);

    expect(inspected(disk).damages).toEqual([]);
    const world = new PagedBroker(disk.certain());
    const taken = takeAll(world);
    expect(taken.map(({ body }) => body)).toEqual([...bodies(1, 2, 3).slice(2), 'last']);
    expect(taken.every(({ redelivered }) => redelivered)).toBe(true);
    // And it is served only once.
    acknowledge(world, 0);
    expect(served(world.disk.kill()).q).toEqual([]);
  });

  test('stays away when a checkpoint knew better: all of it was acknowledged', () => {
    const small = { segmentBytes: 1000 };
    const world = pagedBroker(small);
    acknowledge(world, 5);
    world.drain('other');
    world.queue('q').pageOutReady();
    world.tick(6);
    checkpoint(world);
    checkpoint(world);
    // The segments that said so are gone.
    expect([...world.opened.found.segments].map(({ number }) => number)).not.toContain(1);
    const segment = [...world.opened.found.segments].at(-1);
    const at = segment?.bytes ?? 0;
    world.publish('q', 'lost');
    world.quiet();
    world.publish('q', 'after');
    world.quiet();
    const disk = world.disk.kill();
    disk.flip(segment?.file.name ?? '', at + 100, 0);
    expect(inspected(disk).damages).toMatchObject([{ file: segment?.file.name, from: at, loss: 'records' }]);
    repaired(disk, small);

    expect(served(disk.certain()).q).toEqual([...bodies(2, 3), 'last', 'after']);
  });
});

describe('a page of a newer program', () => {
  test('is refused, with its file and what helps, and not taken for damage', () => {
    const world = pagedBroker();
    const page = pageOf(world, 0);
    const name = pageFileName(page.queueId, page.file);
    const disk = world.disk.kill();
    const file = disk.open(name);
    const head = new Uint8Array(64);
    file.readNow(head, 0);
    const view = new DataView(head.buffer);
    view.setUint8(4, 2);
    view.setUint32(60, checksum(view, 0, 60), true);
    file.write(head, 0, () => undefined);
    disk.runAll();

    const refusal = `${name} has version 2 of its form, and this program knows versions up to 1. It was written by a newer Leveret: start that one, or choose another folder with --data-dir.`;
    expect(() => new PagedBroker(disk.copy())).toThrow(refusal);
    expect(() => inspected(disk.copy())).toThrow(refusal);
  });
});
