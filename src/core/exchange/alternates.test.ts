/** Alternate exchanges, as the exchanges of a vhost have them. */

import { describe, expect, test } from 'vitest';
import { refusalOf, Topology } from '../../../test/support/topology.ts';
import { table } from '../../base/field-table.ts';

describe('an alternate exchange', () => {
  const toAlternate = { type: 'direct', arguments: table({ 'alternate-exchange': 'ae' }) };

  test('takes what matches no binding, as soon and as long as it exists', () => {
    const world = new Topology();
    world.exchange('x', toAlternate);
    world.queue('q');
    world.queue('own');
    world.bind('x', 'own', 'own');
    expect([world.reached('x'), world.reached('x', 'own')]).toEqual([[], ['own']]);
    world.exchange('ae', { internal: true });
    world.bind('ae', 'q');
    expect([world.reached('x'), world.reached('x', 'own')]).toEqual([['q'], ['own']]);
    world.delete('ae');
    expect(world.reached('x')).toEqual([]);
    world.exchange('ae');
    world.bind('ae', 'q');
    expect(world.reached('x')).toEqual(['q']);
  });

  test('that is missing is told to the operator once, and again when it was there meanwhile', () => {
    const world = new Topology();
    world.exchange('x', toAlternate);
    world.queue('q');
    world.bind('x', 'q', 'own');
    expect([world.reached('x', 'own'), world.warnings]).toEqual([['q'], []]);
    for (const key of ['a', 'b', 'a']) world.reached('x', key);
    expect(world.warnings).toEqual([
      "message dropped: exchange 'x' in vhost '/' has no binding for it, and its alternate exchange 'ae' does not exist (told once)",
    ]);
    world.exchange('ae');
    world.reached('x', 'a');
    world.delete('ae');
    for (const key of ['a', 'b']) world.reached('x', key);
    expect(world.warnings).toHaveLength(2);
  });

  test('may have one of its own, and may be the exchange itself', () => {
    const world = new Topology();
    world.exchange('x', toAlternate);
    world.exchange('ae', { type: 'direct', arguments: table({ 'alternate-exchange': 'last' }) });
    world.exchange('last', { arguments: table({ 'alternate-exchange': 'last' }) });
    expect(world.reached('x')).toEqual([]);
    world.queue('q');
    world.bind('last', 'q');
    expect(world.reached('x')).toEqual(['q']);
  });

  test.each([
    [5, 'signedint'],
    [true, 'bool'],
    [null, 'void'],
    [Uint8Array.of(97), 'binary'],
  ])('is refused when its name is %j', (value, type) => {
    const badly = () => new Topology().exchange('x', { arguments: table({ 'alternate-exchange': value }) });
    expect(refusalOf(badly)).toBe(
      `406 PRECONDITION_FAILED - invalid type '${type}' for arg 'alternate-exchange' in exchange 'x' in vhost '/'`,
    );
  });

  test('has to be the same when the exchange is declared again', () => {
    const world = new Topology();
    const again = (values: Parameters<typeof table>[0]) =>
      refusalOf(() => world.exchange('x', { type: 'direct', arguments: table(values) })).replace(/^.*: received/, '');
    world.exchange('x', toAlternate);
    expect([again({ 'alternate-exchange': 'ae', other: 1 }), again({ 'alternate-exchange': 'be' }), again({})]).toEqual(
      ['not refused', " 'be' but current is 'ae'", " none but current is the value 'ae' of type 'longstr'"],
    );
  });

  test('needs read access to the exchange and write access to the alternate', () => {
    const world = new Topology();
    world.core.permissions.revoke('write', 'exchange', 'ae');
    expect(refusalOf(() => world.exchange('x', toAlternate))).toMatch(/^403 .*write access to exchange 'ae'/);
    world.core.permissions.revoke('read', 'exchange', 'x');
    expect(refusalOf(() => world.exchange('x', toAlternate))).toMatch(/^403 .*read access to exchange 'x'/);
    expect(world.has('x')).toBe(false);
  });

  test('is forgotten with the exchange that had it: another one of that name starts afresh', () => {
    const world = new Topology();
    world.exchange('x', { type: 'direct', arguments: table({ 'alternate-exchange': 'ae' }) });
    world.delete('x');
    world.exchange('x', { type: 'direct' });
    world.exchange('ae');
    world.queue('q');
    world.bind('ae', 'q');
    expect([world.reached('x'), world.core.vhost.exchange('x').alternate]).toEqual([[], undefined]);
  });
});
