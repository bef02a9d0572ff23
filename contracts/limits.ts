/** Bounds that both sides of a boundary rely on. Sources: AWS's quota pages for SQS and API Gateway. */

/** SQS refuses a body over 1 MiB. */
export const sqsBodyBytesMax = 1_048_576
/** Each started 64 KiB of an SQS body is billed as one request, so a packed body stays within one. */
export const packedBodyBytesTarget = 65_536
/** Guards memory against a small body that unpacks to a huge one: 8 MiB is 30 times a full body, the best ratio measured. */
export const unpackedBytesMax = 8_388_608
/** API Gateway closes a WebSocket whose frame is over 32 KB; 31 KB leaves room for what the frame wraps around its entities. */
export const frameBytesMax = 31_744
/** Topics a client may name in one subscribe frame. */
export const topicsMax = 10
/** Extensions of one filter: 200 of them, 20 bytes each, fill a client's frame. */
export const extensionsMax = 200
/** A client's frame; the largest legal one names ten topics and 200 extensions. */
export const clientFrameBytesMax = 8_192
/**
 * From the start of an invocation, whose time is the write stamp, to its last write: a function's 10 s and 2 s of clocks
 * that differ. What was written before a stamp less this long has been read by whoever read at the stamp.
 */
export const writeMsMax = 12_000
/**
 * From the write of a function that died before it pushed to the push by whoever was given its message anew: the queue's
 * five receives, 60 s apart.
 */
export const redeliveredMsMax = 300_000
/** A bridge speaks each 10 s at least; one not heard for this long is silent, and what is told of its PBX is stale. */
export const silentMsMax = 20_000
/** A fact older than this, by its bridge's own clock, is no news: it goes by `records`, never by `live`. */
export const freshMsMax = 30_000
/**
 * Posts to sockets a second that all sites' presence takes together: half of API Gateway's 10,000 requests an account, which
 * the HTTP API and the clients' own frames share.
 */
export const postsPerSecondMax = 5_000
/** The live lane sends one message in this time at most, unless the cloud asks for fewer. */
export const paceMsMin = 100
/** A bridge that is asked for fewer messages goes back to its own pace after this, unless it is asked again. */
export const paceHoldsMs = 600_000
/** Rows of one page of a list. */
export const pageRowsMax = 500
export const pageRowsDefault = 50
/** From a write to its arrival at a client, as a rule; what is younger is left out of a digest. */
export const recentMs = 3_000
