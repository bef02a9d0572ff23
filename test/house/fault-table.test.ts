import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { bugs } from '../simulate/bridge/bugs.ts'
import { faults } from '../simulate/bridge/faults.ts'

const document = readFileSync('docs/durability.md', 'utf8')
const rows = [...document.matchAll(/^\| (\d+) \| ([^|]+) \| ([^|]*) \| (.+) \(`([^`]+)`\) \|$/gm)].map(
  ([, number, fault, kinds, name, file]) => ({
    number: Number(number),
    fault,
    kinds: [...(kinds ?? '').matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? ''),
    name: name ?? '',
    file: file ?? '',
  }),
)

test('docs/durability.md lists each fault from 1 to 29 with the name of a test that exists', () => {
  expect(rows.map(({ number }) => number)).toEqual(Array.from({ length: 29 }, (_, index) => index + 1))
  expect(rows.filter(({ name, file }) => !readFileSync(file, 'utf8').includes(name))).toEqual([])
})

test('docs/durability.md names every kind of fault that the simulator injects, and every planted bug', () => {
  const named = new Set(rows.flatMap(({ kinds }) => kinds))
  const kinds = Object.keys(faults).filter((kind) => kind !== 'event-lost')
  expect([...named].sort()).toEqual(kinds.sort())
  for (const bug of Object.keys(bugs)) expect(document).toContain(`| \`${bug}\` |`)
})
