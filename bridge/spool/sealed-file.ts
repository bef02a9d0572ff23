import { crc32 } from 'node:zlib'
import type { Disk } from './disk.ts'

/**
 * Reads a small JSON value from a file `<crc32 in hex> <json>\n`, which `writeSealed` replaces atomically. Returns `undefined`
 * if the file is missing, cut or altered. The caller then starts without it: data may be sent twice, but none is lost.
 */
export async function readSealed(disk: Pick<Disk, 'read'>, path: string): Promise<unknown> {
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

export async function writeSealed(disk: Pick<Disk, 'replace'>, path: string, value: unknown): Promise<void> {
  const json = JSON.stringify(value)
  await disk.replace(path, Buffer.from(`${seal(json)} ${json}\n`))
}

function seal(json: string): string {
  return crc32(json).toString(16).padStart(8, '0')
}
