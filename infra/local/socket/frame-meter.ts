/**
 * Measures the WebSocket frames (RFC 6455, section 5.2) in a stream of bytes. API Gateway limits the length of a frame, and the
 * `ws` library limits only that of a message.
 */
export class FrameMeter {
  #header = Buffer.alloc(0)
  #skip = 0

  /** Reads the next bytes of the stream and returns the length of the longest frame whose header ends in them, else 0. */
  feed(chunk: Buffer): number {
    let longest = 0
    let at = 0
    while (at < chunk.length) {
      if (this.#skip > 0) {
        const skipped = Math.min(this.#skip, chunk.length - at)
        this.#skip -= skipped
        at += skipped
        continue
      }
      // A header has at most 14 bytes, so this copies at most 14 times a frame.
      this.#header = Buffer.concat([this.#header, chunk.subarray(at, at + 1)])
      at++
      const length = payloadLength(this.#header)
      if (length === undefined) continue
      longest = Math.max(longest, length)
      this.#skip = length
      this.#header = Buffer.alloc(0)
    }
    return longest
  }
}

/** Returns undefined until the header, with its mask, is complete. */
function payloadLength(header: Buffer): number | undefined {
  if (header.length < 2) return undefined
  const second = header.readUInt8(1)
  const short = second & 0x7f
  const extended = short === 126 ? 2 : short === 127 ? 8 : 0
  const mask = second & 0x80 ? 4 : 0
  if (header.length < 2 + extended + mask) return undefined
  if (extended === 0) return short
  return extended === 2 ? header.readUInt16BE(2) : Number(header.readBigUInt64BE(2))
}
