import { type FSWatcher, type Stats, watch } from 'node:fs'
import { type FileHandle, mkdtemp, open, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { errorCode } from '../failure.ts'

/** What is known of a file without reading it. `id` is of the inode, which is used again; `writtenMs` Unix milliseconds. */
export interface FileStatus {
  id: string
  size: number
  writtenMs: number
}

/** An open file, which stays the same one whatever happens to its name. */
export interface ReadableFile {
  /** Fills `buffer` from `offset` on, as far as the file goes; answers how many bytes that was. */
  read(offset: number, buffer: Buffer): Promise<number>
  status(): Promise<FileStatus>
  close(): Promise<void>
}

/** The folder that Asterisk writes its call detail records to, and that a log rotation works in. */
export interface CdrFolder {
  /** `undefined` if there is no such file. A compressed file reads as what is in it. */
  open(path: string): Promise<ReadableFile | undefined>
  /** `undefined` if there is no such file. */
  status(path: string): Promise<FileStatus | undefined>
  list(folder: string): Promise<string[]>
  /** Calls back when anything in the folder changes, as far as the file system tells. Throws if it cannot watch. */
  watch(folder: string, onChange: () => void, onError: () => void): () => void
}

/** A year of a busy PBX; what unpacks to more is not a rotated log. It goes to the disk, not to memory. */
const unpackedBytesMax = 4 * 1024 * 1024 * 1024
const unpackers: Readonly<Record<string, () => Transform>> = { gz: createGunzip, zst: createZstdDecompress }

export const realCdrFolder: CdrFolder = {
  async open(path) {
    try {
      const handle = await open(path, 'r')
      if (!(await handle.stat()).isFile()) {
        await handle.close()
        throw Object.assign(new Error(`${path} is not a file`), { code: 'EISDIR' })
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
  list: (folder) => readdir(folder),
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

/** Unpacks to a file that has no name any more, so that nothing is left behind however the process ends. */
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
    if (bytes > unpackedBytesMax) throw new Error('a compressed file unpacks to more than a log holds')
    // On from where the last chunk ended.
    await plain.writeFile(chunk)
  }
}
