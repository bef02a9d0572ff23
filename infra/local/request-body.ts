import type { IncomingMessage } from 'node:http'

/** Reads a request's body. Returns undefined if it is longer than `bytesMax`; the rest of it is read and discarded. */
export async function readBody(request: IncomingMessage, bytesMax: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    bytes += chunk.length
    if (bytes <= bytesMax) chunks.push(chunk)
  }
  return bytes <= bytesMax ? Buffer.concat(chunks) : undefined
}
