import { constants, type PathLike } from 'node:fs'
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

/** A file that only grows. A failed `append` may have written part of the bytes; `truncate` removes that part. */
export interface AppendFile {
  append(bytes: Uint8Array): Promise<void>
  datasync(): Promise<void>
  truncate(length: number): Promise<void>
  close(): Promise<void>
}

/** The file system operations of the bridge. The simulator replaces them. */
export interface Disk {
  makeFolder(path: string): Promise<void>
  list(folder: string): Promise<string[]>
  read(path: string): Promise<Buffer>
  /** Reads from `offset` into `bytes`; returns the number of bytes read, which is less than asked only at the file's end. */
  readInto(path: string, offset: number, bytes: Uint8Array): Promise<number>
  /** Creates a file; its folder entry is durable on return. */
  create(path: string): Promise<AppendFile>
  /** Cuts an existing file to `length` and makes its content durable. */
  truncateAndSync(path: string, length: number): Promise<void>
  /** Replaces a file atomically, durable on return: temporary file, fsync, rename, fsync of the folder. */
  replace(path: string, bytes: Uint8Array): Promise<void>
  /** Removes a file; does nothing if it does not exist. */
  remove(path: string): Promise<void>
  /**
   * Removes a file and frees its space in small steps, so that no fdatasync waits long for it. The file is renamed first: a
   * crash may leave its rest under its name plus `releasedSuffix`.
   */
  removeGradually(path: string): Promise<void>
}

/** Suffix of a file that is being removed gradually. */
export const releasedSuffix = '.gone'

/** Suffix of the temporary file of `replace`, which a crash may leave. */
const temporarySuffix = '.new'

/** Returns the name of the file that a temporary file was to replace. */
export function withoutSuffix(name: string): string {
  return name.endsWith(temporarySuffix) ? name.slice(0, -temporarySuffix.length) : name
}

/** Returns the bytes of a file, or undefined if it does not exist. */
export function readIfPresent(disk: Pick<Disk, 'read'>, path: string): Promise<Buffer | undefined> {
  return disk.read(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
}

/** Every file may contain phone numbers: only the bridge's user may read them. */
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
  const temporary = path + temporarySuffix
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
 * The next fdatasync of any file also waits for space that was freed. Measured on ext4: freeing 8 MiB or 2 MiB at once, one
 * fdatasync in fifty took 12 to 36 ms; freeing 1 MiB, none took over 9 ms. A segment of 8 MiB takes 0.1 s, a full spool 7 s.
 */
const freedAtOnceBytes = 1024 * 1024
const freeEveryMs = 10

async function removeGradually(path: string): Promise<void> {
  // Without the rename, recovery would take a half removed segment for a torn one.
  const released = path + releasedSuffix
  await rename(path, released)
  const handle = await open(released, 'r+')
  try {
    const { size } = await handle.stat()
    for (let length = size - freedAtOnceBytes; length > 0; length -= freedAtOnceBytes) {
      await handle.truncate(length)
      await delay(freeEveryMs)
    }
  } finally {
    await handle.close()
  }
  await rm(released)
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
