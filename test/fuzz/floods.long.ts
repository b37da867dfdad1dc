/** Floods as large as the operating system lets a test make them. */

import { floodsSuite } from './floods.test-suite.ts';

floodsSuite({
  handshakes: 10_000,
  channelConnections: 500,
  channelsEach: 2047,
  slowClients: 2000,
  spelling: { clients: 2000, handshakeTimeoutMs: 10_000 },
  bodies: 5000,
  tables: 5000,
});
