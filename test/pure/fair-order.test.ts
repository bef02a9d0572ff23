import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fairOrder, turnAt } from '../../functions/domain/fair-order.ts'
import { propertyRuns } from '../support/property.ts'

const items = (...sites: string[]) => sites.map((site, n) => ({ site, n }))

test('takes one item of each site before a second one of any site, and keeps the order within a site', () => {
  const ordered = fairOrder(items('a', 'a', 'a', 'b', 'c', 'c'), 10, 0)
  expect(ordered.map(({ site, n }) => `${site}${n}`)).toEqual(['a0', 'b3', 'c4', 'a1', 'c5', 'a2'])
})

test('begins at another site in each turn', () => {
  const all = items('a', 'a', 'b', 'c')
  expect([0, 1, 2, 3].map((turn) => fairOrder(all, 1, turn)[0]?.site)).toEqual(['a', 'b', 'c', 'a'])
  expect(fairOrder([], 5, 7)).toEqual([])
})

test('gives each site a turn, however many items the others have and however few fit', () => {
  const list = fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e'), { minLength: 1, maxLength: 60 })
  fc.assert(
    fc.property(list, fc.integer({ min: 1, max: 8 }), (sites, most) => {
      const all = items(...sites)
      const turns = new Set(sites).size
      const seen = Array.from({ length: turns }, (_, turn) => fairOrder(all, most, turn)).flat()
      expect(new Set(seen.map(({ site }) => site))).toEqual(new Set(sites))
      expect(fairOrder(all, all.length, 3)).toHaveLength(all.length)
    }),
    { numRuns: propertyRuns(300) },
  )
})

test('returns no more than fit, in the middle of a round too, and a turn lasts a minute', () => {
  expect(fairOrder(items('a', 'b', 'c', 'a'), 2, 0).map(({ site }) => site)).toEqual(['a', 'b'])
  expect([59_999, 60_000, 119_999, 120_000].map(turnAt)).toEqual([0, 1, 1, 2])
})
