import { afterAll, beforeAll, expect, test } from 'vitest'
import { LookupTries, triesMax, windowMs } from '../../functions/stores/lookup-tries.ts'
import { startTables, type TestTables } from '../support/tables.ts'

let tables: TestTables
let tries: LookupTries
beforeAll(async () => {
  tables = await startTables()
  tries = new LookupTries(tables.db, tables.table)
})
afterAll(async () => tables[Symbol.asyncDispose]())

const start = Date.UTC(2026, 10, 24, 8)
const takeMany = async (who: string, count: number, now: number) => {
  const taken = await Promise.all(Array.from({ length: count }, () => tries.take('office', who, now)))
  return taken.filter(Boolean).length
}

test('of a thousand guesses at once the allowed tries are let through, and after the window as many again', async () => {
  expect(await takeMany('guesser', 1000, start)).toBe(triesMax)
  expect(await takeMany('guesser', 10, start + windowMs - 1)).toBe(0)
  expect(await takeMany('guesser', 10, start + windowMs)).toBe(triesMax)
})

test('a try that was right is given back, and nothing more than that', async () => {
  for (let n = 0; n < 3 * triesMax; n++) {
    expect(await tries.take('office', 'student', start)).toBe(true)
    await tries.giveBack('office', 'student')
  }
  await tries.giveBack('office', 'student')
  expect(await takeMany('student', 10, start + 1)).toBe(triesMax)
})

test('sites and callers do not use up each other’s tries', async () => {
  await takeMany('one', 10, start)
  expect(await tries.take('office', 'two', start)).toBe(true)
  expect(await tries.take('other', 'one', start)).toBe(true)
})
