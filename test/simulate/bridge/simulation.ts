import { bugs } from './bugs.ts'
import { Chance } from './chance.ts'
import { faults } from './faults.ts'
import { cdrPath, ModelBridge, site, type World } from './model-bridge.ts'
import { ModelDisk } from './model-disk.ts'
import { ModelFolder } from './model-folder.ts'
import { ModelPbx } from './model-pbx.ts'
import { ModelQueue } from './model-queue.ts'
import { ModelStore } from './model-store.ts'
import { Time } from './time.ts'
import { verdict } from './verdict.ts'

/** Faults start within this time. Then the bridge has until `endMs` to recover. */
const faultyMs = 60_000
const endMs = 520_000
const faultsPerSeed = 9
const starts = ['2026-03-29T00:30:00Z', '2026-10-25T00:59:30Z', '2028-02-29T23:59:20Z', '2026-11-23T19:00:00Z']

export interface Result {
  seed: number
  /** Each violated promise as a sentence; empty if the run is correct. */
  failures: string[]
  injected: Map<string, number>
  records: number
  duplicates: number
  events: number
}

/** One seeded schedule: a PBX with calls, a bridge, a cloud, and faults. */
export class Simulation {
  readonly chance: Chance
  readonly world: World
  readonly injected = new Map<string, number>()
  halfLines = 0
  readonly #seed: number
  readonly #store = new ModelStore()
  /** The call records that Asterisk wrote, by key; the store must have the same. */
  readonly #written = new Map<string, string>()
  readonly #malformedLines: Buffer[] = []
  readonly #excusedLosses: string[] = []
  /** Ids of facts that are durable in the spool. */
  readonly #durableFacts = new Set<string>()
  #isHalfWritten = false
  readonly #waiting: Buffer[] = []
  #bridge: ModelBridge | undefined

  constructor(seed: number, bug?: string) {
    this.#seed = seed
    this.chance = new Chance(seed)
    const time = new Time(this.chance)
    time.wallMs = Date.parse(this.chance.pick(starts))
    const queue = new ModelQueue(time, this.chance, (lane, body) => this.#store.take(lane, body))
    queue.onFault = (kind) => this.#note(kind)
    const disk = new ModelDisk(time, this.chance)
    disk.onDurable = (path, bytes) => this.#noteDurable(path, bytes)
    this.world = {
      time,
      queue,
      disk,
      folder: new ModelFolder(time, this.chance),
      pbx: new ModelPbx(time, this.chance, (row) => this.#write(row)),
      bug: bug === undefined ? undefined : bugs[bug],
    }
  }

  async run(): Promise<Result> {
    const { time } = this.world
    const undo = this.world.bug?.patch?.()
    try {
      this.world.folder.append(cdrPath, Buffer.alloc(0))
      this.#startBridge()
      this.#planCalls()
      this.#planFaults()
      await time.run(faultyMs + 60_000)
      for (let check = time.nowMs; check < endMs && this.#failures().length > 0; check += 2000) await time.run(check)
    } finally {
      this.#bridge?.kill()
      undo?.()
    }
    const failures = this.#failures()
    const { duplicates, rows } = this.#store
    return { seed: this.#seed, failures, injected: this.injected, records: rows.size, duplicates, events: time.events }
  }

  #note(kind: string): void {
    this.injected.set(kind, (this.injected.get(kind) ?? 0) + 1)
  }

  /** Plans calls and devices that go on and off line. The last call may outlast the simulation. */
  #planCalls(): void {
    const { time, pbx } = this.world
    for (let atMs = 500; atMs < faultyMs; atMs += this.chance.between(200, 2500)) {
      time.after(atMs, () => (this.chance.in(0.4) ? pbx.flicker() : this.callNow()))
    }
    time.after(faultyMs, () => this.callNow(this.chance.in(0.5)))
  }

  callNow(stays = false): void {
    const { pbx } = this.world
    const devices = [...pbx.devices.keys()].filter((device) => pbx.devices.get(device) === 'NOT_INUSE')
    if (pbx.isUp && devices.length > 1) pbx.calls.begin(this.chance.pick(devices), this.chance.pick(devices), stays)
  }

  /** Counts each fault when it starts, except faults of the queue, which the queue counts when it injects them. */
  #planFaults(): void {
    const countedByQueue = new Set(['http-500', 'reply-lost', 'partial-failure', 'poison', 'shuffled'])
    const likely = this.world.bug?.focus ?? Object.keys(faults)
    for (let count = 0; count < faultsPerSeed; count += 1) {
      const kind = this.chance.pick(this.chance.in(0.7) ? likely : Object.keys(faults))
      this.world.time.after(this.chance.between(1000, faultyMs), () => {
        if (!countedByQueue.has(kind)) this.#note(kind)
        faults[kind]?.(this, this.chance)
      })
    }
  }

  #startBridge(): void {
    const bridge = new ModelBridge(this.world, () => this.#restart())
    this.#bridge = bridge
    bridge.start()
  }

  #restart(): void {
    this.world.time.after(this.chance.between(100, 4000), () => this.#startBridge())
  }

  /** Kills the bridge's process; runs `meanwhile` before it starts again. */
  crash(how: 'kill' | 'power', meanwhile: () => void = () => undefined): void {
    const { disk } = this.world
    const isRunning = this.#bridge?.life.isAlive === true
    this.#bridge?.kill()
    if (how === 'power') disk.cutPower()
    else disk.syncAll()
    meanwhile()
    if (isRunning) this.#restart()
  }

  stopBridge(ms: number): void {
    const { time, pbx } = this.world
    const life = this.#bridge?.life
    if (!life) return
    life.stoppedUntilMs = Math.max(life.stoppedUntilMs, time.nowMs + ms)
    // Asterisk closes the connection of a client that does not read.
    if (ms > 20_000) time.after(20_000, () => pbx.cut())
  }

  rotate(by: 'rename' | 'copy', compress: boolean): void {
    // Copying or compressing would itself tear a half-written line.
    if (this.#isHalfWritten) return
    this.world.folder.rotate(cdrPath, { keep: 30, by, compress })
  }

  #write(row: Record<string, unknown>): void {
    const line = JSON.stringify(row)
    this.#written.set(`${site}/cdr/${row['uniqueid']}/${row['sequence']}`, line)
    const bytes = Buffer.from(`${line}\n`)
    if (this.#isHalfWritten) this.#waiting.push(bytes)
    else if (this.halfLines === 0) this.#append(bytes)
    else this.#writeInTwo(bytes)
  }

  #writeInTwo(bytes: Buffer): void {
    this.halfLines -= 1
    const half = this.chance.whole(1, bytes.length)
    this.#isHalfWritten = true
    this.#append(bytes.subarray(0, half))
    this.world.time.after(this.chance.between(10, 3000), () => {
      this.#append(Buffer.concat([bytes.subarray(half), ...this.#waiting.splice(0)]))
      this.#isHalfWritten = false
    })
  }

  #append(bytes: Buffer): void {
    this.world.folder.append(cdrPath, bytes)
  }

  /** Writes a line that is not a call record or is too long. */
  writeMalformedLine(): void {
    if (this.#isHalfWritten) return
    const line = this.chance.pick([
      Buffer.from('{"accountcode":"","src":'),
      Buffer.from('"","60","61","internal",,,,,,,17 columns'),
      Buffer.from([0, 1, 2, 0xff, 0xfe]),
      Buffer.alloc(1_200_000, 'x'),
    ])
    this.#malformedLines.push(line)
    this.#append(Buffer.concat([line, Buffer.from('\n')]))
  }

  /** Excuses the loss of a fact whose record a fault of the disk has damaged. */
  excuseLoss = (line: string): void => {
    this.#excusedLosses.push(line)
  }

  #noteDurable(path: string, bytes: Buffer): void {
    if (!path.endsWith('.seg')) return
    for (const [, id] of bytes.toString('latin1').matchAll(/"id":"([^"]+)"/g))
      if (id !== undefined) this.#durableFacts.add(id)
  }

  #failures(): string[] {
    const unsent = this.#bridge?.components?.spool.unacked ?? 0
    const [world, store, written] = [this.world, this.#store, this.#written]
    return verdict({
      world,
      store,
      written,
      malformedLines: this.#malformedLines,
      durableFacts: this.#durableFacts,
      excusedLosses: this.#excusedLosses,
      unsent,
    })
  }
}
