import { sign } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Delivery } from '../../bridge/forward/delivery.ts'
import { Lanes } from '../../bridge/forward/lanes.ts'
import { Packer } from '../../bridge/forward/pack.ts'
import { Sender } from '../../bridge/forward/sender.ts'
import { readFrame } from '../../bridge/normalise/frames.ts'
import { PbxState } from '../../bridge/normalise/pbx-state.ts'
import { Counters } from '../../bridge/operate/counters.ts'
import { createLog } from '../../bridge/operate/log.ts'
import { Pipeline } from '../../bridge/pipeline.ts'
import { Quarantine } from '../../bridge/spool/quarantine.ts'
import { Spool } from '../../bridge/spool/spool.ts'
import type { DeltaFrame } from '../../contracts/frames.ts'
import type { Deployment, TestSite } from '../../test/support/deployment.ts'
import { subscriber } from '../../test/support/subscriber.ts'
import { until } from '../../test/support/until.ts'

/** Where one event's time went, in milliseconds; the cloud's own stamps are whole ones. */
export interface Passage {
  spooled: number
  sent: number
  begun: number
  written: number
  shown: number
  whole: number
}

const pauseMs = 150
const now = () => performance.timeOrigin + performance.now()

/** Events one by one, from the text of ARI's frame in the bridge to the message in a browser's socket. */
export async function passages(deployment: Deployment, site: TestSite, count: number): Promise<Passage[]> {
  await using parts = new AsyncDisposableStack()
  const folder = await mkdtemp(path.join(tmpdir(), 'bench-'))
  parts.defer(() => rm(folder, { recursive: true, force: true }))
  const { cloud } = deployment
  const client = parts.use(await subscriber(deployment, site, ['endpoints', 'calls']))
  const operation = { counters: new Counters(), log: createLog({ level: 'error', write: console.error }) }
  const quarantine = new Quarantine(folder)
  const stamps = { start: 0, spooled: 0, sent: 0 }
  const real = new Sender(cloud.region, { credentials: async () => cloud.credentials('operator') })
  parts.defer(() => real.stop())
  const sender = {
    async send(...args: Parameters<Sender['send']>) {
      const outcomes = await real.send(...args)
      stamps.sent = now()
      return outcomes
    },
  }
  const spool = new Spool({
    folder: path.join(folder, 'spool'),
    onDurable(records) {
      stamps.spooled = now()
      lanes.offer(records)
    },
    onBroken: (error) => console.error(error),
    onCount: () => undefined,
  })
  const recovered = await spool.open()
  parts.defer(() => spool.close())
  const packer = new Packer({
    site: site.site.site,
    key: site.bridge.key,
    sign: (bytes) => sign(null, bytes, site.privateKey),
  })
  const lanes: Lanes = new Lanes(
    {
      live: { lane: 'live', queueUrl: cloud.ref('LiveQueue') },
      records: { lane: 'records', queueUrl: cloud.ref('RecordsQueue') },
      packer,
      delivery: new Delivery({ sender, quarantine, ...operation }),
      spool,
      heartbeat: () => undefined,
      onLateFactsSent: () => undefined,
      onCount: () => undefined,
    },
    recovered,
  )
  const stop = new AbortController()
  const running = lanes.run(stop.signal)
  parts.defer(async () => {
    stop.abort()
    await running
  })
  const pipeline = new Pipeline({ ...operation, site: site.site.site, state: new PbxState(), spool, nowMs: Date.now })
  pipeline.beginEpoch(Math.floor(Date.now() / 1_000))
  const found: Passage[] = []
  const deltas = () => client.frames.filter((frame) => frame.type === 'delta')
  let shownAt = 0
  client.socket.on('message', () => {
    shownAt = now()
  })
  for (let n = 0; n < count; n += 1) {
    const before = deltas().length
    stamps.start = now()
    const timestamp = new Date().toISOString()
    const device_state = { name: 'PJSIP/5860', state: n % 2 ? 'NOT_INUSE' : 'INUSE' }
    const read = readFrame(Buffer.from(JSON.stringify({ type: 'DeviceStateChanged', timestamp, device_state })))
    if (read.kind !== 'event') throw new Error('no event')
    pipeline.onEvent(read.event)
    await until('the change', async () => deltas().length > before)
    const delta: DeltaFrame | undefined = deltas().at(-1)
    // The first ones start functions.
    if (delta && n >= 10) found.push(passage(stamps, delta, shownAt))
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
  return found
}

function passage(stamps: { start: number; spooled: number; sent: number }, { w, t = w }: DeltaFrame, shownAt: number) {
  return {
    spooled: stamps.spooled - stamps.start,
    sent: stamps.sent - stamps.spooled,
    begun: Math.max(0, w - stamps.sent),
    written: t - w,
    shown: Math.max(0, shownAt - t),
    whole: shownAt - stamps.start,
  }
}
