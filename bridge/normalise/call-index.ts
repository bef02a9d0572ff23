import { type Channel, isLocal } from './ari-objects.ts'
import type { Call } from './call.ts'
import type { Leg } from './call-leg.ts'

/** Ids of destroyed channels that are remembered: a late event must not create the channel again. */
const goneMax = 1000
/** More channels than any PBX has (one takes about 10 kB of Asterisk's memory); limits the bridge's memory. */
const legsMax = 50_000

/** Finds calls by id and by channel. */
export class CallIndex {
  readonly #calls = new Map<string, Call>()
  readonly #callOf = new Map<string, Call>()
  /** The creation time of each destroyed channel, which distinguishes a second channel of the same id. */
  readonly #gone = new Map<string, string>()

  get(call: string): Call | undefined {
    return this.#calls.get(call)
  }

  all(): Call[] {
    return [...this.#calls.values()]
  }

  of(channel: string): Call | undefined {
    return this.#callOf.get(channel)
  }

  leg(channel: string): Leg | undefined {
    return this.of(channel)?.legs.get(channel)
  }

  get isFull(): boolean {
    return this.#callOf.size >= legsMax
  }

  isGone(channel: string): boolean {
    return this.#gone.has(channel)
  }

  add(call: Call, leg: Leg): void {
    this.#gone.delete(leg.id)
    this.#calls.set(call.id, call)
    this.#callOf.set(leg.id, call)
    call.add(leg)
  }

  /** Whether an event about a destroyed channel came late. A later channel may have the same id, but not the same creation time. */
  isOver({ id, creationtime }: Pick<Channel, 'id' | 'creationtime'>): boolean {
    const destroyed = this.#gone.get(id)
    return destroyed !== undefined && (creationtime === '' || creationtime === destroyed)
  }

  /** Removes a destroyed channel; its call stays until `remove`. */
  forget({ id, creationtime }: Pick<Channel, 'id' | 'creationtime'>): void {
    this.#callOf.delete(id)
    this.#gone.delete(id)
    this.#gone.set(id, creationtime)
    for (const oldest of this.#gone.keys()) {
      if (this.#gone.size <= goneMax) break
      this.#gone.delete(oldest)
    }
  }

  /** Takes over the destroyed channels of an earlier connection. */
  adoptGone(earlier: CallIndex): void {
    for (const [id, creationtime] of earlier.#gone) this.#gone.set(id, creationtime)
  }

  remove(call: Call): void {
    this.#calls.delete(call.id)
  }

  /** Returns the calls of these channels, oldest first; calls of the same millisecond in the order of creation. */
  oldestFirst(channels: readonly string[]): Call[] {
    const calls = new Set(channels.flatMap((id) => this.#callOf.get(id) ?? []))
    if (calls.size < 2) return [...calls]
    return this.all()
      .filter((call) => calls.has(call))
      .sort((a, b) => a.createdMs - b.createdMs)
  }

  merge(into: Call, younger: Call): void {
    for (const id of younger.legs.keys()) this.#callOf.set(id, into)
    into.absorb(younger)
    this.remove(younger)
  }

  /** Returns the other half of a `Local` channel: `;1` and `;2` of the same name. */
  otherHalf(leg: Leg): Leg | undefined {
    if (!isLocal(leg.name)) return undefined
    const other = leg.name.endsWith(';1') ? leg.name.replace(/;1$/, ';2') : leg.name.replace(/;2$/, ';1')
    for (const call of this.#calls.values()) {
      for (const candidate of call.legs.values()) if (candidate.name === other) return candidate
    }
    return undefined
  }
}
