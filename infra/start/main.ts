import { createInterface } from 'node:readline'
import { parseOptions } from './options.ts'
import { watchParent } from './parent-watch.ts'
import { StartFolder } from './start-folder.ts'
import { Steps } from './steps.ts'
import { openSwitchhook } from './switchhook.ts'

/** `npm start`: runs everything from the PBX to the page on this machine, until Ctrl-C. */
export async function main(args: string[]): Promise<void> {
  const options = parseOptions(args, process.env)
  const steps = new Steps((line) => console.log(line))
  const stopping = new AbortController()
  const stopped = new Promise<void>((resolve) => stopping.signal.addEventListener('abort', () => resolve()))
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopping.abort())
  using _watch = watchParent(() => stopping.abort())
  console.log('Switchhook\n')
  await using started = new AsyncDisposableStack()
  try {
    const running = await openSwitchhook(options.pbx, {
      root: process.cwd(),
      folder: new StartFolder(options.folder),
      steps,
      started,
      signal: stopping.signal,
    })
    console.log(`\n  The page: ${running.pageUrl}`)
    if (running.newKey) console.log(`\n  API key of the site ${running.site}, shown this once: ${running.newKey}`)
    console.log(`  API: ${running.apiUrl}/v1/sites/${running.site}/cdrs`)
    console.log(`  Calls come from ${running.pbx.label}.\n`)
    if (running.pbx.call) await running.firstCall(running.pbx.call)
    console.log(
      `  Ready after ${steps.seconds().toFixed(1)} s. ${running.pbx.call ? 'Enter makes a call; ' : ''}Ctrl-C stops.`,
    )
    callOnEnter(running.pbx.call, stopping.signal)
    await Promise.race([stopped, running.failed])
  } catch (error) {
    // Ignore errors of parts that were interrupted by the stop.
    if (!stopping.signal.aborted) throw error
  }
  console.log('\n  Stopping; the data stays for the next start.')
}

/** Makes a call when the person presses Enter; ignores Enter during a call. */
function callOnEnter(call: (() => Promise<string>) | undefined, signal: AbortSignal): void {
  if (!call || !process.stdin.isTTY) return
  let busy = false
  const lines = createInterface({ input: process.stdin, signal })
  lines.on('line', async () => {
    if (busy) return
    busy = true
    const result = await call().catch((error: unknown) => `no call: ${error instanceof Error ? error.message : error}`)
    console.log(`  ${result}`)
    busy = false
  })
  // In a terminal readline catches Ctrl-C; send the signal to this process so that its handler stops everything.
  lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'))
}
