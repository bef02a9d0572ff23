import { readFileSync } from 'node:fs'
import * as v from 'valibot'
import { expect, test } from 'vitest'
import { cdrFormat, readCdrRecord } from '../../bridge/normalise/cdr-record.ts'
import { readFrame } from '../../bridge/normalise/frames.ts'
import { PbxState } from '../../bridge/normalise/pbx-state.ts'
import type { Call } from '../../contracts/calls.ts'
import type { CallState } from '../../contracts/facts.ts'
import { SiteId } from '../../contracts/names.ts'
import { callOf } from '../../functions/domain/calls/call.ts'
import { canonicalNumber, type Numbering } from '../../functions/domain/phone-number.ts'

/**
 * Goal: the last live state of a call and its story in the call log say the same, and what a person who watched the phones would say.
 * Method: events and CDRs that an Asterisk with a dial plan like FreePBX's wrote (test/cases/company-pbx.json).
 */
interface RecordedCall {
  happened: string
  expect: { dialled: string; result: Call['result']; answeredBy?: string; forwardedFrom?: string }
  /** Lines of the CDR file. */
  cdrs: string[]
  /** As Asterisk sent them. */
  events: unknown[]
}
const calls: RecordedCall[] = JSON.parse(readFileSync(new URL('../cases/company-pbx.json', import.meta.url), 'utf8'))
const site = v.parse(SiteId, 'company')
const numbering: Numbering = { country: 'FR' }

function archived({ cdrs }: RecordedCall): Call | undefined {
  const format = cdrFormat({ zone: 'UTC' })
  const read = cdrs.flatMap((line) => readCdrRecord(site, Buffer.from(line), format))
  return callOf(
    read.flatMap(({ line }) => (line.kind === 'cdr' ? line.event.data.cdr : [])),
    numbering,
  )
}

/** The last state of each call that was not merged into another. */
function live({ events }: RecordedCall): CallState[] {
  const state = new PbxState()
  const last = new Map<string, CallState>()
  for (const event of events) {
    const frame = readFrame(Buffer.from(JSON.stringify(event)))
    if (frame.kind !== 'event') continue
    for (const fact of state.apply(frame.event, '')) if (fact.kind === 'call') last.set(fact.state.call, fact.state)
  }
  return [...last.values()].filter(({ mergedInto }) => mergedInto === undefined)
}

const conclusion = ({ dialled, result, answeredBy }: Pick<Call, 'dialled' | 'result' | 'answeredBy'>) => ({
  dialled: canonicalNumber(dialled, numbering),
  result,
  answeredBy: answeredBy && canonicalNumber(answeredBy.number, numbering),
})

test.each(calls)('the last live state and the call log agree if $happened', (call) => {
  const { dialled, result, answeredBy, forwardedFrom } = call.expect
  const story = archived(call)
  expect(story && conclusion(story)).toEqual({ dialled, result, answeredBy })
  expect(story?.forwardedFrom).toBe(forwardedFrom)
  expect(live(call).map(conclusion)).toEqual([{ dialled, result, answeredBy }])
})

test('shows the phone that picked a call up as the one that answered, and the phone that rang as one that did not', () => {
  const pickedUp = calls.find(({ happened }) => happened.includes('picked up'))
  expect(pickedUp && archived(pickedUp)?.story).toMatchObject([
    { what: 'called', who: '140' },
    { what: 'no-answer', who: '140' },
    { what: 'answered', who: '141' },
  ])
})

test('shows the mailbox of the colleague to whom the call was forwarded', () => {
  const forwarded = calls.find(({ happened }) => happened.includes('voicemail answers'))
  expect(forwarded && archived(forwarded)?.story).toMatchObject([
    { what: 'called', who: '162' },
    { what: 'forwarded', who: '163' },
    { what: 'voicemail', who: '163' },
  ])
})
