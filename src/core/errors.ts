/**
 * Refusals: what a client did wrong, with AMQP's reply code and RabbitMQ's text. One table; users grep for the texts.
 *
 * Core throws, each protocol answers in one place. The failing method's class and id are the protocol's to add.
 */

export const REPLY_CODES = {
  CONTENT_TOO_LARGE: 311,
  NO_ROUTE: 312,
  NO_CONSUMERS: 313,
  CONNECTION_FORCED: 320,
  INVALID_PATH: 402,
  ACCESS_REFUSED: 403,
  NOT_FOUND: 404,
  RESOURCE_LOCKED: 405,
  PRECONDITION_FAILED: 406,
  FRAME_ERROR: 501,
  SYNTAX_ERROR: 502,
  COMMAND_INVALID: 503,
  CHANNEL_ERROR: 504,
  UNEXPECTED_FRAME: 505,
  RESOURCE_ERROR: 506,
  NOT_ALLOWED: 530,
  NOT_IMPLEMENTED: 540,
  INTERNAL_ERROR: 541,
} as const;

export type ReplyName = keyof typeof REPLY_CODES;

/** The codes that end only the channel; every other one ends the connection. */
const CHANNEL_CODES: ReadonlySet<ReplyName> = new Set([
  'CONTENT_TOO_LARGE',
  'NO_ROUTE',
  'NO_CONSUMERS',
  'ACCESS_REFUSED',
  'NOT_FOUND',
  'RESOURCE_LOCKED',
  'PRECONDITION_FAILED',
]);

/** In what a refusal differs from others. */
interface Manner {
  /** It ends the connection, whatever its code. */
  readonly endsConnection?: true;
  /** RabbitMQ names no method in it. */
  readonly isOfMethod?: false;
  /** RabbitMQ keeps the explanation to itself: it is for the log. */
  readonly isExplained?: false;
}

export class BrokerError extends Error {
  /** The name in AMQP's table of reply codes, e.g. `NOT_FOUND`. */
  readonly reply: ReplyName;
  readonly endsConnection: boolean;
  /** False when the client is not told which method is at fault. */
  readonly isOfMethod: boolean;
  /** What the client is told. */
  readonly replyText: string;

  constructor(reply: ReplyName, explanation: string, manner: Manner = {}) {
    super(`${reply} - ${explanation}`);
    this.name = 'BrokerError';
    this.reply = reply;
    this.endsConnection = manner.endsConnection === true || !CHANNEL_CODES.has(reply);
    this.isOfMethod = manner.isOfMethod !== false;
    this.replyText = manner.isExplained === false ? reply : this.message;
  }

  get code(): number {
    return REPLY_CODES[this.reply];
  }
}

/** `queue 'NAME' in vhost 'VHOST'`, as RabbitMQ prints it. */
function resource(kind: 'queue' | 'exchange', name: string, vhost: string): string {
  return `${kind} '${name}' in vhost '${vhost}'`;
}

/** The catalogue: a function a refusal, in the order of their codes. */
export const refusal = {
  halfReceived: (bytes: number) =>
    new BrokerError('CONTENT_TOO_LARGE', `low on memory: a message of ${bytes} bytes was given up half received`),
  reservedQueueName: (name: string) =>
    new BrokerError('ACCESS_REFUSED', `queue name '${name}' contains reserved prefix 'amq.*'`),
  reservedExchangeName: (name: string) =>
    new BrokerError('ACCESS_REFUSED', `exchange name '${name}' contains reserved prefix 'amq.*'`),
  defaultExchange: () => new BrokerError('ACCESS_REFUSED', 'operation not permitted on the default exchange'),
  systemExchange: (name: string, vhost: string) =>
    new BrokerError('ACCESS_REFUSED', `deletion of system ${resource('exchange', name, vhost)} not allowed`),
  internalExchange: (name: string, vhost: string) =>
    new BrokerError('ACCESS_REFUSED', `cannot publish to internal ${resource('exchange', name, vhost)}`),
  exclusiveConsumer: (name: string, vhost: string) =>
    new BrokerError('ACCESS_REFUSED', `${resource('queue', name, vhost)} in exclusive use`),
  accessRefused: (access: string, kind: 'queue' | 'exchange', name: string, vhost: string, user: string) =>
    new BrokerError('ACCESS_REFUSED', `${access} access to ${resource(kind, name, vhost)} refused for user '${user}'`),
  replyQueueBinding: () =>
    new BrokerError('ACCESS_REFUSED', 'cannot bind or unbind to a volatile (direct reply-to) queue'),
  topicRefused: (access: string, key: string, exchange: string, vhost: string, user: string) =>
    new BrokerError(
      'ACCESS_REFUSED',
      `${access} access to topic '${key}' in ${resource('exchange', exchange, vhost)} refused for user '${user}'`,
    ),
  loginRefused: (mechanism: string) =>
    new BrokerError(
      'ACCESS_REFUSED',
      `Login was refused using authentication mechanism ${mechanism}. For details see the broker logfile.`,
      { endsConnection: true, isOfMethod: false },
    ),
  noQueue: (name: string, vhost: string) => new BrokerError('NOT_FOUND', `no ${resource('queue', name, vhost)}`),
  noExchange: (name: string, vhost: string) => new BrokerError('NOT_FOUND', `no ${resource('exchange', name, vhost)}`),
  stoppedQueue: (name: string, vhost: string) =>
    new BrokerError('NOT_FOUND', `${resource('queue', name, vhost)} process is stopped by supervisor`),
  partialTransaction: () => new BrokerError('PRECONDITION_FAILED', 'partial tx completion'),
  noLastQueue: () => new BrokerError('NOT_FOUND', 'no previously declared queue'),
  lockedQueue: (name: string, vhost: string) =>
    new BrokerError(
      'RESOURCE_LOCKED',
      `cannot obtain exclusive access to locked ${resource('queue', name, vhost)}. It could be originally declared on another connection or the exclusive property value does not match that of the original declaration.`,
    ),
  inequivalent: (
    argument: string,
    kind: 'queue' | 'exchange',
    name: string,
    vhost: string,
    received: string,
    current: string,
  ) =>
    new BrokerError(
      'PRECONDITION_FAILED',
      `inequivalent arg '${argument}' for ${resource(kind, name, vhost)}: received ${received} but current is ${current}`,
    ),
  unknownDeliveryTag: (tag: number | bigint) => new BrokerError('PRECONDITION_FAILED', `unknown delivery tag ${tag}`),
  queueInUse: (name: string, vhost: string) =>
    new BrokerError('PRECONDITION_FAILED', `${resource('queue', name, vhost)} in use`),
  queueNotEmpty: (name: string, vhost: string) =>
    new BrokerError('PRECONDITION_FAILED', `${resource('queue', name, vhost)} not empty`),
  exchangeInUse: (name: string, vhost: string) =>
    new BrokerError('PRECONDITION_FAILED', `${resource('exchange', name, vhost)} in use`),
  argumentType: (argument: string, kind: 'queue' | 'exchange', name: string, vhost: string, type: string) =>
    new BrokerError(
      'PRECONDITION_FAILED',
      `invalid type '${type}' for arg '${argument}' in ${resource(kind, name, vhost)}`,
    ),
  invalidArgument: (argument: string, queue: string, vhost: string, why: string) =>
    new BrokerError('PRECONDITION_FAILED', `invalid arg '${argument}' for ${resource('queue', queue, vhost)}: ${why}`),
  foreignArgument: (argument: string, queue: string, vhost: string, type: string) =>
    new BrokerError(
      'PRECONDITION_FAILED',
      `invalid arg '${argument}' for ${resource('queue', queue, vhost)} of queue type ${type}`,
    ),
  matchValue: (value: string) =>
    new BrokerError(
      'PRECONDITION_FAILED',
      `Invalid x-match field value ${value}; expected all, any, all-with-x, or any-with-x`,
    ),
  matchType: (type: string, value: string) =>
    new BrokerError('PRECONDITION_FAILED', `Invalid x-match field type ${type} (value ${value}); expected longstr`),
  unknownExchangeType: (type: string) => new BrokerError('PRECONDITION_FAILED', `unknown exchange type '${type}'`),
  invalidExpiration: (text: string, why: string) =>
    new BrokerError('PRECONDITION_FAILED', `invalid expiration '${text}': ${why}`),
  invalidMessage: (why: string) => new BrokerError('PRECONDITION_FAILED', `invalid message: ${why}`),
  foreignUserId: (userId: string, user: string) =>
    new BrokerError('PRECONDITION_FAILED', `user_id property set to '${userId}' but authenticated user was '${user}'`),
  modeSwitch: (from: 'confirm' | 'tx', to: 'confirm' | 'tx') =>
    new BrokerError('PRECONDITION_FAILED', `cannot switch from ${from} to ${to} mode`),
  notTransactional: () => new BrokerError('PRECONDITION_FAILED', 'channel is not transactional'),
  replyConsumerAcknowledges: () => new BrokerError('PRECONDITION_FAILED', 'reply consumer cannot acknowledge'),
  secondReplyConsumer: () => new BrokerError('PRECONDITION_FAILED', 'reply consumer already set'),
  noReplyConsumer: () => new BrokerError('PRECONDITION_FAILED', 'fast reply consumer does not exist'),
  messageTooLarge: (bytes: number | bigint, bytesMax: number) =>
    new BrokerError('PRECONDITION_FAILED', `message size ${bytes} is larger than configured max size ${bytesMax}`),
  noRoomTo: (what: string) => new BrokerError('PRECONDITION_FAILED', `cannot ${what}: the broker is low on memory`),
  topicWildcards: (key: string, count: number) =>
    new BrokerError(
      'PRECONDITION_FAILED',
      `Topic binding key '${key}' uses ${count} '#' wildcards, at most 2 are allowed`,
    ),
  frameError: (explanation: string) => new BrokerError('FRAME_ERROR', explanation),
  malformedText: () => new BrokerError('FRAME_ERROR', 'Malformed UTF-8 in shortstr', { isOfMethod: false }),
  syntaxError: (explanation: string) => new BrokerError('SYNTAX_ERROR', explanation),
  commandInvalid: (explanation: string) => new BrokerError('COMMAND_INVALID', explanation),
  commandDuringCommit: () => new BrokerError('CHANNEL_ERROR', "unexpected command while processing 'tx.commit'"),
  channelError: (explanation: string) => new BrokerError('CHANNEL_ERROR', explanation),
  unexpectedFrame: (explanation: string) => new BrokerError('UNEXPECTED_FRAME', explanation),
  noRoomFor: (what: string) => new BrokerError('RESOURCE_ERROR', `${what} refused: the broker is low on memory`),
  reusedConsumerTag: (tag: string) => new BrokerError('NOT_ALLOWED', `attempt to reuse consumer tag '${tag}'`),
  tooManyConsumers: (limit: number) =>
    new BrokerError('NOT_ALLOWED', `reached maximum (${limit}) of consumers per channel`),
  vhostNotFound: (vhost: string) => new BrokerError('NOT_ALLOWED', `vhost ${vhost} not found`),
  vhostRefused: (vhost: string, user: string) =>
    new BrokerError('NOT_ALLOWED', `access to vhost '${vhost}' refused for user '${user}'`),
  nodeConnectionLimit: (limit: number) =>
    new BrokerError('NOT_ALLOWED', `connection refused: node connection limit (${limit}) is reached`),
  vhostConnectionLimit: (vhost: string, user: string, limit: number) =>
    new BrokerError(
      'NOT_ALLOWED',
      `access to vhost '${vhost}' refused for user '${user}': connection limit (${limit}) is reached`,
    ),
  userConnectionLimit: (user: string, limit: number) =>
    new BrokerError(
      'NOT_ALLOWED',
      `connection refused for user '${user}': user connection limit (${limit}) is reached`,
    ),
  nodeChannelLimit: (node: string, limit: number) =>
    new BrokerError(
      'NOT_ALLOWED',
      `number of channels opened on node '${node}' has reached the maximum allowed limit of (${limit})`,
    ),
  userChannelLimit: (user: string, limit: number) =>
    new BrokerError(
      'NOT_ALLOWED',
      `number of channels opened for user '${user}' has reached the maximum allowed user limit of (${limit})`,
    ),
  secretRefused: () => new BrokerError('NOT_ALLOWED', 'New secret was refused by one of the backends'),
  notAllowed: (explanation: string) => new BrokerError('NOT_ALLOWED', explanation),
  notImplemented: (explanation: string) => new BrokerError('NOT_IMPLEMENTED', explanation),
  internalError: (explanation: string) => new BrokerError('INTERNAL_ERROR', explanation),
  malformedContent: (why: string) =>
    new BrokerError('INTERNAL_ERROR', `malformed content header: ${why}`, { isOfMethod: false, isExplained: false }),
  connectionForced: (explanation: string) => new BrokerError('CONNECTION_FORCED', explanation),
} as const;
