import type { Call } from '../../../contracts/calls.ts'
import type { CompanyPbx } from './company.ts'
import { callFromOutside } from './trunk.ts'

/** What a person who watched the phones would say of a call. */
export interface Watched {
  dialled: string
  result: NonNullable<Call['result']>
  /** The extension, number or room that first spoke to the caller. */
  answeredBy: string | undefined
  direction?: Call['direction']
  forwardedFrom?: string
  transferredTo?: string
}

export interface CompanyKind {
  kind: string
  /** Endpoint of the phone that calls, or the number of an outside caller. */
  caller: string
  /** Makes the call, from dialling to its end. */
  make(it: CompanyPbx): Promise<void>
  says: Watched
  /** What chan_sip makes different: it takes a declined call (603) for a busy phone. */
  withSip?: Partial<Watched>
}

export const talkMs = 1_500
export const answers = { kind: 'answer', afterMs: 600 } as const
export const rings = { kind: 'ring' } as const

/** A call from phone to number that the called side, or the caller after `talk`, ends. */
export async function dial({ phones }: CompanyPbx, from: string, to: string, talk = talkMs): Promise<void> {
  await (await phones.call({ from, to, talkMs: talk })).ended
}

/** Dials a feature code from a phone. */
export const code = (it: CompanyPbx, from: string, digits: string) => dial(it, from, digits, 0)

/** Calls, and hangs up `afterMs` after the phone has begun to ring. */
export async function giveUp({ phones }: CompanyPbx, from: string, to: string): Promise<void> {
  const call = await phones.call({ from, to })
  await call.ringing
  await new Promise((resolve) => setTimeout(resolve, 1_500))
  await call.hangup()
}

export async function fromOutside(
  { pbx }: CompanyPbx,
  from: string,
  to: string,
  ms: number,
  presses = false,
): Promise<void> {
  await using caller = await callFromOutside({ from, to, talkMs: ms, sipPort: pbx.sipPort, presses })
  const status = await caller.ended
  if (status !== 0) throw new Error(`the outside caller ${from} ended with status ${status}`)
}
