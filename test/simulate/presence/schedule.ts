import { SimBridge } from './bridge.ts'
import { SimBrowser } from './browser.ts'
import { Chance } from './chance.ts'
import { SimCloud } from './cloud.ts'
import { Faults } from './faults.ts'
import { SimPbx } from './pbx.ts'
import type { Plant } from './plants.ts'
import { Time } from './time.ts'

export interface Outcome {
  wrongs: string[]
  faults: ReadonlyMap<string, number>
  /** Epochs that the bridge began, and times that a client subscribed anew on account of a digest or a reset. */
  epochs: number
}

const startMs = Date.parse('2026-11-24T08:00:00.000Z')
const allKinds = ['drop', 'silent drop', 'drop', 'ari', 'ari', 'kill', 'lost state', 'uplink']
const clientKinds = ['drop', 'drop', 'drop', 'silent drop']
const faultyMs = [60_000, 240_000] as const
/** The last of what was held up has come, been delivered again up to five minutes later, and been compared at a ping since. */
const healMs = 560_000
/** A call that ended in the very last moment has been told of by then. */
const toldMs = 5_000

/** One seeded schedule from quiet through faults to quiet. What is wrong at its end, or was at any time, is told in words. */
export async function runSchedule(seed: number, plant?: Plant): Promise<Outcome> {
  const chance = new Chance(seed)
  const time = new Time(startMs, chance)
  // On odd seeds no post is lost and no client asks for more, so that the cloud alone has to be right.
  // And where the bridge is left alone too, the table is slow, and what happens last happens while things fail, so that
  // nothing later covers what was missed; clients come once, few or a crowd of them, as each coming covers it too.
  const isBare = seed % 4 === 3
  const faults = new Faults(chance, seed % 2 === 0, isBare ? 0.3 : 0.02)
  // On every third seed the PBX's host is up to five minutes slow, on another as much fast.
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
  // Half of the seeds leave the bridge alone, so that no new epoch mends what was missed.
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
  await time.runUntil(faultyUntil + healMs + toldMs)
  const shown = browsers.flatMap((browser, n) => [
    ...browser.wrongs.map((wrong) => `browser ${n}: ${wrong}`),
    ...compare(browser, pbx).map((wrong) => `browser ${n}: ${wrong}`),
  ])
  const wrongs = [...cloud.wrongs, ...shown]
  for (const { live } of browsers) live.stop()
  return { wrongs, faults: faults.counts, epochs: bridge.epochs }
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
      // Started anew by its supervisor, which waits a second at least.
      time.after(chance.between(1_100, 12_000), () => bridge.start())
      return
    case 'uplink':
      bridge.isUplinkUp = false
      soon(70_000, () => {
        bridge.isUplinkUp = true
      })
  }
}

/** What the browser shows against what the PBX knows of itself. */
function compare({ live, resets }: SimBrowser, pbx: SimPbx): string[] {
  const wrongs: string[] = []
  const devices = new Map([...live.endpoints.values()].map(({ state }) => [state.endpoint, state.deviceState]))
  for (const [name, state] of pbx.devices) {
    if (pbx.untold.has(name)) continue
    if (devices.get(name) !== state) wrongs.push(`${name} is ${state}, shown ${devices.get(name)}`)
  }
  for (const name of devices.keys()) {
    if (!pbx.devices.has(name) && !pbx.untold.has(name)) wrongs.push(`${name} is no more, and shown`)
  }
  for (const { id, progress } of pbx.calls.values()) {
    const shown = live.calls.get(id)?.state.state
    if (shown !== progress) wrongs.push(`call ${id} is ${progress}, shown ${shown}`)
  }
  for (const id of live.calls.keys()) if (!pbx.calls.has(id)) wrongs.push(`call ${id} has ended, and is shown`)
  if (live.status.state !== 'connected') wrongs.push(`is ${live.status.state}`)
  for (const [n, epoch] of resets.entries()) if (epoch <= (resets[n - 1] ?? 0)) wrongs.push('a reset went back')
  return wrongs
}
