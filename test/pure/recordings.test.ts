import { expect, test } from 'vitest'
import { numberSearch } from '../../contracts/numbers/number-search.ts'
import { callOf } from '../../functions/domain/calls/call.ts'
import { eraseCdr } from '../../functions/domain/personal/erase-cdr.ts'
import { archivedCallShape, cdrShape } from '../../functions/domain/personal/shapes.ts'
import { hidden, hide } from '../../functions/domain/personal.ts'
import { makeCdr } from '../support/cdrs.ts'

const numbering = { country: 'FR' } as const
const file = 'out-0612345678-60-20261123-190000.wav'
const recorded = makeCdr(1, { dst: '0612345678', recordingfile: `/var/spool/asterisk/monitor/2026/11/23/${file}` })

test.each([
  ['in a column of its own, with its folder', recorded, [file]],
  ['in userfield', makeCdr(1, { userfield: 'call-1.WAV' }), ['call-1.WAV']],
  ['in both, once', makeCdr(1, { userfield: file, recordingfile: file }), [file]],
  ['in no column', makeCdr(1, { userfield: 'ticket 17' }), undefined],
])('returns the file name of the recording of a call from a CDR that has it %s', (_where, cdr, names) => {
  expect(callOf([cdr], numbering)?.recordings).toEqual(names)
})

test('a key that may not see numbers sees no file name of a recording and nothing that a PBX adds, in a call or a CDR', () => {
  const more = { ...recorded, cnam: 'Anna Muster', cost: 3 }
  const call = callOf([more], numbering)
  expect(call && JSON.stringify(hide(archivedCallShape, call))).not.toContain('12345678')
  const shown = hide(cdrShape, more)
  expect(JSON.stringify(shown)).not.toMatch(/12345678|Anna/)
  expect([shown['cost'], shown.start, shown.uniqueid]).toEqual([hidden, recorded.start, recorded.uniqueid])
})

test('erasing a number also erases the file name of a recording that contains it', () => {
  const left = eraseCdr(recorded, numberSearch('+33612345678', numbering), (id) => id)
  expect(JSON.stringify(left)).not.toContain('12345678')
  expect(callOf([left], numbering)?.recordings).toBeUndefined()
})
