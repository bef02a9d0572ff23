import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, renameSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const source = join(import.meta.dirname, '../tools/fsfault.c')

/** False where there is no C compiler to build the shim with. */
export const hasCompiler = existsSync('/usr/bin/cc')

export interface DiskFault {
  /** The fault concerns files whose path contains this text. */
  path: string
  mode?: 'kill' | 'torn' | 'enospc' | 'eio' | 'eiosync'
  /** Number of the first write or sync that fails, from 1. */
  at?: number
  /** How many writes or syncs fail. */
  count?: number
  /** Milliseconds by which each sync is delayed. */
  syncMs?: number
  /** Number of the only sync that is delayed, from 1. */
  syncAt?: number
}

/** Returns the environment of a process whose disk has this fault. Builds `test/tools/fsfault.c` if its content has changed. */
export function failingDisk({ path, mode, at, count, syncMs, syncAt }: DiskFault): Record<string, string> {
  const hash = createHash('sha256').update(readFileSync(source)).digest('hex').slice(0, 12)
  const shim = join(tmpdir(), `switchhook-fsfault-${hash}.so`)
  if (!existsSync(shim)) {
    const fresh = `${shim}.${process.pid}`
    execFileSync('/usr/bin/cc', ['-shared', '-fPIC', '-O1', '-o', fresh, source])
    renameSync(fresh, shim)
  }
  return {
    LD_PRELOAD: shim,
    FF_PATH: path,
    ...(mode && { FF_MODE: mode }),
    ...(at !== undefined && { FF_AT: String(at) }),
    ...(count !== undefined && { FF_FOR: String(count) }),
    ...(syncMs !== undefined && { FF_SYNC_MS: String(syncMs) }),
    ...(syncAt !== undefined && { FF_SYNC_AT: String(syncAt) }),
  }
}
