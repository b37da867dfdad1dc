/** The suite complains about what it should. */

import { expect, test } from 'vitest';
import { complaintAbout, type Judged } from './judgement.ts';

const DIFFERENCE = { cases: ['c'], rabbitmq: 'old', leveret: 'new', reason: 'Decided' };

function judged(changes: Partial<Judged>): string | undefined {
  return complaintAbout({
    recorded: ['a1 old'],
    answered: ['a1 old'],
    differences: [],
    ...changes,
  });
}

test('the same answer is well', () => {
  expect(judged({})).toBeUndefined();
});

test('a case that RabbitMQ was never asked is a complaint', () => {
  expect(judged({ recorded: undefined })).toContain('record it');
});

test('an unlisted difference is a complaint that shows both answers', () => {
  expect(judged({ answered: ['a1 new'] })).toMatch(/a1 old[\s\S]*a1 new/);
});

test('a missing last line is a difference', () => {
  expect(judged({ recorded: ['a1 old', 'a1 more'] })).toContain('a1 more');
});

test('a listed difference is well', () => {
  expect(judged({ answered: ['a1 new'], differences: [DIFFERENCE] })).toBeUndefined();
});

test('a listed difference that is gone is a complaint', () => {
  expect(judged({ differences: [DIFFERENCE] })).toContain('no longer differs');
});

test('a listed difference that became another one is a complaint', () => {
  expect(judged({ answered: ['a1 newer'], differences: [DIFFERENCE] })).toContain('newer');
});

test('a listed difference from what RabbitMQ never said is a complaint', () => {
  const differences = [{ ...DIFFERENCE, rabbitmq: 'older' }];
  expect(judged({ answered: ['a1 new'], differences })).toContain('what it does not');
});
