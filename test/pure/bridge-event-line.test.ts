import { expect, test } from 'vitest'
import { entityKeyOf, entityOf, findGaps, timeMsOf, timestampOf } from '../../bridge/forward/event-line.ts'

const time = '2027-01-04T08:00:00.123Z'
const line = (subject: string, type = 'switchhook.call.v1', data: object = {}) =>
  Buffer.from(
    JSON.stringify({ specversion: '1.0', id: 'lyon-1/1.1', source: 's', time, v: '1.1', type, subject, k: 1, data }),
  )

test.each(['PJSIP/60', 'a "quoted" \\ one', 'Zoé ☎', 'x'.repeat(2000)])(
  'reads time, type and subject of an event line whose subject is %.12s',
  (subject) => {
    const bytes = line(subject)
    expect(timestampOf(bytes)).toBe(time)
    expect(timeMsOf(bytes)).toBe(Date.parse(time))
    expect(entityKeyOf(bytes)).toBe(entityKeyOf(line(subject, undefined, { other: 'data' })))
    expect(entityKeyOf(bytes)).not.toBe(entityKeyOf(line(subject, 'switchhook.endpoint.v1')))
    expect(entityKeyOf(bytes)).not.toBe(entityKeyOf(line(`${subject}.`)))
    expect(entityOf(bytes.toString())).toEqual({ type: 'switchhook.call.v1', subject })
  },
)

test('finds gap events by their type, not by similar text in other fields, in one block of memory or in several', () => {
  const gap = line('lyon-1', 'switchhook.gap.v1')
  const others = [line('PJSIP/60', undefined, { name: '"type":"switchhook.gap.v1"' }), line('PJSIP/61')]
  const inOneBlock = (lines: Buffer[]) => {
    const memory = Buffer.concat(lines)
    let from = 0
    return lines.map(({ length }) => {
      from += length
      return memory.subarray(from - length, from)
    })
  }
  for (const lay of [inOneBlock, (lines: Buffer[]) => lines.map((bytes) => Buffer.from(new Uint8Array(bytes)))]) {
    expect(findGaps(lay(others))).toEqual([])
    expect(findGaps(lay([gap]))).toEqual([gap])
    for (const at of [0, 1, 2]) expect(findGaps(lay(others.toSpliced(at, 0, gap, gap)))).toEqual([gap, gap])
  }
  expect(findGaps([])).toEqual([])
})

test('for bytes that are not an event line, returns no entity and a time that sorts before every other', () => {
  for (const odd of ['', '{}', '{"time":"soon', '{"time":7}']) {
    expect(timestampOf(Buffer.from(odd)) < time).toBe(true)
    expect(timeMsOf(Buffer.from(odd))).toBe(0)
    expect(entityKeyOf(Buffer.from(odd))).toBe('')
  }
})
