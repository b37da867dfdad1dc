/**
 * The rows of FEATURES about AMQP 0-9-1 that the cases are to cover. What one client cannot see on the wire is shown by
 * another test.
 */

const LAST: Readonly<Record<string, number>> = { C: 8, X: 17, Q: 13, P: 8, S: 14, T: 2 };
const MORE = ['Q-17', 'S-17', 'QA-09', 'QA-17', 'A.26'];

export const ROWS: readonly string[] = [
  ...Object.entries(LAST).flatMap(([letter, last]) => numbered(letter, 1, last)),
  // Between them are the mechanisms EXTERNAL, ANONYMOUS and RABBIT-CR-DEMO.
  ...numbered('C', 12, 30),
  ...MORE,
];

/** File and title of a test for a row without cases. */
export const SHOWN_ELSEWHERE: Readonly<Record<string, readonly [string, string]>> = {
  'C-01': ['src/server/server.test.ts', 'serves several listeners, plain and TLS, and logs where'],
  'C-04': ['src/protocols/amqp091/handshake.test.ts', 'says whose behaviour this is, and offers PLAIN and AMQPLAIN'],
  'C-16': ['src/core/open-connections.test.ts', 'are limited per vhost, where 0 lets nobody in'],
  'C-24': ['src/protocols/amqp091/connection.test.ts', 'a node that stops says so with 320'],
  'C-25': ['src/protocols/amqp091/blocking.test.ts', 'is told once when alarms are set, and once when all are cleared'],
  'X-16': ['test/founding/restart.test.ts', 'a durable queue is there after a restart, with its binding'],
  'S-17': [
    'src/protocols/amqp091/consuming.test.ts',
    'one consumer too many is refused before its queue is looked for',
  ],
};

function numbered(letter: string, first: number, last: number): string[] {
  return Array.from({ length: last - first + 1 }, (_, index) => `${letter}-${String(first + index).padStart(2, '0')}`);
}
