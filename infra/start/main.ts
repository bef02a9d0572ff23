import { createInterface } from 'node:readline'
import { Home } from './home.ts'
import { parseOptions } from './options.ts'
import { Steps } from './steps.ts'
import { openSwitchhook } from './switchhook.ts'

/** `npm start`: everything on this machine, from the PBX to the page, until Ctrl-C. */
export async function main(args: string[]): Promise<void> {
  const options = parseOptions(args, process.env)
  const steps = new Steps((line) => console.log(line))
  const stopping = new AbortController()
  const asked = new Promise<void>((resolve) => stopping.signal.addEventListener('abort', () => resolve()))
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopping.abort())
  console.log('Switchhook\n')
  const home = new Home(options.folder)
  await using parts = new AsyncDisposableStack()
  try {
    const running = await openSwitchhook(options.pbx, {
      root: process.cwd(),
      home,
      steps,
      parts,
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
    takeOrders(running.pbx.call, stopping.signal)
    await Promise.race([asked, running.failed])
  } catch (error) {
    // What fails because it was told to stop is no failure.
    if (!stopping.signal.aborted) throw error
  }
  console.log('\n  Stopping; the data stays for the next start.')
}

/** One call at a time for each Enter. */
function takeOrders(call: (() => Promise<string>) | undefined, signal: AbortSignal): void {
  if (!call || !process.stdin.isTTY) return
  let busy = false
  const lines = createInterface({ input: process.stdin, signal })
  lines.on('line', async () => {
    if (busy) return
    busy = true
    const said = await call().catch((error: unknown) => `no call: ${error instanceof Error ? error.message : error}`)
    console.log(`  ${said}`)
    busy = false
  })
  // In a terminal, readline takes Ctrl-C for itself; it is handed on to whoever stops everything.
  lines.on('SIGINT', () => process.kill(process.pid, 'SIGINT'))
}
