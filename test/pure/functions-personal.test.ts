import { PutCommand } from '@aws-sdk/lib-dynamodb'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ServerFrame } from '../../contracts/frames.ts'
import { numberSearch } from '../../contracts/numbers/number-search.ts'
import { eraseCdr, findsInRow } from '../../functions/domain/personal/erase-cdr.ts'
import { createErasing } from '../../functions/domain/personal/erasing.ts'
import { hideFrame } from '../../functions/domain/personal/frames.ts'
import { cdrShape } from '../../functions/domain/personal/shapes.ts'
import { erased, hidden, mask, maskText } from '../../functions/domain/personal.ts'
import { CdrErasure, rowKinds } from '../../functions/stores/cdr-erasure.ts'
import { CdrStore } from '../../functions/stores/cdrs.ts'
import { ItemErasure } from '../../functions/stores/item-erasure.ts'
import { documentClientOver, MemoryTable } from '../simulate/presence/table.ts'
import { makeCdr } from '../support/cdrs.ts'
import { callFact } from '../support/facts.ts'

const viewer = { scopes: ['cdrs:read', 'presence:read'] }
const operator = { scopes: new Set(['cdrs:read', 'cdrs:personal'] as const) }
const cdr = makeCdr(1, {
  src: '0612345678',
  clid: '"Anna Muster" <0612345678>',
  dstchannel: 'Local/0698765432@sortants-00000001;1',
  lastdata: 'PJSIP/0698765432@mytrunk,30',
  userfield: 'DID 0142000000',
})

test('shows the parties of a CDR only to readers with the scope', () => {
  expect(mask(operator, 'cdrs', cdrShape, cdr)).toBe(cdr)
  const shown = mask(viewer, 'cdrs', cdrShape, cdr)
  expect(shown).toMatchObject({ src: '…78', dst: hidden, clid: hidden, dstchannel: 'Local/…', lastdata: hidden })
  expect(JSON.stringify(shown)).not.toMatch(/Anna|\d{7}@|061234|069876|014200/)
  expect(shown).toMatchObject({ channel: cdr.channel, duration: 9, disposition: 'ANSWERED', linkedid: cdr.linkedid })
})

test('does not change empty and erased fields, and hiding a field twice equals hiding it once', () => {
  expect(maskText('number', '')).toBe('')
  expect(maskText('name', erased)).toBe(erased)
  fc.assert(
    fc.property(fc.constantFrom('number', 'name', 'text', 'channel', 'mark'), fc.string(), (kind, text) => {
      const once = maskText(kind, text)
      return maskText(kind, once) === once || kind === 'number'
    }),
  )
})

test('shows at most the last two digits of a number', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^\d{1,20}$/), (number) => {
      const digits = maskText('number', number).replace(hidden, '')
      return digits === (number.length > 6 ? number.slice(-2) : '')
    }),
  )
})

test('shows the device in a channel name and hides anything that may be a number', () => {
  const cases = {
    'PJSIP/5860-0000001a': 'PJSIP/5860-0000001a',
    'PJSIP/mytrunk-0000001b': 'PJSIP/mytrunk-0000001b',
    'PJSIP/0612345678-0000001c': 'PJSIP/…',
    'PJSIP/0612345678@mytrunk': 'PJSIP/…',
    'Local/61@internes-00000002;2': 'Local/…',
  }
  for (const [channel, shown] of Object.entries(cases)) expect(maskText('channel', channel)).toBe(shown)
})

test('frames for a key without the personal scope have no numbers and names, but call ids, states and devices', () => {
  const { data: state, v } = callFact('office', [1, 1], 'pbx1-1.1', 'ringing')
  const frame: ServerFrame = {
    type: 'delta',
    topic: 'calls',
    epoch: 1,
    ks: [1],
    w: 0,
    entities: [{ id: 'pbx1-1.1', v, r: 0, state }],
  }
  const shown = hideFrame(frame)
  expect(shown).toMatchObject({ entities: [{ id: 'pbx1-1.1', v, r: 0, state: { state: 'ringing', dialled: hidden } }] })
  const parties = { caller: { number: hidden, name: hidden, endpoint: 'PJSIP/5860' } }
  expect(shown).toMatchObject({ entities: [{ state: parties }] })
  expect(frame.entities[0]?.state).toBe(state)
})

test('finds a number of eight digits in the texts of a call record, not in its times or keys, and not after its erasure', () => {
  const search = numberSearch('20261124', { country: 'NO' })
  const start = '2026-11-24T08:00:00+0100'
  const other = makeCdr(1, { start, answer: start, end: start, userfield: start })
  const row = { pk: 'site-20261124#T#2026-11#0', sk: '2026-11-24T07:00:00Z#1#1#1', cdr: other, raw: `60,61,"${start}"` }
  expect(findsInRow(row, search)).toBe(false)
  const held = { ...other, dst: '20 26 11 24' }
  expect(findsInRow({ ...row, cdr: held }, search)).toBe(true)
  const cdr = eraseCdr(held, search, (id) => id)
  expect([cdr.dst, cdr.start, findsInRow({ cdr }, search)]).toEqual([erased, start, false])
  for (const side of [{ a: '20261124' }, { b: '+4720261124' }, { raw: '60,20261124' }]) {
    expect(findsInRow({ ...row, ...side }, search)).toBe(true)
  }
})

/** The beginning of a search, which counts what it found. */
const position = () => ({
  found: 0,
  reached: async () => undefined,
  count(items: number) {
    this.found += items
  },
  unreadable: () => undefined,
})

test.each([
  ['added', {}],
  ['changed', { result: 'unknown', corrections: 1 }],
])('an erasure does not overwrite the result of a call by API that is %s at the same time', async (_, seen) => {
  const table = new MemoryTable()
  const row = { pk: 'office#C', sk: 'c1', stage: 'ended', to: '+33612345678', ...seen }
  const corrected = { ...row, result: 'busy', corrections: 2 }
  const put = (Item: Record<string, unknown>) => table.carryOut(new PutCommand({ TableName: 't', Item }))
  put(row)
  const meanwhile = documentClientOver(async (command) => {
    if (command instanceof PutCommand) put(corrected)
    return table.carryOut(command)
  })
  const search = numberSearch('+33612345678', { country: 'FR' })
  const counted = position()
  await new ItemErasure(meanwhile, 't', () => false).erase('office#C', search, counted)
  expect([counted.found, table.items()]).toEqual([1, [corrected]])
  const alone = documentClientOver(async (command) => table.carryOut(command))
  await new ItemErasure(alone, 't', () => false).erase('office#C', search, position())
  expect(table.items()).toEqual([{ ...corrected, to: erased }])
})

test.each([
  ['uniqueid', { uniqueid: 'leg-0612345678', linkedid: 'call-7' }, 'call-7'],
  ['linkedid', { uniqueid: 'leg-1', linkedid: 'call-0612345678' }, undefined],
  ['uniqueid of a call whose linkedid has its time', { uniqueid: 'leg-0612345678' }, undefined],
])(
  'no key of the call log holds an erased number that was in the %s, and an alias names its row',
  async (_, ids, linkedid) => {
    const table = new MemoryTable()
    const db = documentClientOver(async (command) => table.carryOut(command))
    const cdr = makeCdr(1, ids)
    await new CdrStore(db, 't').put('office', cdr, undefined, { country: 'FR' })
    const search = numberSearch('0612345678', { country: 'FR' })
    const erasure = new CdrErasure(db, 't', () => false)
    const month = new Date(cdr.start.replace('+0000', 'Z')).toISOString().slice(0, 7)
    const erasing = createErasing(search, 'a secret')
    const eraseAll = async () => {
      const calls: string[] = []
      const counted = position()
      for (const kind of rowKinds) {
        await erasure.erase('office', month, kind, erasing, counted, async (call) => calls.push(call))
      }
      return { calls, found: counted.found }
    }
    expect(await eraseAll()).toEqual({ calls: [cdr.linkedid], found: 3 })
    expect(JSON.stringify(table.items())).not.toContain('612345678')
    const keysOf = (part: string) => table.items().filter(({ pk }) => String(pk).startsWith(`office#${part}#`))
    const [row, ...others] = keysOf('T')
    expect(others).toEqual([])
    const aliases = keysOf('L')
    expect(aliases.map(({ sk }) => sk)).toEqual('linkedid' in ids ? [row?.['sk']] : [])
    if (linkedid) expect(aliases[0]?.['pk']).toBe(`office#L#${linkedid}`)
    expect(await eraseAll()).toEqual({ calls: [], found: 0 })
  },
)

test.each(['0612345678', '"Anna Muster" <0612345678>', '"Anna Muster" <anonymous>', 'Anna Muster'])(
  'with the number of a caller the name goes, also where the caller ID does not repeat the number: %s',
  (clid) => {
    const search = numberSearch('0612345678', { country: 'FR' })
    const record = { ...cdr, dstchannel: '', lastdata: '', clid, cnam: 'Anna Muster', outbound_cnam: 'Other' }
    const copy = eraseCdr(record, search, (id) => id)
    expect([copy.src, copy.clid]).toEqual([erased, erased])
    expect(JSON.stringify(copy)).not.toMatch(/Anna|Muster|0612345678/)
    expect(copy['outbound_cnam']).toBe('Other')
    const own = eraseCdr({ ...record, outbound_cnam: 'Anna Muster' }, search, (id) => id)
    expect(own['outbound_cnam']).toBe(erased)
    const asCallee = eraseCdr({ ...record, src: '61', clid: '"Otto" <61>', dst: '0612345678' }, search, (id) => id)
    expect([asCallee.dst, asCallee.clid]).toEqual([erased, '"Otto" <61>'])
  },
)
