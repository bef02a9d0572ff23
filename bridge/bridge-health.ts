import type { AriIntake } from './asterisk/intake.ts'
import type { MailboxWatch } from './asterisk/mailbox-watch.ts'
import type { QueueWatch } from './asterisk/queue-watch.ts'
import type { Connections, Operation } from './connections.ts'
import type { CheckId, Checks } from './operate/checks.ts'
import type { Clock } from './operate/clock.ts'
import { Components } from './operate/components.ts'
import { type Health, summarizeHealth } from './operate/health.ts'
import { bridgeMetrics, type Figures } from './operate/metrics/bridge-metrics.ts'
import { Durations } from './operate/metrics/durations.ts'
import { programVersion } from './operate/program-version.ts'
import type { OpenPipeline } from './pipeline.ts'
import type { Presence } from './presence.ts'

export interface HealthDependencies extends Connections, Operation, OpenPipeline {
  site: string
  clock: Clock
  checks: Checks
  presence: Presence
  intake: AriIntake
  mailboxes: MailboxWatch | undefined
  queues: QueueWatch | undefined
  /** Version of Asterisk, once it is known. */
  asterisk(): string | undefined
}

/** What a bridge says about itself: `/healthz` and `/metrics`. */
export class BridgeHealth {
  /** Other parts of the process add theirs. */
  readonly components: Components
  readonly #dependencies: HealthDependencies
  readonly #durations: Durations

  constructor(dependencies: HealthDependencies) {
    this.#dependencies = dependencies
    this.#durations = dependencies.durations ?? new Durations(dependencies.clock)
    this.components = componentsOf(dependencies)
  }

  health(): Health {
    const { site, quarantine, refused, counters, checks, presence } = this.#dependencies
    const asterisk = this.#dependencies.asterisk()
    const { lastGap } = presence
    return summarizeHealth({
      site,
      ...(programVersion && { version: programVersion }),
      ...(asterisk !== undefined && { asterisk }),
      components: this.components.read(),
      quarantined: quarantine.items + refused.records,
      ...(lastGap && { lastGap }),
      counters: counters.snapshot(),
      checks: checks.all(),
    })
  }

  async metrics(): Promise<string> {
    const { counters, clock } = this.#dependencies
    const { user, system } = process.cpuUsage()
    return bridgeMetrics(this.health(), await this.#figures(), {
      counters,
      durations: this.#durations,
      process: {
        cpuSeconds: (user + system) / 1e6,
        residentBytes: process.memoryUsage.rss(),
        startedAtSeconds: clock.nowMs() / 1000 - process.uptime(),
      },
    })
  }

  async #figures(): Promise<Figures> {
    const { spool, lanes, file, cloudClock, state } = this.#dependencies
    return {
      spoolBytesMax: spool.bytesMax,
      liveLagMs: lanes.live.lagMs,
      // A rotated file that is being closed cannot be asked; the next scrape asks the new one.
      cdrUnreadBytes: await file.unreadBytes().catch(() => 0),
      paceMs: lanes.live.paceMs,
      clockOffsetMs: cloudClock?.isKnown ? cloudClock.offsetMs : undefined,
      liveCalls: state.calls.live().length,
      endpoints: state.endpoints.all().length,
    }
  }
}

function componentsOf({
  clock,
  checks,
  presence,
  intake,
  mailboxes,
  queues,
  spool,
  lanes,
  delivery,
}: HealthDependencies): Components {
  const components = new Components(clock)
  const reasonOf = (id: CheckId) => checks.get(id)?.reason ?? 'not read yet'
  components.add('ari', () =>
    presence.isConnected
      ? { isUp: true, reason: 'connected to Asterisk' }
      : { isUp: false, reason: intake.failure ?? 'not connected yet' },
  )
  if (mailboxes) {
    components.add('ami', () => {
      const isUp = mailboxes.isConnected
      return { isUp, reason: isUp ? 'connected to the Manager Interface' : reasonOf('mailboxes') }
    })
  }
  if (queues) {
    components.add('queues', () => {
      // Without app_queue there is nothing to read, and nothing is wrong.
      return { isUp: queues.isConnected || checks.get('queues')?.state === 'ok', reason: reasonOf('queues') }
    })
  }
  components.add('spool', () => {
    const isUp = spool.hasRoom(1)
    const reason = isUp ? 'has room' : `full: ${spool.bytes} bytes; facts are dropped until SQS has accepted older ones`
    return { isUp, reason, bytes: spool.bytes, unsent: spool.unacked }
  })
  const queued = { live: () => lanes.live.queued, records: () => lanes.late.queued }
  for (const lane of ['live', 'records'] as const) {
    components.add(lane, () => {
      const failure = delivery.failure(lane)
      return { isUp: failure === undefined, reason: failure ?? 'SQS answers', queued: queued[lane]() }
    })
  }
  components.add('cdrs', () => {
    const failed = checks.all().filter(({ state }) => state === 'failed')
    return { isUp: failed.length === 0, reason: failed.map(({ reason }) => reason).join('; ') || 'records are read' }
  })
  return components
}
