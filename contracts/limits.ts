/** Limits that both sides of a boundary rely on. Sources: AWS's quota pages for SQS and API Gateway. */

/** SQS refuses a body over 1 MiB. */
export const sqsBodyBytesMax = 1_048_576
/** Each started 64 KiB of an SQS body is billed as one request, so a packed body stays within one. */
export const packedBodyBytesTarget = 65_536
/** Protects memory from a small body that unpacks to a huge one: 8 MiB is 30 times a full body, the best ratio measured. */
export const unpackedBytesMax = 8_388_608
/** API Gateway closes a WebSocket whose frame is over 32 KB; 31 KB of entities leave room for the rest of the frame. */
export const frameBytesMax = 31_744
/** Topics a client may name in one subscribe frame. */
export const topicsMax = 10
/** Extensions in one filter: 200 of 20 bytes fit a client's frame. */
export const extensionsMax = 200
/** Size of a client's frame; the largest valid one names ten topics and 200 extensions. */
export const clientFrameBytesMax = 8_192
/**
 * Longest time from the start of an invocation (its write stamp) to its last write: the function's timeout of 10 s, and 2 s for
 * clocks that differ. So a read at a stamp sees everything that was stamped this much earlier.
 */
export const writeMsMax = 12_000
/**
 * Longest time from the write of a function that crashed before its push until the redelivered message is pushed: the queue's
 * five receives, 60 s apart.
 */
export const redeliveredMsMax = 300_000
/** A bridge sends a message at least every 10 s. After this long without one it is offline, and the states of its PBX are stale. */
export const silentMsMax = 20_000
/** A fact that is older than this by the bridge's clock is late: it goes on the `records` lane, never on `live`. */
export const freshMsMax = 30_000
/**
 * Posts to sockets in a second for the presence of all sites together: half of API Gateway's 10,000 requests an account, whose
 * other half serves the HTTP API and the clients' frames.
 */
export const postsPerSecondMax = 5_000
/** Shortest time between two messages of the live lane; the cloud can ask for a longer one. */
export const paceMsMin = 100
/** How long a bridge keeps the pace that the cloud asked for, unless it is asked again. */
export const paceHoldsMs = 600_000
/** Rows of one page of a list. */
export const pageRowsMax = 500
export const pageRowsDefault = 50
/** Usual time from a write to its arrival at a client. A digest leaves out younger entities. */
export const recentMs = 3_000
/** Longest id in a path, in bytes: Asterisk's ids have up to 149, and DynamoDB's keys up to 1,024. */
export const pathBytesMax = 255
/** Code points of a text or a name of Asterisk in a fact. The longest name that a SIP phone can set has 79; a dial plan can set any. */
export const textCodePointsMax = 200
/** Checks in a heartbeat: more than the bridge has. */
export const checksMax = 50
/** Code points of a repair in a heartbeat: the longest is a mapping of 25 columns, 700. */
export const repairCodePointsMax = 2_000
