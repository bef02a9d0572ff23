import { beforeAll, expect, test } from 'vitest'
import { cdrFields } from '../../contracts/cdr.ts'
import { splitCsvRecord } from '../../contracts/cdr-row/csv-record.ts'
import { companyKinds } from './support/company-kinds.ts'
import { type CompanyRun, conclusionOf, runCompany } from './support/company-run.ts'
import { hasSipp } from './support/trunk.ts'

/**
 * Goal: at a company whose PBX is configured as FreePBX does it, the last live state of each call and its story in the call log both
 * say what a person who watched the phones would say.
 * Method: real calls of every kind, all at the same time on phones of their own.
 */
let run: CompanyRun
beforeAll(async () => {
  if (hasSipp) run = await runCompany()
})

const times = new Set(['start', 'answer', 'end'])

test.runIf(hasSipp).each(companyKinds)(
  'live and call log agree with who watched the phones: $kind',
  ({ kind, says }) => {
    const call = run.calls.get(kind)
    expect(call?.fault).toBeUndefined()
    expect(call?.archived).toHaveLength(1)
    expect(call?.live).toHaveLength(1)
    const [live] = call?.live ?? []
    const [archived] = call?.archived ?? []
    if (!live || !archived) throw new Error('the call is missing')
    const { dialled, result, answeredBy, direction = archived.direction, forwardedFrom, transferredTo } = says
    expect(conclusionOf(archived)).toMatchObject({ dialled, result, answeredBy })
    expect({ ...archived }).toMatchObject({ direction })
    expect([archived.forwardedFrom, archived.transferredTo]).toEqual([forwardedFrom, transferredTo])
    expect(live.state).toBe('ended')
    expect(conclusionOf(live)).toEqual(conclusionOf(archived))
  },
)

test.runIf(hasSipp)('every line of the CDR file is read with each field as Asterisk wrote it', () => {
  expect(run.lines.length).toBeGreaterThan(companyKinds.length)
  for (const { text, cdr } of run.lines) {
    const written = splitCsvRecord(text).slice(0, cdrFields.length)
    const read = cdrFields.map((field) => String(cdr?.[field]))
    for (const [n, field] of cdrFields.entries()) {
      if (times.has(field)) expect(read[n]?.slice(0, 19)).toBe(written[n]?.replace(' ', 'T'))
      else expect(read[n]).toBe(written[n])
    }
  }
})

test.runIf(hasSipp)('the bridge refuses no event, and its phones are in the states that Asterisk reports', () => {
  expect(run.refusedFrames).toEqual([])
  expect(run.presence).toEqual([])
})
