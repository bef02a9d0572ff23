import { SimBridge } from './bridge.ts'
import { SimBrowser } from './browser.ts'
import { Chance } from './chance.ts'
import { SimCloud } from './cloud.ts'
import { Faults } from './faults.ts'
import { SimPbx } from './pbx.ts'
import type { Plant } from './plants.ts'
import { Time } from './time.ts'

export interface Outcome {
  violations: string[]
  faults: ReadonlyMap<string, number>
  /** How many epochs the bridge began. */
  epochs: number
}

const startMs = Date.parse('2026-11-24T08:00:00.000Z')
const allKinds = ['drop', 'silent drop', 'drop', 'ari', 'ari', 'kill', 'lost state', 'uplink']
const clientKinds = ['drop', 'drop', 'drop', 'silent drop']
const faultyMs = [60_000, 240_000] as const
/** Enough for the last delayed message, its redelivery up to five minutes later, and a digest after that. */
const healMs = 560_000
/** Enough for the end of a call in the last moment to arrive. */
const arrivalMs = 5_000

/** Runs one seeded schedule: quiet, then faults, then quiet. Returns every violation, during the run and at its end. */
export async function runSchedule(seed: number, plant?: Plant): Promise<Outcome> {
  const chance = new Chance(seed)
  const time = new Time(startMs, chance)
  // On odd seeds no post is lost and no client requests what it missed, so the cloud alone has to be right. On half of
  // those the bridge has no faults either: the table is slow, the last changes happen during the faults, and each client
  // connects once, so that nothing later hides a missed change.
  const isBare = seed % 4 === 3
  const faults = new Faults(chance, seed % 2 === 0, isBare ? 0.3 : 0.02)
  // A third of the seeds has a PBX whose clock is up to five minutes slow, another third one that is fast.
  const clockOffMs = ((seed % 3) - 1) * chance.between(0, 300_000)
  const pbx = new SimPbx(time, chance, 4, clockOffMs)
  const cloud = new SimCloud({ time, chance, faults, plant })
  const bridge = new SimBridge({ time, chance, pbx, plant }, (events) => cloud.send(events))
  const browsers: SimBrowser[] = []
  const parts = { time, chance, faults, cloud }
  bridge.start()
  const faultyUntil = startMs + chance.between(...faultyMs)
  const isCrowd = seed % 8 === 3
  for (let n = 0; n < (isCrowd ? 16 : 3); n += 1) {
    const after = chance.between(0, isCrowd ? faultyUntil - startMs + 20_000 : 40_000)
    time.after(after, () => browsers.push(new SimBrowser(`browser-${n}`, parts)))
  }
  // Half of the seeds have no faults of the bridge, so that no new epoch repairs what was missed.
  const kinds = seed % 4 < 2 ? allKinds : clientKinds
  pbx.live(isBare ? faultyUntil - 5_000 : faultyUntil + 30_000)
  const strike = () => {
    if (time.now() > faultyUntil) return
    if (!isBare) strikeOnce({ time, chance, faults, bridge, browsers }, kinds)
    time.after(chance.between(500, 15_000), strike)
  }
  time.after(chance.between(1_000, 20_000), strike)
  await time.runUntil(faultyUntil)
  faults.isOn = false
  bridge.isUplinkUp = true
  await time.runUntil(faultyUntil + healMs)
  pbx.isStill = true
  await time.runUntil(faultyUntil + healMs + arrivalMs)
  const shown = browsers.flatMap((browser, n) => [
    ...browser.violations.map((violation) => `browser ${n}: ${violation}`),
    ...compare(browser, pbx).map((violation) => `browser ${n}: ${violation}`),
  ])
  const violations = [...cloud.violations, ...shown]
  for (const { live } of browsers) live.stop()
  return { violations, faults: faults.counts, epochs: bridge.epochs }
}

interface Struck {
  time: Time
  chance: Chance
  faults: Faults
  bridge: SimBridge
  browsers: SimBrowser[]
}

function strikeOnce({ time, chance, faults, bridge, browsers }: Struck, kinds: readonly string[]): void {
  const browser = chance.pick(browsers)
  const soon = (mostMs: number, task: () => void) => time.after(chance.between(50, mostMs), task)
  const kind = chance.pick(kinds)
  faults.count(kind ?? '')
  switch (kind) {
    case 'drop':
      browser?.drop(true)
      return
    case 'silent drop':
      browser?.drop(false)
      return
    case 'ari':
      bridge.disconnect()
      soon(8_000, () => bridge.connect('ari disconnected'))
      return
    case 'kill':
    case 'lost state':
      bridge.kill()
      if (kind === 'lost state') bridge.loseState()
      // The supervisor restarts it after a second or more.
      time.after(chance.between(1_100, 12_000), () => bridge.start())
      return
    case 'uplink':
      bridge.isUplinkUp = false
      soon(70_000, () => {
        bridge.isUplinkUp = true
      })
  }
}

/** Compares what the client shows with the true state of the PBX. */
function compare({ live, resets }: SimBrowser, pbx: SimPbx): string[] {
  const violations: string[] = []
  const devices = new Map([...live.endpoints.values()].map(({ state }) => [state.endpoint, state.deviceState]))
  for (const [name, state] of pbx.devices) {
    if (pbx.unreported.has(name)) continue
    if (devices.get(name) !== state) violations.push(`${name} is ${state}, shown ${devices.get(name)}`)
  }
  for (const name of devices.keys()) {
    if (!pbx.devices.has(name) && !pbx.unreported.has(name)) violations.push(`${name} was removed, but is shown`)
  }
  for (const { id, progress } of pbx.calls.values()) {
    const shown = live.calls.get(id)?.state.state
    if (shown !== progress) violations.push(`call ${id} is ${progress}, shown ${shown}`)
  }
  for (const id of live.calls.keys()) if (!pbx.calls.has(id)) violations.push(`call ${id} has ended, but is shown`)
  if (live.status.state !== 'connected') violations.push(`is ${live.status.state}`)
  for (const [n, epoch] of resets.entries())
    if (epoch <= (resets[n - 1] ?? 0)) violations.push('the epoch of a reset moved back')
  return violations
}
