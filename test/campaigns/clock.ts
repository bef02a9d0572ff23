import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { signatureTimeFault } from '../../infra/local/access/signature-time.ts'
import { buildBridgeProgram } from '../../infra/start/build.ts'
import { ended } from '../cloud/bridge-of-world.ts'
import { BridgeProcess } from '../cloud/bridge-process.ts'
import { World } from '../cloud/bridge-world.ts'

const minuteMs = 60_000
const connectedMsMax = 30_000
/** Kinds of calls whose records the recordings have. */
const recordings = ['internal_answered', 'internal_busy', 'trunk_in']
const hours = (n: number) => n * 60 * minuteMs
const offsets = [1, 5, 15].map((n) => n * minuteMs).concat(hours(2), hours(48))

/** Shifts the clock of a process by what a file says, and follows changes of the file, as NTP or an administrator steps a clock. */
const shift = `
const { readFileSync } = require('node:fs')
const Real = Date
let offMs = 0
const read = () => { offMs = Number(readFileSync(process.env.TEST_CLOCK_FILE, 'utf8')) || 0 }
read()
setInterval(read, 50).unref()
globalThis.Date = class Date extends Real {
  constructor(...parts) { if (parts.length === 0) super(Real.now() + offMs); else super(...parts) }
  static now() { return Real.now() + offMs }
}
`

/** SQS as AWS judges the time of a signature, before the emulator, which does not. */
async function judge(upstream: string) {
  let refused = 0
  const server = createServer(async (request, response) => {
    const body = await text(request)
    const fault = signatureTimeFault(request.headers, true, Date.now())
    const headers = { 'content-type': 'application/x-amz-json-1.0' }
    if (fault) {
      refused += 1
      response.writeHead(403, headers)
      response.end(JSON.stringify({ __type: 'com.amazon.coral.service#InvalidSignatureException', message: fault }))
      return
    }
    const passed = ['x-amz-target', 'authorization', 'x-amz-date'].map((name) => [name, String(request.headers[name])])
    const answer = await fetch(upstream, {
      method: 'POST',
      body,
      headers: { ...headers, ...Object.fromEntries(passed) },
    })
    response.writeHead(answer.status, headers)
    response.end(await answer.text())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    refused: () => refused,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/**
 * Goal: a wrong clock never stops the bridge, costs no fact of a call and no record, and is named.
 * Method: the bridge's process with a shifted clock, started so, set right while it runs, set wrong in the other direction, and set right
 * again, with calls after each step. SQS judges signatures as AWS does. `npm run campaign -- clock [minutes, negative is behind]`.
 */
export async function main(args: string[]): Promise<void> {
  const program = await buildBridgeProgram(process.cwd())
  const all = [...offsets, ...offsets.map((ms) => -ms), -Date.now()]
  const chosen = args[0] === undefined ? all : [Number(args[0]) * minuteMs]
  for (const offMs of chosen) {
    const { connectedMs, refused, calls, records } = await tryOffset(program, offMs)
    console.log(
      `${nameOf(offMs)}: connected after ${(connectedMs / 1000).toFixed(1)} s, ${refused} signatures refused, ${calls} calls, ${records} records`,
    )
    if (connectedMs > connectedMsMax) throw new Error(`${nameOf(offMs)}: connected too late`)
  }
}

async function tryOffset(program: string, offMs: number) {
  await using world = await World.start({ speed: 20 })
  await using queue = await judge(world.queues.endpoint)
  const preload = join(world.folder, 'shift.cjs')
  const clockFile = join(world.folder, 'clock')
  const step = (ms: number) => writeFile(clockFile, String(ms))
  await writeFile(preload, shift)
  await step(offMs)
  const through = Object.fromEntries(
    Object.entries(world.queues.urls).map(([name, url]) => [name, url.replace(world.queues.endpoint, queue.endpoint)]),
  )
  const config = await world.configFile({ queues: through })
  const begun = performance.now()
  await using bridge = new BridgeProcess(config, {
    program,
    env: { NODE_OPTIONS: `--require ${preload}`, TEST_CLOCK_FILE: clockFile, AWS_ENDPOINT_URL_SQS: queue.endpoint },
  })
  await bridge.logged('ari connected')
  await world.until('the first list', () => world.queues.of('switchhook.epoch-ready.v1').length > 0)
  const connectedMs = performance.now() - begun
  let calls = 0
  // From 1970 there is no other direction.
  const other = Math.abs(offMs) > hours(1_000) ? hours(48) : -offMs
  for (const next of [offMs, 0, other, 0]) {
    await step(next)
    for (const name of recordings) await world.replay.playOnce(name)
    calls += recordings.length
    await world.until(`the calls at ${nameOf(next)}`, () => ended(world).size >= calls)
  }
  const lines = (await readFile(world.replay.cdrFile, 'utf8')).trimEnd().split('\n')
  const records = () => new Set(world.queues.of('switchhook.cdr.v1').map(({ id }) => id)).size
  await world.until('the records', () => records() >= lines.length)
  if (bridge.stderr !== '') throw new Error(`${nameOf(offMs)}: ${bridge.stderr}`)
  const direction = offMs < 0 ? 'behind' : 'ahead of'
  if (!bridge.stdout.includes('The clock of this machine is') || !bridge.stdout.includes(direction))
    throw new Error(`${nameOf(offMs)}: the log does not say that the clock is ${direction} that of the cloud`)
  return { connectedMs, refused: queue.refused(), calls, records: lines.length }
}

function nameOf(offMs: number): string {
  if (offMs === 0) return 'the right time'
  if (Math.abs(offMs) > hours(1_000)) return 'a clock in 1970'
  return `${Math.abs(offMs) / minuteMs} min ${offMs < 0 ? 'behind' : 'ahead'}`
}
