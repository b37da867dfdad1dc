/**
 * The options table: every limit, default and time-out of the broker, under the names that `rabbitmq.conf` gives them.
 *
 * To add one: add a row, and read it from `Configuration` where it matters.
 */

import type { ListenAddress, OptionType } from './option-types.ts';
import {
  factor,
  flag,
  listenAddressOrNone,
  NONE,
  namesOrNone,
  nonEmptyText,
  none,
  oneOf,
  size,
  text,
  wholeNumber,
  wholeNumberOrInfinity,
} from './option-types.ts';

/** A row: one key. */
export interface Option<Value> {
  readonly key: string;
  readonly type: OptionType<Value>;
  readonly default: Value;
  readonly unit?: string;
  /** One line for the guide. */
  readonly doc: string;
}

/** A row: a family of keys, `KEY.NAME` for any name. Setting any of them replaces the default. */
export interface Family<Value> {
  readonly key: string;
  readonly type: OptionType<Value>;
  /** What may be given for `KEY` itself: nothing at all, or names that stand for `KEY.NAME` with `whole.member`. */
  readonly whole: { readonly type: OptionType<readonly string[] | typeof NONE>; readonly member: Value };
  readonly default: ReadonlyMap<string, Value>;
  readonly doc: string;
}

export type TlsVersion = 'tlsv1.3' | 'tlsv1.2' | 'tlsv1.1' | 'tlsv1';

const KB = 1024;
const MB = 1024 * KB;
const PB = 2 ** 50;

/** Ties a row's default to its type. */
function option<Value>(row: Option<Value>): Option<Value> {
  return row;
}

/** Rows with one value. */
export const OPTIONS = {
  tlsCaFile: option({
    key: 'ssl_options.cacertfile',
    type: text,
    default: '',
    doc: 'File with the certificates, in PEM form, of the authorities that client certificates are checked against.',
  }),
  tlsCertificateFile: option({
    key: 'ssl_options.certfile',
    type: text,
    default: '',
    doc: "File with the server's certificate, in PEM form, with the chain that leads to it. Needed for TLS.",
  }),
  tlsKeyFile: option({
    key: 'ssl_options.keyfile',
    type: text,
    default: '',
    doc: "File with the private key of the server's certificate, in PEM form. Needed for TLS.",
  }),
  tlsVerify: option<'verify_none' | 'verify_peer'>({
    key: 'ssl_options.verify',
    type: oneOf('verify_none', 'verify_peer'),
    default: 'verify_none',
    doc: 'Whether clients are asked for a certificate and a wrong one is refused.',
  }),
  tlsRequiresClientCertificate: option({
    key: 'ssl_options.fail_if_no_peer_cert',
    type: flag,
    default: false,
    doc: 'Whether a client without a certificate is refused; with verify_peer only.',
  }),
  tlsDepth: option({
    key: 'ssl_options.depth',
    type: wholeNumber(0, 255),
    default: 10,
    unit: 'certificates',
    doc: "How many intermediate certificates may stand between a client's and the authority; with verify_peer only.",
  }),
  tlsHonorsCipherOrder: option({
    key: 'ssl_options.honor_cipher_order',
    type: flag,
    default: true,
    doc: "Whether the server's order of ciphers decides, and not the client's.",
  }),
  connectionMax: option({
    key: 'connection_max',
    type: wholeNumberOrInfinity(0, 1_000_000_000),
    default: Number.POSITIVE_INFINITY,
    unit: 'connections',
    doc: 'Connections of the node at most.',
  }),
  channelMaxPerNode: option({
    key: 'channel_max_per_node',
    type: wholeNumberOrInfinity(0, 1_000_000_000),
    default: Number.POSITIVE_INFINITY,
    unit: 'channels',
    doc: 'Channels of all connections of the node at most.',
  }),
  clusterName: option({
    key: 'cluster_name',
    type: text,
    default: '',
    doc: 'The name that clients are told; rabbit@ and the name of this machine unless set.',
  }),
  rabbitmqVersion: option({
    key: 'rabbitmq_version',
    type: nonEmptyText,
    default: '3.13.7',
    doc: 'The RabbitMQ version that clients are told. Several decide by it what they may use.',
  }),
  rabbitmqProduct: option({
    key: 'rabbitmq_product',
    type: nonEmptyText,
    default: 'RabbitMQ',
    doc: 'The product that clients are told. Several do less for one that is not RabbitMQ.',
  }),
  productName: option({
    key: 'product.name',
    type: nonEmptyText,
    default: 'Leveret',
    doc: 'The name of its own that the broker tells clients besides.',
  }),
  productVersion: option({
    key: 'product.version',
    type: text,
    default: '',
    doc: "The version of its own that the broker tells clients besides; Leveret's unless set.",
  }),
  backlog: option({
    key: 'tcp_listen_options.backlog',
    type: wholeNumber(1, 65_535),
    default: 1024,
    unit: 'connections',
    doc: "How many connections may wait to be accepted. Above RabbitMQ's 128, so that thousands may reconnect at once.",
  }),
  noDelay: option({
    key: 'tcp_listen_options.nodelay',
    type: flag,
    default: true,
    doc: 'Whether small writes go out at once (TCP_NODELAY), and not with more behind them.',
  }),
  keepAlive: option({
    key: 'tcp_listen_options.keepalive',
    type: flag,
    default: false,
    doc: 'Whether the system asks silent clients for a sign of life (SO_KEEPALIVE), in its own long intervals.',
  }),
  channelMax: option({
    key: 'channel_max',
    type: wholeNumber(0, 65_535),
    default: 2047,
    unit: 'channels',
    doc: 'Channels of one connection at most; 0 sets no limit of its own.',
  }),
  initialFrameMax: option({
    key: 'initial_frame_max',
    type: wholeNumber(4096, 131_072),
    default: 8192,
    unit: 'bytes',
    doc: 'The largest frame of a client that has not logged in.',
  }),
  frameMax: option({
    key: 'frame_max',
    type: wholeNumber(4096, 2_147_483_647),
    default: 131_072,
    unit: 'bytes',
    doc: 'The largest frame. The client may ask for a smaller one.',
  }),
  heartbeat: option({
    key: 'heartbeat',
    type: wholeNumber(0, 65_535),
    default: 60,
    unit: 'seconds',
    doc: 'The heartbeat interval that is proposed to clients; 0 turns heartbeats off.',
  }),
  handshakeTimeout: option({
    key: 'handshake_timeout',
    type: wholeNumber(1, 3_600_000),
    default: 10_000,
    unit: 'milliseconds',
    doc: 'A client that has not opened its connection by then is dropped.',
  }),
  tlsHandshakeTimeout: option({
    key: 'ssl_handshake_timeout',
    type: wholeNumber(1, 3_600_000),
    default: 5000,
    unit: 'milliseconds',
    doc: 'A client that has not finished its TLS handshake by then is dropped.',
  }),
  defaultQueueType: option({
    key: 'default_queue_type',
    type: oneOf('classic'),
    default: 'classic',
    doc: 'The type of queues that are declared without x-queue-type. There is no other yet.',
  }),
  maxMessageSize: option({
    key: 'max_message_size',
    type: size(1, 512 * MB),
    default: 128 * MB,
    unit: 'bytes',
    doc: 'The largest message body. Checked before any of it is kept.',
  }),
  consumerMaxPerChannel: option({
    key: 'consumer_max_per_channel',
    type: wholeNumberOrInfinity(1, 1_000_000_000),
    default: Number.POSITIVE_INFINITY,
    unit: 'consumers',
    doc: 'Consumers of one channel at most.',
  }),
  defaultUser: option({
    key: 'default_user',
    type: nonEmptyText,
    default: 'guest',
    doc: 'The user that an empty broker begins with.',
  }),
  defaultPass: option({
    key: 'default_pass',
    type: text,
    default: 'guest',
    doc: "The default user's password.",
  }),
  defaultVhost: option({
    key: 'default_vhost',
    type: nonEmptyText,
    default: '/',
    doc: 'The virtual host that an empty broker begins with.',
  }),
  defaultConfigure: option({
    key: 'default_permissions.configure',
    type: text,
    default: '.*',
    doc: 'What the default user may declare and delete in the default vhost: a pattern for names.',
  }),
  defaultWrite: option({
    key: 'default_permissions.write',
    type: text,
    default: '.*',
    doc: 'What the default user may publish to and bind: a pattern for names.',
  }),
  defaultRead: option({
    key: 'default_permissions.read',
    type: text,
    default: '.*',
    doc: 'What the default user may consume and bind from: a pattern for names.',
  }),
  outputBuffer: option({
    key: 'output_buffer',
    type: size(16 * KB, 1024 * MB),
    default: MB,
    unit: 'bytes',
    doc: 'With this much unsent, a connection gets no more deliveries until its client has read.',
  }),
  readBytesPerTurn: option({
    key: 'read_bytes_per_turn',
    type: size(64 * KB, 64 * MB),
    default: MB,
    unit: 'bytes',
    doc: 'What one connection may hand in before the others are served.',
  }),
  socketReading: option<'shared_buffer' | 'events'>({
    key: 'socket_reading',
    type: oneOf('shared_buffer', 'events'),
    default: 'shared_buffer',
    doc: 'How plain sockets are read. The shared buffer is faster; events work on every platform.',
  }),
  deliveriesPerTurn: option({
    key: 'deliveries_per_turn',
    type: wholeNumber(16, 1_000_000),
    default: 4096,
    unit: 'messages',
    doc: 'Deliveries between two reads of the sockets; keeps one turn of the event loop below 10 ms.',
  }),
  memoryWatermarkRelative: option({
    key: 'vm_memory_high_watermark.relative',
    type: factor(0, 1),
    default: 0.6,
    doc: 'Publishers are blocked while more than this share of all memory is in use.',
  }),
  memoryWatermarkAbsolute: option<number | undefined>({
    key: 'vm_memory_high_watermark.absolute',
    type: size(0, PB),
    default: undefined,
    doc: 'The same as a size; it wins over the share.',
  }),
  totalMemoryOverride: option<number | undefined>({
    key: 'total_memory_available_override_value',
    type: size(1, PB),
    default: undefined,
    doc: 'How much memory there is. Unless set, what the machine has or the container was given (control groups).',
  }),
  diskFreeLimitAbsolute: option<number | undefined>({
    key: 'disk_free_limit.absolute',
    type: size(0, PB),
    default: undefined,
    doc: "Publishers are blocked while less is free on the disk with the data. Unless set, RabbitMQ's 50 MB and room for one segment of the log.",
  }),
  diskFreeLimitRelative: option<number | undefined>({
    key: 'disk_free_limit.relative',
    type: factor(0, 1000),
    default: undefined,
    doc: 'The same as a multiple of all memory, such as 1.0; it wins over the size.',
  }),
  managementPort: option({
    key: 'management.tcp.port',
    type: wholeNumber(0, 65_535),
    default: 15_672,
    doc: 'The port of the management API and page. Accepted, not served yet.',
  }),
  dataDir: option({
    key: 'data_dir',
    type: text,
    default: '',
    doc: 'The folder for durable data; without one everything is kept in memory.',
  }),
  residentSize: option({
    key: 'message_store.resident_size',
    type: size(1 * MB, 1024 * 1024 * MB),
    default: 48 * MB,
    unit: 'bytes',
    doc: 'When all messages in memory take more, persistent messages of long durable queues move to disk until they are needed.',
  }),
  segmentSize: option({
    key: 'message_store.segment_size',
    type: size(1 * MB, 1024 * MB),
    default: 64 * MB,
    unit: 'bytes',
    doc: 'When the log goes on in another file. Files are used again, so that a busy broker keeps a few.',
  }),
} as const;

function family<Value>(row: Family<Value>): Family<Value> {
  return row;
}

const NO_LISTENERS = { type: none, member: NONE } as const;

/** Rows with a value for each name: `listeners.tcp.default`, `listeners.tcp.local` and so on. */
export const FAMILIES = {
  tcpListeners: family<ListenAddress | typeof NONE>({
    key: 'listeners.tcp',
    type: listenAddressOrNone,
    whole: NO_LISTENERS,
    default: new Map([['default', { address: undefined, port: 5672 }]]),
    doc: 'Where plain connections are accepted; none turns them off.',
  }),
  tlsListeners: family<ListenAddress | typeof NONE>({
    key: 'listeners.ssl',
    type: listenAddressOrNone,
    whole: NO_LISTENERS,
    default: new Map(),
    doc: 'Where TLS connections are accepted; 5671 is usual. Off unless set.',
  }),
  defaultUserTags: family<boolean>({
    key: 'default_user_tags',
    type: flag,
    whole: { type: none, member: false },
    default: new Map([['administrator', true]]),
    doc: "The default user's tags: administrator, management, monitoring, policymaker, impersonator or any other word.",
  }),
  tlsVersions: family<TlsVersion | typeof NONE>({
    key: 'ssl_options.versions',
    type: oneOf('tlsv1.3', 'tlsv1.2', 'tlsv1.1', 'tlsv1'),
    whole: NO_LISTENERS,
    default: new Map([
      ['1', 'tlsv1.3'],
      ['2', 'tlsv1.2'],
    ]),
    doc: 'A version of TLS that clients may speak. Versions before 1.2 need old ciphers as well.',
  }),
  tlsCiphers: family<string>({
    key: 'ssl_options.ciphers',
    type: nonEmptyText,
    whole: { type: none, member: '' },
    default: new Map(),
    doc: "A cipher, by OpenSSL's name, in the order of preference. Those of Node.js unless set.",
  }),
  loopbackUsers: family<boolean>({
    key: 'loopback_users',
    type: flag,
    whole: { type: namesOrNone, member: true },
    default: new Map([['guest', true]]),
    doc: 'Users who may connect to a loopback address only; none lets everyone connect from everywhere.',
  }),
} as const;
