import { type KeyObject, verify } from 'node:crypto'
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import * as v from 'valibot'
import { SwitchhookError } from './errors.ts'
import { sqsBodyBytesMax, unpackedBytesMax } from './limits.ts'
import { SiteId } from './names.ts'

/**
 * The body of one SQS message: many events as JSON lines, compressed (Zstandard, RFC 8878), signed (Ed25519, RFC 8032),
 * and written as base64 in JSON, because SQS accepts only text that is legal in XML. All sites share the queues, so the
 * signature, not the queue, identifies the site.
 */
export const Lane = v.picklist(['live', 'records'])
export type Lane = v.InferOutput<typeof Lane>

export const PackedBody = v.looseObject({
  format: v.literal(1),
  site: SiteId,
  /** Id of the bridge's public key. */
  key: v.pipe(v.string(), v.minLength(1), v.maxLength(64)),
  lane: Lane,
  encoding: v.literal('zstd'),
  signature: v.pipe(v.string(), v.maxLength(128), v.base64()),
  data: v.pipe(v.string(), v.base64()),
})
export type PackedBody = v.InferOutput<typeof PackedBody>

export type BodyErrorId =
  | 'body-malformed'
  | 'body-too-large'
  | 'body-key-unknown'
  | 'body-signature-invalid'
  | 'body-lane-wrong'

/** The body is malformed or not signed by an enrolled bridge of the site. Trying again cannot help. */
export class BodyRefusedError extends SwitchhookError {
  readonly errorId: BodyErrorId
  constructor(errorId: BodyErrorId, detail: string, options?: ErrorOptions) {
    super(detail, options)
    this.errorId = errorId
  }
}

export interface Packing {
  site: SiteId
  key: string
  lane: Lane
}

function signedBytes({ site, key, lane }: Packing, data: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(`switchhook.packed.1\n${site}\n${key}\n${lane}\nzstd\n`), data])
}

/** One buffer for all bodies, so that a backlog does not allocate 128 KB for each. It grows to the size of the largest body. */
let joined = Buffer.alloc(0)

/** Returns the lines joined by line breaks. The result is valid until the next call. */
function join(lines: readonly Uint8Array[]): Uint8Array {
  const bytes = lines.reduce((sum, line) => sum + line.length + 1, 0)
  if (joined.length < bytes) joined = Buffer.allocUnsafe(bytes)
  let end = 0
  for (const line of lines) {
    joined.set(line, end)
    joined[end + line.length] = 0x0a
    end += line.length + 1
  }
  return joined.subarray(0, Math.max(0, end - 1))
}

/** 128 KB of lines pack to 6 KB, so zlib's default chunks of 16 KB would be mostly empty garbage. */
const packChunkBytes = 8 * 1024

/** Returns the text of one SQS body. Each event is one line of JSON in UTF-8 without a line break. */
export function packBody(
  packing: Packing,
  lines: readonly Uint8Array[],
  sign: (bytes: Uint8Array) => Uint8Array,
): string {
  const data = zstdCompressSync(join(lines), { chunkSize: packChunkBytes })
  const signature = Buffer.from(sign(signedBytes(packing, data))).toString('base64')
  return JSON.stringify({ format: 1, ...packing, encoding: 'zstd', signature, data: data.toString('base64') })
}

/**
 * Verifies an SQS body and returns its lines. `publicKeyOf` returns the registered key of a bridge of that site. The body is
 * decompressed only after its signature is verified.
 */
export async function openBody(
  text: string,
  publicKeyOf: (site: SiteId, key: string) => Promise<KeyObject | undefined>,
): Promise<Packing & { lines: string[] }> {
  const body = parseBody(text)
  const publicKey = await publicKeyOf(body.site, body.key)
  if (!publicKey) {
    throw new BodyRefusedError(
      'body-key-unknown',
      `No bridge of the site ${body.site} is enrolled with the key ${body.key}.`,
    )
  }
  const data = Buffer.from(body.data, 'base64')
  if (!verify(null, signedBytes(body, data), publicKey, Buffer.from(body.signature, 'base64'))) {
    throw new BodyRefusedError(
      'body-signature-invalid',
      `The signature does not fit the key ${body.key} of the site ${body.site}.`,
    )
  }
  const unpacked = unpack(data)
  return { site: body.site, key: body.key, lane: body.lane, lines: unpacked.toString('utf8').split('\n') }
}

/** Returns the lines of a body without verifying it, to search them; undefined if it is no packed body. */
export function unverifiedLines(text: string): string[] | undefined {
  try {
    return unpack(Buffer.from(parseBody(text).data, 'base64'))
      .toString('utf8')
      .split('\n')
  } catch (error) {
    if (error instanceof BodyRefusedError) return undefined
    throw error
  }
}

function parseBody(text: string): PackedBody {
  if (text.length > sqsBodyBytesMax)
    throw new BodyRefusedError('body-too-large', `The body has ${text.length} bytes; SQS allows ${sqsBodyBytesMax}.`)
  try {
    return v.parse(PackedBody, JSON.parse(text))
  } catch (cause) {
    throw new BodyRefusedError('body-malformed', 'The body is not a packed body of format 1.', { cause })
  }
}

/** A body of fifty CDRs unpacks to 34 KB: one chunk of that size takes half the time of zlib's default 16 KB chunks. */
const unpackChunkBytes = 64 * 1024

/** Unpacks synchronously: passing 0.3 KB to zlib's thread costs four times the unpacking, and a function has nothing else to do. */
function unpack(data: Buffer): Buffer {
  try {
    return zstdDecompressSync(data, { maxOutputLength: unpackedBytesMax, chunkSize: unpackChunkBytes })
  } catch (cause) {
    throw new BodyRefusedError('body-malformed', `The body does not unpack within ${unpackedBytesMax} bytes.`, {
      cause,
    })
  }
}
