import { type Cdr, momentSeconds } from '../../../contracts/cdr.ts'
import { type ChannelName, parseChannelName } from '../../../contracts/channel-name.ts'
import { isDialled, voicemailApps } from '../../../contracts/dial-steps.ts'
import { canonicalDialled, canonicalNumber, isExtension, linesOf, type Numbering } from '../phone-number.ts'
import { isTrunk, numberOfPhone } from '../site-lines.ts'

/** One CDR, read: one attempt to connect two ends. */
export interface Leg {
  cdr: Cdr
  /** Canonical number of the calling party: its extension for a phone of the site, empty for a hidden number. */
  caller: string
  /** Canonical form of `dst`, without the outside prefix where a phone of the site dialled it; empty for a step of the dial plan. */
  called: string
  /** The number that an outside caller dialled, where the PBX keeps it in `did`. */
  did: string
  /** Unix seconds. `answer` is absent where nobody answered. */
  start: number
  answer: number | undefined
  end: number
  channel: ChannelName | undefined
  dstchannel: ChannelName | undefined
  /** `technology/resource` at either end; absent for Local channels and where there is no channel. */
  from: string | undefined
  to: string | undefined
  /** Whether each end is a trunk; undefined where neither settings nor names tell. */
  isFromTrunk: boolean | undefined
  isToTrunk: boolean | undefined
  isVoicemail: boolean
  /** Asterisk's own side of another leg: half 2 of a Local channel, or a called channel after it was moved. */
  isHelper: boolean
}

/** Asterisk cuts times to seconds, so that a leg that follows at once may begin a second later. */
export const slackSeconds = 1

/** Returns undefined for a record of Asterisk's own machinery (snoop, external media): it is no part of a call. */
export function readLeg(cdr: Cdr, numbering: Numbering): Leg | undefined {
  const channel = parseChannelName(cdr.channel)
  if (channel?.kind === 'internal') return undefined
  const lines = linesOf(numbering)
  const dstchannel = parseChannelName(cdr.dstchannel)
  const from = channel?.kind === 'device' ? channel.endpoint : undefined
  const to = dstchannel?.kind === 'device' ? dstchannel.endpoint : undefined
  const start = momentSeconds(cdr.start)
  const did = canonicalNumber(textOf(cdr['did']), numbering)
  const isFromTrunk = did !== '' ? true : from === undefined ? undefined : isTrunk(from, lines)
  return {
    cdr,
    caller: callerNumber(cdr, from, isFromTrunk, numbering),
    called: isDialled(cdr.dst) ? calledNumber(cdr, isFromTrunk, numbering) : '',
    did,
    start,
    answer: cdr.answer ? momentSeconds(cdr.answer) : undefined,
    end: cdr.end ? momentSeconds(cdr.end) : start + cdr.duration,
    channel,
    dstchannel,
    from,
    to,
    isFromTrunk,
    isToTrunk: to === undefined ? undefined : isTrunk(to, lines),
    isVoicemail: voicemailApps.test(cdr.lastapp) || voicemailStep.test(cdr.dst),
    isHelper: channel?.kind === 'local' || cdr.lastapp === 'AppDial',
  }
}

/** Oldest first; legs of one second in the order in which Asterisk numbered them. Leaves out Asterisk's own machinery. */
export function readLegs(cdrs: readonly Cdr[], numbering: Numbering): Leg[] {
  const legs = cdrs.map((cdr) => readLeg(cdr, numbering)).filter((leg) => leg !== undefined)
  return legs.sort((a, b) => a.start - b.start || a.cdr.sequence - b.cdr.sequence)
}

/** FreePBX's steps for a mailbox: `vmu101` (unavailable), `vmb101` (busy), `vms101`, `vmi101`. */
const voicemailStep = /^vm[ubsi]?(\d+)$/
/** The mailbox of a voicemail leg; undefined where neither `lastdata` nor `dst` names it. */
export function mailboxOf({ cdr }: Leg): string | undefined {
  const named = /^voicemail$/i.test(cdr.lastapp) ? /^[^@,&]+/.exec(cdr.lastdata)?.[0] : undefined
  return named ?? voicemailStep.exec(cdr.dst)?.[1]
}

/** A text column that a PBX adds to Asterisk's own (`did`, `cnum`, ...); empty where it has none. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : ''
}

/**
 * `cnum` where the PBX writes it. Else `src`, but a phone of the site keeps its own extension: dial plans set the number
 * that is shown outside before they dial, and Asterisk writes that one to `src`.
 */
function callerNumber(
  cdr: Cdr,
  from: string | undefined,
  isFromTrunk: boolean | undefined,
  numbering: Numbering,
): string {
  const own = canonicalNumber(textOf(cdr['cnum']), numbering)
  if (own !== '') return own
  const shown = canonicalNumber(cdr.src, numbering)
  if (from === undefined || isFromTrunk !== false || isExtension(shown)) return shown
  return numberOfPhone(from, linesOf(numbering)) ?? shown
}

function calledNumber(cdr: Cdr, isFromTrunk: boolean | undefined, numbering: Numbering): string {
  return isFromTrunk === true ? canonicalNumber(cdr.dst, numbering) : canonicalDialled(cdr.dst, numbering)
}

/**
 * The canonical numbers under which a CDR is found: who called and what was called. Empty where there is none: a hidden
 * number, a step of the dial plan, a record of Asterisk's own machinery.
 */
export function partiesOfCdr(cdr: Cdr, numbering: Numbering): { caller: string; called: string } {
  const leg = readLeg(cdr, numbering)
  return { caller: leg?.caller ?? '', called: leg?.called || leg?.did || '' }
}
