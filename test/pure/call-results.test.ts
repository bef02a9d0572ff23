import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { CallOutcome } from '../../bridge/normalise/call-outcome.ts'
import { callResults } from '../../contracts/call-result.ts'
import { dictionaries } from '../../dashboard/language.ts'
import { callOf } from '../../functions/domain/calls/call.ts'
import { settledResult } from '../../functions/domain/calls/placed.ts'
import { makeCdr } from '../support/cdrs.ts'

test('docs/call-log.md has the table of results as the code has it, and the page has a word for each', () => {
  const [, table = ''] =
    /^\| result \| when \|.*\n\|[-|]+\n((?:\|.*\n)+)/m.exec(readFileSync('docs/call-log.md', 'utf8')) ?? []
  const rows = Object.entries(callResults).map(
    ([result, { when, figure }]) => `| \`${result}\` | ${when} | ${figure} |\n`,
  )
  expect(table).toBe(rows.join(''))
  const words = Object.keys(dictionaries.en).flatMap((key) => (key.startsWith('result.') ? [key.slice(7)] : []))
  expect(words.sort()).toEqual(Object.keys(callResults).sort())
})

test.each([
  ['CDRs know that a menu answered', 'answered', 'unreachable', undefined, 'answered'],
  ['CDRs know that voicemail answered', 'voicemail', 'no-answer', undefined, 'voicemail'],
  ['a call is cancelled though voicemail took it for a moment', 'voicemail', 'cancelled', undefined, 'cancelled'],
  ['the bridge knows that the phone declined', 'busy', 'refused', undefined, 'refused'],
  ['the bridge knows that an answer came whose CDR has not arrived', 'no-answer', 'answered', undefined, 'answered'],
  ['CDRs decide if the bridge reported nothing', 'busy', undefined, undefined, 'busy'],
  ['CDRs decide if the bridge did not see the end', 'busy', 'unknown', undefined, 'busy'],
  ['later CDRs replace what earlier ones said', 'busy', 'no-answer', 1, 'busy'],
] as const)('%s', (_, byRecords, result, corrections, settled) => {
  expect(settledResult(byRecords, { result, corrections })).toBe(settled)
})

test('who dials a parking place where nobody is reached nobody, live and in the log', () => {
  // Asterisk 22 answers such a call to say so, and writes this record.
  const record = makeCdr(1, { dst: '71', dstchannel: '', lastapp: 'ParkedCall', lastdata: 'default,71' })
  expect(callOf([record], { country: 'FR' })).toMatchObject({ result: 'unreachable', callees: [] })
  const live = new CallOutcome()
  live.noteApplication('ParkedCall', true, true)
  expect(live.result(false, true, 16)).toBe('unreachable')
})
