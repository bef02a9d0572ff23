import fc from 'fast-check'
import { expect, test } from 'vitest'
import { checksumOf, printOf } from '../../contracts/cdr-digest.ts'
import { compareDay, type StoredPrint } from '../../functions/domain/compare-day.ts'
import { makeCdr } from '../support/cdrs.ts'

const cdrs = Array.from({ length: 6 }, (_, n) => makeCdr(n))
const prints = cdrs.map(printOf)
const stored = (n: number, over: Partial<StoredPrint> = {}): StoredPrint => ({
  print: prints[n] ?? '',
  erased: false,
  startMs: Date.parse(`${cdrs[n]?.start.slice(0, 19)}Z`),
  ...over,
})
const all = cdrs.map((_, n) => stored(n))
const key = (n: number) => `${cdrs[n]?.uniqueid}/${cdrs[n]?.sequence}`

test('finds a day equal if both sides have the same CDRs in any order', () => {
  const compared = compareDay([...prints].reverse(), all, undefined)
  expect(compared.isEqual).toBe(true)
  expect(compared.pbx).toEqual(compared.cloud)
  expect(compared.pbx.count).toBe(6)
})

test('reports CDRs that the cloud lacks as missing and CDRs that the PBX lacks as extra', () => {
  const compared = compareDay(prints.slice(0, 5), all.slice(1), undefined)
  expect([compared.isEqual, compared.missing.keys, compared.extra.keys]).toEqual([false, [key(0)], [key(5)]])
})

test('reports a CDR as missing and extra if both sides have its key with different content', () => {
  const other = stored(2, { print: printOf(makeCdr(2, { billsec: 1 })) })
  const compared = compareDay(prints, [...all.filter((_, n) => n !== 2), other], undefined)
  expect([compared.missing.keys, compared.extra.keys]).toEqual([[key(2)], [key(2)]])
})

test('compares a CDR with an erased number by its key only', () => {
  const erased = stored(3, { print: printOf(makeCdr(3, { src: '(erased)' })), erased: true })
  const rows = [...all.filter((_, n) => n !== 3), erased]
  expect(compareDay(prints, rows, undefined).isEqual).toBe(true)
  expect(compareDay(prints.toSpliced(3, 1), rows, undefined).extra.keys).toEqual([key(3)])
})

test('does not report CDRs from before the PBX’s oldest file as extra', () => {
  const since = new Date(all[2]?.startMs ?? 0).toISOString()
  expect(compareDay(prints.slice(2), all, since).isEqual).toBe(true)
  expect(compareDay(prints.slice(2), all, undefined).extra.count).toBe(2)
})

test('reports exactly the CDRs that were removed from either side', () => {
  const some = fc.uniqueArray(fc.nat({ max: 5 }))
  fc.assert(
    fc.property(some, some, (fromPbx, fromCloud) => {
      const compared = compareDay(
        prints.filter((_, n) => !fromPbx.includes(n)),
        all.filter((_, n) => !fromCloud.includes(n)),
        undefined,
      )
      const only = (a: number[], b: number[]) =>
        a
          .filter((n) => !b.includes(n))
          .map(key)
          .sort()
      expect(compared.missing.keys).toEqual(only(fromCloud, fromPbx))
      expect(compared.extra.keys).toEqual(only(fromPbx, fromCloud))
    }),
  )
  expect(checksumOf(prints)).not.toBe(checksumOf(prints.slice(1)))
})
