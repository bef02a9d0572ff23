import { readdirSync, readFileSync } from 'node:fs'

/** USER_HZ, in which Linux counts processor time in /proc; 100 on every architecture that Node runs on. */
const ticksPerSecond = 100

/**
 * Returns the processor time, in seconds, of a process, of its living descendants and of its children that have ended;
 * `undefined` where there is no /proc to read it from. A descendant whose parent died before it is not counted.
 */
export function cpuSecondsOfTree(pid: number): number | undefined {
  const ticks = ticksOfTree(pid)
  return ticks === undefined ? undefined : ticks / ticksPerSecond
}

function ticksOfTree(pid: number): number | undefined {
  const stat = readProc(`${pid}/stat`)
  if (stat === undefined) return undefined
  // proc_pid_stat(5): the fields after the name, which is in brackets; utime, stime, cutime and cstime are 14 to 17.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const own = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
  return childrenOf(pid).reduce((sum, child) => sum + (ticksOfTree(child) ?? 0), own)
}

function childrenOf(pid: number): number[] {
  return threadsOf(pid).flatMap((thread) =>
    (readProc(`${pid}/task/${thread}/children`) ?? '').split(' ').filter(Boolean).map(Number),
  )
}

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`)
  } catch {
    // The process has ended.
    return []
  }
}

function readProc(file: string): string | undefined {
  try {
    return readFileSync(`/proc/${file}`, 'utf8')
  } catch {
    // The process has ended, or this is not Linux.
    return undefined
  }
}
