import child from 'node:child_process'
import dgram from 'node:dgram'
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import net from 'node:net'
import timersPromises from 'node:timers/promises'

/** A timer of this length or more makes a test wait for real time; shorter ones only give way to other work. */
const timerMsMax = 50

/** What tests tried since `takeAttempts` was last called. Kept, because the code under test may catch the error. */
const attempts: string[] = []

export function takeAttempts(): string[] {
  return attempts.splice(0)
}

/**
 * Makes every attempt to open a socket, to start a process, to sync a file or to wait for real time throw an error. Call it once
 * per process. It also covers `fetch` and `tls`, which open their sockets with `net`.
 */
export function forbidIo(): void {
  forbid(net.Socket.prototype, ['connect'], 'open a socket')
  forbid(net.Server.prototype, ['listen'], 'listen on a socket')
  forbid(dgram.Socket.prototype, ['bind', 'connect', 'send'], 'open a socket')
  const starts = ['spawn', 'spawnSync', 'exec', 'execSync', 'execFile', 'execFileSync', 'fork'] as const
  forbid(child, starts, 'start a process')
  forbid(fs, ['fsync', 'fsyncSync', 'fdatasync', 'fdatasyncSync'], 'sync a file')
  const open = fs.promises.open
  fs.promises.open = async (...args) => forbid(await open(...args), ['sync', 'datasync'], 'sync a file')
  forbidLongTimers()
  syncBuiltinESMExports()
}

function forbid<T extends object>(owner: T, names: readonly (keyof T & string)[], what: string): T {
  for (const name of names) Object.defineProperty(owner, name, { configurable: true, value: () => refuse(what) })
  return owner
}

function forbidLongTimers(): void {
  for (const name of ['setTimeout', 'setInterval'] as const) {
    const timer = globalThis[name]
    const checked = (callback: () => void, ms?: number, ...rest: unknown[]) => {
      if (Number(ms) >= timerMsMax) refuse(`wait ${ms} ms`)
      return Reflect.apply(timer, globalThis, [callback, ms, ...rest])
    }
    const value = Object.assign(checked, timer)
    Object.defineProperty(globalThis, name, { configurable: true, writable: true, value })
  }
  const delay = timersPromises.setTimeout
  timersPromises.setTimeout = (ms, ...rest) => {
    if (Number(ms) >= timerMsMax) refuse(`wait ${ms} ms`)
    return delay(ms, ...rest)
  }
}

function refuse(what: string): never {
  attempts.push(what)
  throw new Error(`A test of the pure suite must not ${what}: move its file to test/io/.`)
}
