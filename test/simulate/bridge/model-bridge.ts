import { CdrCheckpoint } from '../../../bridge/asterisk/cdr-checkpoint.ts'
import { CdrFile } from '../../../bridge/asterisk/cdr-file.ts'
import { fileOrigin } from '../../../bridge/asterisk/cdr-origin.ts'
import { assemble, type BridgeComponents } from '../../../bridge/bridge.ts'
import { Delivery } from '../../../bridge/forward/delivery.ts'
import { Packer } from '../../../bridge/forward/pack.ts'
import { Counters } from '../../../bridge/operate/counters.ts'
import { createLog } from '../../../bridge/operate/log.ts'
import type { CounterId } from '../../../bridge/operate/metrics/counter-catalogue.ts'
import { Quarantine } from '../../../bridge/spool/quarantine.ts'
import { RefusedRecords } from '../../../bridge/spool/refused-records.ts'
import type { Bug } from './bugs.ts'
import type { ModelDisk } from './model-disk.ts'
import type { ModelFolder } from './model-folder.ts'
import type { ModelPbx } from './model-pbx.ts'
import type { ModelQueue } from './model-queue.ts'
import { Life, type Time } from './time.ts'

export const stateFolder = '/state'
export const cdrPath = '/cdr/cdr.jsonl'
export const site = 'sim-1'
/** Small, so that an outage of a minute fills it, but large enough for the longest fact. */
export const spoolBytesMax = 1_300_000

export interface World {
  time: Time
  disk: ModelDisk
  folder: ModelFolder
  pbx: ModelPbx
  queue: ModelQueue
  bug: Bug | undefined
}

/** The bridge's own components, assembled as in production, in a model of everything outside of it. */
export class ModelBridge {
  readonly life = new Life()
  readonly counters = new Counters()
  components: BridgeComponents | undefined
  readonly #world: World
  readonly #onEnd: () => void

  /** `onEnd` is called when the bridge ends by itself and must be started again. */
  constructor(world: World, onEnd: () => void) {
    this.#world = world
    this.#onEnd = onEnd
  }

  start(): void {
    this.#run().catch(() => this.#end())
  }

  async #run(): Promise<void> {
    const { time, disk, folder, pbx, queue, bug } = this.#world
    const clock = time.clock(this.life)
    const ownDisk = bug?.disk?.(disk.forProcess(this.life)) ?? disk.forProcess(this.life)
    const log = createLog({ level: 'error', write: () => undefined })
    const operation = { counters: this.counters, log }
    const quarantine = new Quarantine(`${stateFolder}/quarantine`, ownDisk, clock)
    const checkpoint = new CdrCheckpoint(stateFolder, ownDisk)
    const ownFolder = bug?.folder?.(folder.forProcess(this.life)) ?? folder.forProcess(this.life)
    const onCount = (id: CounterId) => this.counters.add(id)
    const file = new CdrFile({ path: cdrPath, checkpoint, folder: ownFolder, clock, onCount })
    await file.open()
    await quarantine.open()
    const refused = new RefusedRecords(`${stateFolder}/quarantine`, ownDisk, clock)
    await refused.open()
    const sender = bug?.sender?.(queue.sender(this.life)) ?? queue.sender(this.life)
    const connections = {
      file: bug?.file?.(file) ?? file,
      origin: fileOrigin(cdrPath, ownFolder),
      quarantine,
      refused,
      delivery: new Delivery({ sender, quarantine, counters: this.counters, log, clock }),
      packer: new Packer({ site, key: 'k1', sign: () => Buffer.alloc(64) }),
      live: { lane: 'live' as const, queueUrl: 'live' },
      records: { lane: 'records' as const, queueUrl: 'records' },
    }
    const ari = { url: '', user: '', application: 'switchhook-events' }
    const models = { ari, link: pbx.link(this.life), disk: ownDisk, clock, spoolBytesMax }
    const end = () => this.#end()
    const environment = { site, stateFolder, run: 'r', cdr: {}, ...models }
    const components = await assemble(environment, connections, operation, end)
    this.components = components
    const signal = new AbortController().signal
    components.intake.run(signal, () => undefined).catch(end)
    components.lanes.run(signal).catch(end)
    components.cdrLane.run(signal).catch(end)
    for (;;) {
      await time.pass(1000, this.life)
      await components.tick()
    }
  }

  #end(): void {
    if (!this.life.isAlive) return
    this.kill()
    this.#onEnd()
  }

  kill(): void {
    this.life.kill()
  }
}
