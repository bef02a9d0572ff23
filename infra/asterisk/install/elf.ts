/**
 * Reads the names of the shared libraries that an x86-64 ELF file needs, like ldd, but without running the file and without the
 * machine's libraries. Layout: System V ABI, chapter 5, "Dynamic Section" (elf(5)).
 */

const PT_LOAD = 1
const PT_DYNAMIC = 2
const DT_NULL = 0
const DT_NEEDED = 1
const DT_STRTAB = 5

/** Returns the names in the DT_NEEDED entries, such as `libc.so.6`; empty if the file is not a 64-bit little-endian ELF. */
export function neededLibraries(file: Buffer): string[] {
  const isElf64 = file.length >= 64 && file.readUInt32BE(0) === 0x7f454c46 && file[4] === 2 && file[5] === 1
  if (!isElf64) return []
  const segments = programHeaders(file)
  const dynamic = segments.find((segment) => segment.type === PT_DYNAMIC)
  if (!dynamic) return []

  const needed: number[] = []
  let strings = 0
  for (let at = dynamic.offset; at + 16 <= Math.min(dynamic.offset + dynamic.size, file.length); at += 16) {
    const tag = Number(file.readBigInt64LE(at))
    const value = Number(file.readBigUInt64LE(at + 8))
    if (tag === DT_NULL) break
    if (tag === DT_NEEDED) needed.push(value)
    if (tag === DT_STRTAB) strings = fileOffset(segments, value)
  }
  return needed.map((offset) => stringAt(file, strings + offset))
}

interface Segment {
  readonly type: number
  readonly offset: number
  readonly address: number
  readonly size: number
}

function programHeaders(file: Buffer): Segment[] {
  const start = Number(file.readBigUInt64LE(32))
  const entryBytes = file.readUInt16LE(54)
  const count = file.readUInt16LE(56)
  const segments: Segment[] = []
  for (let index = 0; index < count; index++) {
    const at = start + index * entryBytes
    if (at + 56 > file.length) break
    segments.push({
      type: file.readUInt32LE(at),
      offset: Number(file.readBigUInt64LE(at + 8)),
      address: Number(file.readBigUInt64LE(at + 16)),
      size: Number(file.readBigUInt64LE(at + 32)),
    })
  }
  return segments
}

/** Converts an address in memory (DT_STRTAB) to an offset in the file by the loadable segment that contains it. */
function fileOffset(segments: readonly Segment[], address: number): number {
  const home = segments.find(
    (segment) => segment.type === PT_LOAD && address >= segment.address && address < segment.address + segment.size,
  )
  return home ? home.offset + address - home.address : address
}

function stringAt(file: Buffer, start: number): string {
  const end = file.indexOf(0, start)
  return file.toString('latin1', start, end < 0 ? start : end)
}
