import { crc32 } from 'node:zlib'
import type { Disk } from './disk.ts'

/**
 * A small JSON value in a file of its own: `<crc32 in hex> <json>\n`, replaced whole. A file that is absent, cut or
 * altered reads as `undefined`, and its owner begins anew: what it holds can always be worked out again, at the price of doubles.
 */
export async function readSealed(disk: Disk, path: string): Promise<unknown> {
  const content = await disk.read(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (!content) return undefined
  const text = content.toString('utf8').trimEnd()
  const json = text.slice(9)
  if (text[8] !== ' ' || text.slice(0, 8) !== seal(json)) return undefined
  return JSON.parse(json)
}

export async function writeSealed(disk: Disk, path: string, value: unknown): Promise<void> {
  const json = JSON.stringify(value)
  await disk.replace(path, Buffer.from(`${seal(json)} ${json}\n`))
}

function seal(json: string): string {
  return crc32(json).toString(16).padStart(8, '0')
}
