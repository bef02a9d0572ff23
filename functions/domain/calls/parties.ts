import { extensionInName } from '../../../contracts/channel-name.ts'
import { isDialled } from '../../../contracts/dial-steps.ts'
import { canonicalDialled, isExtension, linesOf, type Numbering } from '../phone-number.ts'
import { isKnownExtension } from '../site-lines.ts'
import { dialTargets } from './dial-target.ts'
import { type Leg, slackSeconds } from './leg.ts'

/** The far end of a leg. */
export interface FarEnd {
  /** The extension that the innermost Local channel was sent to. */
  exten: string | undefined
  endpoint: string | undefined
  /** The whole name of its channel; empty where there is none. */
  channel: string
  /** Unix seconds of its answer, if it has a leg of its own. */
  answer: number | undefined
  /** The last leg on the way there: that of the phone or of voicemail. */
  leg: Leg
}

/** Local channels of one call that lead to each other; more is a loop of the dial plan. */
const depthMax = 10

/** Finds the phones behind Local channels, and the extensions of phones, from the legs of one call. */
export class Parties {
  readonly #legs: readonly Leg[]
  readonly #numbering: Numbering
  constructor(legs: readonly Leg[], numbering: Numbering) {
    this.#legs = legs
    this.#numbering = numbering
  }

  /** Follows `Local/...;1` to the leg of its other half, `;2`, until there is a phone or no leg. */
  behind(leg: Leg): FarEnd {
    let at = leg
    let exten: string | undefined
    let answer: number | undefined
    for (let depth = 0; depth < depthMax && at.dstchannel?.kind === 'local'; depth += 1) {
      const { pair } = at.dstchannel
      exten = isDialled(at.dstchannel.exten) ? at.dstchannel.exten : exten
      const inner = this.#legs.filter(
        ({ channel }) => channel?.kind === 'local' && channel.pair === pair && channel.half === 2,
      )
      const next = inner.find(({ cdr }) => cdr.disposition === 'ANSWERED') ?? inner.at(-1)
      if (!next) return { exten, endpoint: undefined, channel: at.cdr.dstchannel, answer, leg: at }
      answer = next.answer
      at = next
    }
    return { exten, endpoint: at.to, channel: at.cdr.dstchannel, answer, leg: at }
  }

  /**
   * The answered legs of the far half of the Local channel that a leg rang, one a phone, if they follow each other: the first is who
   * answered, each later one whom the call was transferred to behind that channel.
   */
  successors({ dstchannel }: Leg): Leg[] {
    if (dstchannel?.kind !== 'local') return []
    const found: Leg[] = []
    for (const leg of this.#legs) {
      const { channel, cdr, start } = leg
      const isInner = channel?.kind === 'local' && channel.pair === dstchannel.pair && channel.half === 2
      if (!isInner || cdr.disposition !== 'ANSWERED' || cdr.billsec === 0 || cdr.dstchannel === '') continue
      const before = found.at(-1)
      const isLater = before === undefined || start >= before.end - slackSeconds
      if (isLater && (before === undefined || this.behind(before).channel !== this.behind(leg).channel)) found.push(leg)
    }
    return found
  }

  /** The number of a phone as people dial it. `exten` is that of the Local channel before it, `leg` the one that rang it. */
  numberOf(endpoint: string | undefined, exten: string | undefined, leg: Leg): string | undefined {
    const byName = endpoint === undefined ? undefined : extensionInName(endpoint)
    // Some dial plans add the number of a tenant to the extension: `Local/221-1259@from-queue`.
    if (exten !== undefined && byName !== undefined && exten.startsWith(`${byName}-`)) return byName
    if (exten !== undefined) return canonicalDialled(exten, this.#numbering)
    if (endpoint === undefined) return undefined
    const lines = linesOf(this.#numbering)
    const configured = lines.numbers.get(endpoint)
    if (configured !== undefined) return configured
    const isCertain = byName !== undefined && isKnownExtension(byName, lines) === true
    const named = isCertain ? byName : this.#byLegs(endpoint)
    if (named !== undefined) return named
    if (leg.isToTrunk !== false && leg.called !== '' && !isExtension(leg.called)) return leg.called
    return byName ?? dialledAlone(endpoint, leg) ?? endpoint.slice(endpoint.indexOf('/') + 1)
  }

  /** The extension by which a leg of this call dialled the endpoint and nothing else. */
  #byLegs(endpoint: string): string | undefined {
    const found = this.#legs.filter((leg) => {
      const [target, second] = leg.cdr.lastapp === 'Dial' ? dialTargets(leg.cdr.lastdata) : []
      return second === undefined && target?.endpoint === endpoint && leg.called !== '' && isExtension(leg.called)
    })
    const numbers = [...new Set(found.map(({ called }) => called))]
    const fitting = numbers.filter((number) => belongs(endpoint, number) || !this.#isOthers(endpoint, number))
    return fitting.find((number) => belongs(endpoint, number)) ?? fitting[0]
  }

  /** After a transfer a record may name the new target and still show the phone that rang first. */
  #isOthers(endpoint: string, number: string): boolean {
    const isNumeric = /^\d{2,6}$/.test(endpoint.slice(endpoint.indexOf('/') + 1))
    const others = this.#legs.some((leg) => leg.to !== undefined && leg.to !== endpoint && leg.called === number)
    return isNumeric && others
  }
}

/** The extension that rang a line without a number in its name, such as `MGCP/aaln/2@gw1`, and no other line. */
function dialledAlone(endpoint: string, { cdr, called }: Leg): string | undefined {
  const [target, second] = cdr.lastapp === 'Dial' ? dialTargets(cdr.lastdata) : []
  const isLine = target?.endpoint !== undefined && `${endpoint}/`.startsWith(`${target.endpoint}/`)
  return isLine && second === undefined && isExtension(called) ? called : undefined
}

/** `PJSIP/61` and `PJSIP/5861` have the extension 61 in their names. */
function belongs(endpoint: string, number: string): boolean {
  return endpoint.slice(endpoint.indexOf('/') + 1).endsWith(number)
}
