import { constants, type PathLike } from 'node:fs'
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

/** A file that only grows. `append` may write part of the bytes before it fails; `truncate` takes that part away. */
export interface AppendFile {
  append(bytes: Uint8Array): Promise<void>
  datasync(): Promise<void>
  truncate(length: number): Promise<void>
  close(): Promise<void>
}

/** What the bridge's durable parts ask of a file system; a simulator can put another in its place. */
export interface Disk {
  makeFolder(path: string): Promise<void>
  list(folder: string): Promise<string[]>
  read(path: string): Promise<Buffer>
  /** Fills `bytes` from `offset` on and answers how far, which is to their end unless the file's is nearer. */
  readInto(path: string, offset: number, bytes: Uint8Array): Promise<number>
  /** Creates the file, whose entry in the folder is durable on return. */
  create(path: string): Promise<AppendFile>
  /** Makes what is in an existing file durable, after cutting it to `length`. */
  truncateAndSync(path: string, length: number): Promise<void>
  /** Whole or not at all, durable on return: temporary file, fsync, rename, fsync of the folder. */
  replace(path: string, bytes: Uint8Array): Promise<void>
  /** A file that is not there is removed already. */
  remove(path: string): Promise<void>
  /**
   * The file is gone at once and its space little by little, so that no fdatasync waits for it meanwhile. A crash may leave
   * the rest of it under its name with `releasedSuffix`.
   */
  removeGradually(path: string): Promise<void>
}

export const releasedSuffix = '.gone'

/** Everything the bridge writes may hold phone numbers, so only its own user reads it. */
const privateFile = 0o600
const privateFolder = 0o700

async function syncFolder(path: PathLike): Promise<void> {
  const folder = await open(path, constants.O_RDONLY)
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

async function readInto(path: string, offset: number, bytes: Uint8Array): Promise<number> {
  const handle = await open(path)
  try {
    let filled = 0
    for (let read = 1; read > 0 && filled < bytes.length; filled += read) {
      read = (await handle.read(bytes, filled, bytes.length - filled, offset + filled)).bytesRead
    }
    return filled
  } finally {
    await handle.close()
  }
}

async function create(path: string): Promise<AppendFile> {
  const handle = await open(path, 'ax', privateFile)
  await syncFolder(dirname(path))
  return {
    async append(bytes) {
      for (let written = 0; written < bytes.length; ) {
        written += (await handle.write(bytes, written)).bytesWritten
      }
    },
    datasync: () => handle.datasync(),
    truncate: (length) => handle.truncate(length),
    close: () => handle.close(),
  }
}

async function truncateAndSync(path: string, length: number): Promise<void> {
  const handle = await open(path, 'r+')
  try {
    await handle.truncate(length)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function replace(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.new`
  const handle = await open(temporary, 'w', privateFile)
  try {
    await handle.writeFile(bytes)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(temporary, path)
  await syncFolder(dirname(path))
}

/**
 * What is freed at once is part of the next fdatasync of any other file. With segments of 8 MiB one in fifty of those took
 * 12 to 36 ms (ext4), with 2 MiB at a time as much, with 1 MiB none over 9 ms. A segment takes a tenth of a second so, a
 * full spool of 64 seven.
 */
const freedAtOnceBytes = 1024 * 1024
const freeEveryMs = 10

async function removeGradually(path: string): Promise<void> {
  // Half a file would be taken for a torn one.
  const gone = path + releasedSuffix
  await rename(path, gone)
  const handle = await open(gone, 'r+')
  try {
    const { size } = await handle.stat()
    for (let length = size - freedAtOnceBytes; length > 0; length -= freedAtOnceBytes) {
      await handle.truncate(length)
      await delay(freeEveryMs)
    }
  } finally {
    await handle.close()
  }
  await rm(gone)
}

export const realDisk: Disk = {
  async makeFolder(path) {
    await mkdir(path, { recursive: true, mode: privateFolder })
  },
  list: (folder) => readdir(folder),
  read: (path) => readFile(path),
  readInto,
  create,
  truncateAndSync,
  replace,
  remove: (path) => rm(path, { force: true }),
  removeGradually,
}
