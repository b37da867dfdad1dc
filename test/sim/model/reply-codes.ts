/** How the broker must answer a command: with a reply code of AMQP 0-9-1, or 0 when it may not refuse. */

export const ACCEPTED = 0;
export const NO_ROUTE = 312;
export const CONNECTION_FORCED = 320;
export const ACCESS_REFUSED = 403;
export const NOT_FOUND = 404;
export const LOCKED = 405;
export const PRECONDITION_FAILED = 406;
export const CHANNEL_ERROR = 504;
export const NOT_ALLOWED = 530;
export const NOT_IMPLEMENTED = 540;
