/** Which alarms are set, and who is told of a change. */

import { expect, test } from 'vitest';
import { Alarms } from './alarms.ts';

test('the reason names each alarm once, in one order, and a change is told once', () => {
  const told: string[] = [];
  const alarms: Alarms = new Alarms(() => void told.push(alarms.isActive ? alarms.reason : 'none'));
  alarms.set('disk');
  alarms.set('disk');
  alarms.set('memory');
  expect([alarms.resources, alarms.isSet('disk')]).toEqual([['memory', 'disk'], true]);
  alarms.clear('disk');
  alarms.clear('disk');
  alarms.clear('memory');
  expect(told).toEqual(['low on disk', 'low on memory & disk', 'low on memory', 'none']);
  expect([alarms.resources, alarms.isSet('disk')]).toEqual([[], false]);
});
