import { expect, test } from 'vitest'
import { keys } from '../../functions/stores/table-keys.ts'

/**
 * Goal: no item of one site has the key of another site's item. Method: each builder of keys gets the same arguments for two
 * sites, also sites of which one's name begins with the other's, and arguments that look like parts of a key.
 */
const builders = Object.entries(keys).flatMap(([name, build]) =>
  typeof build === 'function' ? [[name, build] as const] : [],
)
const parametersOf = (build: (...given: never[]) => unknown) =>
  /^\(?([^)=]*)\)?\s*=>/
    .exec(build.toString())?.[1]
    ?.split(',')
    .map((text) => text.trim()) ?? []
const argumentsOf = (count: number) => [
  Array.from({ length: count }, () => '1795460594.0'),
  Array.from({ length: count }, () => 'x#y'),
  Array.from({ length: count }, () => ''),
]
const keyOf = (build: (...given: never[]) => unknown, given: readonly unknown[]) =>
  JSON.stringify((build as (...all: readonly unknown[]) => unknown)(...given))

/** Items of no site: a random id, a hash, or the number of a shard is all of their key. */
const ofNoSite = ['connection', 'dirtyShard', 'key', 'ticket']

test('the first argument of each builder is the site, except where an id alone is the key', () => {
  const others = builders.filter(([, build]) => parametersOf(build)[0] !== 'site').map(([name]) => name)
  expect(others.sort()).toEqual(ofNoSite)
  expect(builders.length).toBeGreaterThan(20)
})

const ofSite = builders.filter(([name]) => !ofNoSite.includes(name))
test.each(ofSite)('%s gives each site its own key', (_, build) => {
  const count = parametersOf(build).length - 1
  const sites = ['abc', 'abd', 'abc-d', 'abc-dir', 'a-b-c', 'abc1']
  for (const rest of argumentsOf(count)) {
    const made = sites.map((site) => keyOf(build, [site, ...rest]))
    expect(new Set(made).size).toBe(sites.length)
    for (const [n, site] of sites.entries()) {
      // The whole name, and not only the beginning of a longer one, is in the partition or sort key.
      expect(made[n]).toMatch(new RegExp(`["#]${site}(#|")`))
    }
  }
})

test.each(ofSite)('%s uses each of its arguments', (_, build) => {
  const count = parametersOf(build).length - 1
  for (let changed = 0; changed < count; changed += 1) {
    const rest = Array.from({ length: count }, (_, n) => (n === changed ? 'other' : 'same'))
    const same = Array.from({ length: count }, () => 'same')
    expect(keyOf(build, ['abc', ...rest])).not.toBe(keyOf(build, ['abc', ...same]))
  }
})

test('no two builders make the same key of the same arguments', () => {
  // Reads and writes of one item by two builders: all parts of a digest are read by the key of an empty one.
  const made = ofSite.map(([name, build]) => ({ name, key: keyOf(build, ['abc', 'b', 'c', 'd', 'e']) }))
  const twice = [...Map.groupBy(made, ({ key }) => key).values()].filter((group) => group.length > 1)
  expect(twice.map((group) => group.map(({ name }) => name))).toEqual([])
})
