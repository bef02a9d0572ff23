import type { Clock } from './clock.ts'

/** Whether a component works, why in one sentence without a phone number, and its figures. */
export interface ComponentState {
  isUp: boolean
  reason: string
  queued?: number
  bytes?: number
  unsent?: number
}

/** A component as `/healthz` shows it. `since` (RFC 3339) is when it came up or went down, or when the process started. */
export type ComponentHealth = Omit<ComponentState, 'isUp'> & { status: 'up' | 'down'; since: string }

/** The components of a bridge, and since when each is up or down. */
export class Components {
  readonly #clock: Pick<Clock, 'nowMs'>
  readonly #startedMs: number
  readonly #readers = new Map<string, () => ComponentState>()
  readonly #changes = new Map<string, { isUp: boolean; sinceMs: number }>()

  constructor(clock: Pick<Clock, 'nowMs'>) {
    this.#clock = clock
    this.#startedMs = clock.nowMs()
  }

  add(name: string, read: () => ComponentState): void {
    this.#readers.set(name, read)
  }

  /** Reads every component. Call it each second, so that `since` is right. */
  read(): Record<string, ComponentHealth> {
    return Object.fromEntries([...this.#readers].map(([name, read]) => [name, this.#health(name, read())]))
  }

  #health(name: string, { isUp, ...state }: ComponentState): ComponentHealth {
    const before = this.#changes.get(name)
    const sinceMs = before ? (before.isUp === isUp ? before.sinceMs : this.#clock.nowMs()) : this.#startedMs
    if (before?.isUp !== isUp) this.#changes.set(name, { isUp, sinceMs })
    return { status: isUp ? 'up' : 'down', since: new Date(sinceMs).toISOString(), ...state }
  }
}
