import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const text = readFileSync('SECURITY.md', 'utf8')
/** Rows of every table with the heads `threat` or `risk`. */
const rows = text
  .split('\n')
  .filter((line) => line.startsWith('| ') && !/^\| (threat|risk) \|/.test(line))
  .map((line) => line.split('|').map((cell) => cell.trim()))

test('each threat names a protection and at least one test that exists', () => {
  expect(rows.length).toBeGreaterThanOrEqual(30)
  const untested = rows.filter(([, threat, protection, tests = '']) => {
    const files = [...tests.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '')
    return (
      !threat ||
      !protection ||
      files.length === 0 ||
      files.some((file) => !/\.test\.ts$/.test(file) || !existsSync(file))
    )
  })
  expect(untested).toEqual([])
})

test('the OWASP API top ten are answered row by row, in their order', () => {
  const risks = rows.map(([, risk = '']) => /^API(\d+) /.exec(risk)?.[1]).filter((risk) => risk !== undefined)
  expect(risks).toEqual(Array.from({ length: 10 }, (_, n) => String(n + 1)))
})

test('SECURITY.md has a section for every boundary of the architecture', () => {
  for (const boundary of [
    'internet to the HTTP API',
    'one site to another',
    'telephone line',
    'WebSocket',
    'bridge, queues',
    'At rest',
  ]) {
    expect(text).toMatch(new RegExp(`^### .*${boundary}`, 'm'))
  }
})
