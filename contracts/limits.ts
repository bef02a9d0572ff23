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
/** A client's frame; the largest legal one names ten topics. */
export const clientFrameBytesMax = 4_096
/** Rows of one page of a list. */
export const pageRowsMax = 500
export const pageRowsDefault = 50
