/** Floods as large as the machine lets a test make them. */

import { alarmsSuite } from './alarms.test-suite.ts';

alarmsSuite({
  memoryMb: 1000,
  bodyBytes: [100, 10_000, 200_000],
  halfSent: 200,
  halfSentMb: 100,
  isPatient: true,
  unacked: 2_000_000,
  heapMb: 256,
  queues: 1_000_000,
});
