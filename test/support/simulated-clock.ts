import { readFileSync } from 'node:fs'

/*
 * SIMULATED wall clock of a process: `node --import` this module before a program, and its `Date` shows the real time plus the
 * milliseconds in the file that SIMULATED_CLOCK names. The file may change while the program runs, as a clock that is set.
 * The monotonic clock, timers and the check of TLS certificates stay real.
 */

const file = process.env['SIMULATED_CLOCK'] ?? ''
const readMs = 50
const RealDate = Date
let offMs = Number(readFileSync(file, 'utf8'))
setInterval(() => {
  offMs = Number(readFileSync(file, 'utf8')) || offMs
}, readMs).unref()

globalThis.Date = new Proxy(RealDate, {
  construct: (target, given, self) =>
    Reflect.construct(target, given.length === 0 ? [RealDate.now() + offMs] : given, self),
  get: (target, name, self) => (name === 'now' ? () => RealDate.now() + offMs : Reflect.get(target, name, self)),
})
