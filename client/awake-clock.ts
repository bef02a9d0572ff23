import { type Clock, systemClock } from './clock.ts'

/** Shorter waits, such as those between two attempts, do no harm if they become a minute in a hidden page. */
const longMs = 10_000

/** A dedicated worker that answers the number of a timer when it is due. An order without a delay cancels the timer. */
export interface TimerWorker {
  postMessage(order: readonly [timer: number, delayMs?: number]): void
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void
}

const source =
  'const t={};onmessage=({data:[i,d]})=>{clearTimeout(t[i]);if(d)t[i]=setTimeout(()=>{delete t[i];postMessage(i)},d);else delete t[i]}'

/**
 * Returns a clock whose long timers run in time in a hidden page too. Browsers delay timers of a hidden page, Chromium to whole minutes
 * once other timers have set them, and proxies cut connections that are silent for a minute; timers of a worker are not delayed (measured
 * with Chromium 156). Each long timer runs in both, and the first one counts, so nothing is lost where workers are not allowed.
 */
export function awakeClock(open: () => TimerWorker | undefined = openTimerWorker, clock: Clock = systemClock): Clock {
  const tasks = new Map<unknown, () => void>()
  let worker: TimerWorker | undefined
  let isOpened = false
  let count = 0
  const opened = () => {
    if (isOpened) return worker
    isOpened = true
    worker = open()
    worker?.addEventListener('message', ({ data }) => tasks.get(data)?.())
    return worker
  }
  return {
    now: () => clock.now(),
    monotonic: () => clock.monotonic?.() ?? clock.now(),
    random: () => clock.random(),
    after(delayMs, task) {
      const helper = delayMs < longMs ? undefined : opened()
      if (!helper) return clock.after(delayMs, task)
      const timer = ++count
      const cancel = () => {
        cancelOwn()
        tasks.delete(timer)
        helper.postMessage([timer])
      }
      const run = () => {
        cancel()
        task()
      }
      const cancelOwn = clock.after(delayMs, run)
      tasks.set(timer, run)
      helper.postMessage([timer, delayMs])
      return cancel
    },
  }
}

/** Undefined where there are no workers, and where the page's policy forbids them (`worker-src` without `blob:`). */
function openTimerWorker(): TimerWorker | undefined {
  if (!globalThis.document || !globalThis.Worker) return undefined
  const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }))
  try {
    return new Worker(trustedUrl(url))
  } catch {
    // The page's own timers remain.
    return undefined
  }
}

interface TrustedTypes {
  createPolicy(name: string, rules: { createScriptURL(url: string): string }): { createScriptURL(url: string): string }
}

/** Pages with `require-trusted-types-for 'script'` take no plain address of a script. */
function trustedUrl(url: string): string {
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes }
  return trustedTypes?.createPolicy('switchhook-timers', { createScriptURL: (own) => own }).createScriptURL(url) ?? url
}
