/** A file, or a folder or link, of a package. Everything belongs to root, as Debian's policy has it. */
export interface Entry {
  /** Path below the root of the package, without a leading slash. */
  readonly path: string
  readonly mode: number
  /** Bytes of a file; absent for a folder. */
  readonly content?: Buffer
}

const blockBytes = 512
/** GNU tar fills its last record up to this size. */
const recordBytes = 20 * blockBytes

/**
 * Returns a tar archive (POSIX.1-1988 `ustar`) of the entries and the folders above them, in the order of their names and with one
 * time, so that equal files give equal bytes on every machine and for every user.
 */
export function tarOf(
  entries: readonly Entry[],
  { prefix = '', seconds }: { prefix?: string; seconds: number },
): Buffer {
  const all = withFolders(entries).sort((a, b) => (a.path < b.path ? -1 : 1))
  const parts = all.flatMap((entry) => {
    const content = entry.content ?? Buffer.alloc(0)
    return [headerOf(entry, prefix, seconds), content, Buffer.alloc(-content.length & (blockBytes - 1))]
  })
  const bytes = parts.reduce((sum, { length }) => sum + length, 0)
  const end = Math.ceil((bytes + 2 * blockBytes) / recordBytes) * recordBytes
  return Buffer.concat([...parts, Buffer.alloc(end - bytes)])
}

function withFolders(entries: readonly Entry[]): Entry[] {
  const paths = new Map(entries.map((entry) => [entry.path, entry]))
  for (const { path } of entries) {
    const names = path.split('/')
    for (let n = 1; n < names.length; n += 1) {
      const folder = names.slice(0, n).join('/')
      if (!paths.has(folder)) paths.set(folder, { path: folder, mode: 0o755 })
    }
  }
  return [...paths.values()]
}

function headerOf({ path, mode, content }: Entry, prefix: string, seconds: number): Buffer {
  const name = `${prefix}${path}${content ? '' : '/'}`
  // Longer names need another header; none of ours is.
  if (Buffer.byteLength(name) > 99) throw new RangeError(`the path ${name} is longer than 99 bytes`)
  const header = Buffer.alloc(blockBytes)
  const octal = (value: number, digits: number) => `${value.toString(8).padStart(digits, '0')}\0`
  header.write(name, 0)
  header.write(octal(mode, 7), 100)
  header.write(octal(0, 7), 108)
  header.write(octal(0, 7), 116)
  header.write(octal(content?.length ?? 0, 11), 124)
  header.write(octal(seconds, 11), 136)
  header.write(' '.repeat(8), 148)
  header.write(content ? '0' : '5', 156)
  header.write('ustar\x0000', 257)
  header.write('root', 265)
  header.write('root', 297)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return header
}

/** Returns a file of a tar archive, or undefined if it has none of that name. */
export function fileInTar(archive: Buffer, path: string): Buffer | undefined {
  for (let at = 0; at + blockBytes <= archive.length; ) {
    const text = (from: number, length: number) =>
      archive.toString('latin1', at + from, at + from + length).replace(/\0.*$/s, '')
    const name = text(0, 100)
    if (name === '') return undefined
    const bytes = Number.parseInt(text(124, 12), 8)
    const start = at + blockBytes
    if (name === path) return archive.subarray(start, start + bytes)
    at = start + Math.ceil(bytes / blockBytes) * blockBytes
  }
  return undefined
}
