import { type FSWatcher, type Stats, watch } from 'node:fs'
import { type FileHandle, mkdtemp, open, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { SwitchhookError } from '../../contracts/errors.ts'
import { errorCode } from '../failure.ts'

/** A file in the folder of call records cannot be one. */
export class CdrFileError extends SwitchhookError {
  readonly errorId = 'cdr-file-unreadable'
  /** As the operating system's errors have it; empty where it has no such error. */
  readonly code: string
  constructor(detail: string, code = '') {
    super(detail)
    this.code = code
  }
}

/** A file's metadata. `id` is of the inode, which the file system reuses; `writtenMs` is Unix milliseconds. */
export interface FileStatus {
  id: string
  size: number
  writtenMs: number
}

/** An open file. It stays the same file when its name changes. */
export interface ReadableFile {
  /** Fills `buffer` from `offset` on and returns how many bytes the file had. */
  read(offset: number, buffer: Buffer): Promise<number>
  status(): Promise<FileStatus>
  close(): Promise<void>
}

/** The folder of the CDR file, in which a log rotation renames and compresses files. */
export interface CdrFolder {
  /** Returns `undefined` if there is no such file. A compressed file is read decompressed. */
  open(path: string): Promise<ReadableFile | undefined>
  /** Returns `undefined` if there is no such file. */
  status(path: string): Promise<FileStatus | undefined>
  /** Returns the names in a folder; none if there is no such folder. */
  list(folder: string): Promise<string[]>
  /** Calls `onChange` when the file system reports a change in the folder. Throws if it cannot be watched. */
  watch(folder: string, onChange: () => void, onError: () => void): () => void
}

/** A year of a busy PBX. A larger file is not a rotated log. Decompressed data goes to the disk, not to memory. */
const unpackedBytesMax = 4 * 1024 * 1024 * 1024
const unpackers: Readonly<Record<string, () => Transform>> = { gz: createGunzip, zst: createZstdDecompress }

export const realCdrFolder: CdrFolder = {
  async open(path) {
    try {
      const handle = await open(path, 'r')
      if (!(await handle.stat()).isFile()) {
        await handle.close()
        throw new CdrFileError(`${path} is not a file`, 'EISDIR')
      }
      const unpacker = unpackers[path.split('.').at(-1) ?? '']
      return readable(unpacker ? await unpack(handle, unpacker()) : handle)
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return undefined
      throw error
    }
  },
  async status(path) {
    const status = await stat(path).catch((error: unknown) => {
      if (errorCode(error) === 'ENOENT') return undefined
      throw error
    })
    return status?.isFile() ? statusOf(status) : undefined
  },
  async list(folder) {
    return readdir(folder).catch((error: unknown) => {
      if (errorCode(error) === 'ENOENT') return []
      throw error
    })
  },
  watch(folder, onChange, onError) {
    const watcher: FSWatcher = watch(folder, onChange)
    watcher.on('error', onError)
    return () => watcher.close()
  },
}

function readable(handle: FileHandle): ReadableFile {
  return {
    read: async (offset, buffer) => (await handle.read(buffer, 0, buffer.length, offset)).bytesRead,
    status: async () => statusOf(await handle.stat()),
    close: () => handle.close(),
  }
}

function statusOf({ dev, ino, size, mtimeMs }: Stats): FileStatus {
  return { id: `${dev}:${ino}`, size, writtenMs: mtimeMs }
}

/** Decompresses to a file whose name is removed at once, so that nothing is left behind when the process ends. */
async function unpack(packed: FileHandle, unpacker: Transform): Promise<FileHandle> {
  const folder = await mkdtemp(join(tmpdir(), 'switchhook-cdr-'))
  const plain = await open(join(folder, 'plain'), 'wx+', 0o600)
  try {
    await pipeline(packed.createReadStream(), unpacker, (chunks) => fill(plain, chunks))
    return plain
  } catch (error) {
    await plain.close()
    throw error
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function fill(plain: FileHandle, chunks: AsyncIterable<Buffer>): Promise<void> {
  let bytes = 0
  for await (const chunk of chunks) {
    bytes += chunk.length
    if (bytes > unpackedBytesMax) throw new CdrFileError('the file decompresses to more than 4 GiB')
    await plain.writeFile(chunk)
  }
}
