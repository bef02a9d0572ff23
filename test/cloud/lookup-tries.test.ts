import { randomUUID } from 'node:crypto'
import type { BatchGetCommandInput } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { fingerprint } from '../../functions/domain/grades/fingerprint.ts'
import { lookUpGrade } from '../../functions/http/grade-lookups/look-up-grade.ts'
import { HttpProblemError } from '../../functions/http/problem.ts'
import { GradeStore } from '../../functions/stores/grades.ts'
import { LookupTries, siteLimit, triesMax, windowMs, windowMsMax } from '../../functions/stores/lookup-tries.ts'
import { startTables, type TestTables } from '../support/tables.ts'

const pepper = 'pepper-of-the-test'
let tables: TestTables
let tries: LookupTries
let store: GradeStore
beforeAll(async () => {
  tables = await startTables()
  tries = new LookupTries(tables.db, tables.table)
  store = new GradeStore(tables.db, tables.table)
})
afterAll(async () => tables[Symbol.asyncDispose]())

/** Each test has a site of its own, since failures count for the site too. */
let site = ''
beforeEach(() => {
  site = `site-${randomUUID().slice(0, 8)}`
})

const start = Date.UTC(2026, 10, 24, 8)
/** Takes a try like concurrent calls do that have read no window before the first write. */
const take = (who: string, now: number, isRight = false) => tries.take('office', { who, isRight }, now, undefined)
const takeMany = async (who: string, count: number, now: number) => {
  const taken = await Promise.all(Array.from({ length: count }, () => take(who, now)))
  return taken.filter(Boolean).length
}
/** Returns the minutes of each window if its tries are used up at once. */
const growing = [15, 30, 60, 120, 240, 480, 960, 1440, 1440]

test('of 200 concurrent guesses, allows only as many as the tries of one window, and as many again after it', async () => {
  expect(await takeMany('guesser', 200, start)).toBe(triesMax)
  expect(await takeMany('guesser', 10, start + windowMs - 1)).toBe(0)
  expect(await takeMany('guesser', 200, start + windowMs)).toBe(triesMax)
})

test('does not count right lookups, and refuses them like wrong ones once the tries are used up', async () => {
  for (let n = 0; n < 3 * triesMax; n++) expect(await take('student', start, true)).toBe(true)
  expect(await takeMany('student', 10, start + 1)).toBe(triesMax)
  expect(await take('student', start + windowMs - 1, true)).toBe(false)
})

test('a right lookup among 200 concurrent guesses does not allow one more wrong guess', async () => {
  const at = 100
  const taken = await Promise.all(Array.from({ length: 200 }, (_, n) => take('lucky', start, n === at)))
  expect(taken.filter((isTaken, n) => isTaken && n !== at).length).toBe(triesMax)
})

test('a right lookup does not reset the count of failures, so that nobody gains guesses by looking up their own number', async () => {
  expect(await takeMany('cheat', triesMax - 1, start)).toBe(triesMax - 1)
  for (let n = 0; n < 3; n++) expect(await take('cheat', start, true)).toBe(true)
  expect(await takeMany('cheat', 10, start)).toBe(1)
})

test('counts tries for each site and each caller separately', async () => {
  await takeMany('one', 10, start)
  expect(await take('two', start)).toBe(true)
  expect(await tries.take('other', { who: 'one', isRight: false }, start, undefined)).toBe(true)
})

test('doubles the window each time its tries are used up, up to a day, and resets it after a day without failures', async () => {
  let now = start
  for (const minutes of growing) {
    expect(await takeMany('stubborn', 20, now), `${minutes} minutes`).toBe(triesMax)
    now += minutes * 60_000
    expect(await take('stubborn', now - 1), `${minutes} minutes`).toBe(false)
  }
  const peace = now + windowMsMax
  expect(await takeMany('stubborn', 20, peace)).toBe(triesMax)
  expect(await takeMany('stubborn', 20, peace + windowMs)).toBe(triesMax)
  expect(await takeMany('stubborn', 20, peace + 2 * windowMs)).toBe(0)
})

test('a window whose tries are not used up is followed by a window of the same length', async () => {
  await takeMany('patient', 10, start)
  expect(await takeMany('patient', triesMax - 1, start + windowMs)).toBe(triesMax - 1)
  const third = start + 3 * windowMs
  expect(await takeMany('patient', 10, third)).toBe(triesMax)
  expect(await takeMany('patient', 10, third + 2 * windowMs - 1)).toBe(0)
  expect(await takeMany('patient', 10, third + 2 * windowMs)).toBe(triesMax)
})

test('the row of a window expires only after the window and the day in which its length still counts', async () => {
  const now = Date.UTC(2026, 11, 1)
  await takeMany('aged', 10, now)
  await takeMany('aged', 10, now + windowMs)
  const row = (await tables.items()).find((item) => item['pk'] === 'office#LK#aged')
  expect(Number(row?.['ttl'])).toBeGreaterThan((Number(row?.['endsAt']) + windowMsMax) / 1000)
})

type Lookup = {
  matricule: string
  caller: string
  pin?: string
}
/** Returns `found`, or the errorId of the refusal. */
async function lookUp(lookup: Lookup, now: number, withinRate: Promise<void> = Promise.resolve()): Promise<string> {
  withinRate.catch(() => undefined)
  try {
    await lookUpGrade(site, lookup, { store, tries, pepper, now, withinRate, auditNow: async () => undefined })
    return 'found'
  } catch (error) {
    if (error instanceof HttpProblemError) return error.errorId
    throw error
  }
}
async function student(matricule: string): Promise<void> {
  const pinHash = fingerprint(pepper, 'pin', site, matricule, '4711')
  await store.put(site, { matricule, note: 12, pinHash, updatedAt: new Date(start).toISOString() }, {})
}
const refused = [...Array<string>(triesMax).fill('grade-unknown'), 'lookup-locked']

/** Guesses in three windows that are used up, and in the last millisecond of each lock. */
async function guessesOf(next: () => Lookup): Promise<string[][]> {
  const told: string[][] = []
  let now = start
  for (const minutes of growing.slice(0, 3)) {
    const answers: string[] = []
    for (let n = 0; n <= triesMax; n++) answers.push(await lookUp(next(), now))
    now += minutes * 60_000
    answers.push(await lookUp(next(), now - 1))
    told.push(answers)
  }
  return told
}
const thrice = Array.from({ length: 3 }, () => [...refused, 'lookup-locked'])

test('locks a caller for longer each time, whether the guesses are unknown numbers or wrong PINs', async () => {
  const known = Array.from({ length: 21 }, (_, n) => String(4000 + n))
  await Promise.all(known.map(student))
  let n = 0
  const wrongPin = () => ({ matricule: known[n++] ?? '', caller: 'wrong-pins', pin: '0000' })
  const unknown = () => ({ matricule: String(5000 + n++), caller: 'unknown-numbers', pin: '0000' })
  expect(await guessesOf(wrongPin)).toEqual(thrice)
  expect(await guessesOf(unknown)).toEqual(thrice)
  expect(await lookUp({ matricule: known[0] ?? '', caller: 'another', pin: '4711' }, start + 7 * windowMs)).toBe(
    'found',
  )
})

test('of 200 guesses by ten callers, allows only the tries of each caller, for student numbers with and without a mark', async () => {
  const known = Array.from({ length: 100 }, (_, n) => String(9000 + 2 * n))
  await Promise.all(known.map(student))
  const guess = (n: number) => lookUp({ matricule: String(9000 + n), caller: `guesser ${n % 10}`, pin: '0000' }, start)
  const told = await Promise.all(Array.from({ length: 200 }, (_, n) => guess(n)))
  expect(told.filter((one) => one === 'grade-unknown')).toHaveLength(10 * triesMax)
  // Those that are refused at the same moment may have taken the last tries of the site too.
  const refused = told.filter((one) => one === 'lookup-locked' || one === 'lookup-cap')
  expect(refused).toHaveLength(200 - 10 * triesMax)
})

test('does not lock a student because of a locked caller, nor a caller because of a locked student', async () => {
  await student('6100')
  await student('6101')
  for (let n = 0; n <= triesMax; n++)
    await lookUp({ matricule: String(6200 + n), caller: 'locked', pin: '0000' }, start)
  for (let n = 0; n < 2 * triesMax; n++)
    expect(await lookUp({ matricule: '6100', caller: 'locked', pin: '0000' }, start)).toBe('lookup-locked')
  expect(await lookUp({ matricule: '6100', caller: 'free', pin: '4711' }, start)).toBe('found')
  for (let n = 0; n < triesMax; n++) await lookUp({ matricule: '6101', caller: randomUUID(), pin: '0000' }, start)
  for (let n = 0; n < 2 * triesMax; n++)
    expect(await lookUp({ matricule: '6101', caller: 'free', pin: '0000' }, start)).toBe('lookup-locked')
  expect(await lookUp({ matricule: '6100', caller: 'free', pin: '4711' }, start)).toBe('found')
})

test('locks a student number for longer each time, counting guesses of all callers, whether or not it has a mark', async () => {
  await student('6000')
  const by = (matricule: string) => () => ({ matricule, caller: randomUUID(), pin: '0000' })
  expect(await guessesOf(by('6000'))).toEqual(thrice)
  expect(await guessesOf(by('6001'))).toEqual(thrice)
})

test('answers a right lookup after a lock has ended, and the next lock is as short as the first again', async () => {
  await student('7000')
  const wrong = { matricule: '7000', caller: 'forgetful', pin: '0000' }
  const right = { ...wrong, pin: '4711' }
  for (const now of [start, start + windowMs]) for (let n = 0; n < triesMax; n++) await lookUp(wrong, now)
  const after = start + 3 * windowMs
  expect(await lookUp(right, after - 1)).toBe('lookup-locked')
  expect(await lookUp(right, after)).toBe('found')
  for (let n = 0; n < triesMax; n++) expect(await lookUp(wrong, after)).toBe('grade-unknown')
  expect(await lookUp(right, after + windowMs - 1)).toBe('lookup-locked')
  expect(await lookUp({ ...right, caller: 'another' }, after + windowMs - 1)).toBe('lookup-locked')
  expect(await lookUp(right, after + windowMs)).toBe('found')
})

test('sends DynamoDB the same requests for a wrong PIN, no PIN and an unknown number; if locked, also for a right PIN', async () => {
  await student('8000')
  await student('8001')
  for (let n = 0; n < triesMax; n++) await lookUp({ matricule: '8001', caller: randomUUID(), pin: '0000' }, start)
  const asked: string[] = []
  tables.db.middlewareStack.add(
    (next, context) => (args) => {
      asked.push(String(context['commandName']))
      return next(args)
    },
    { step: 'initialize', name: 'asked' },
  )
  const requests = async (lookup: { matricule: string; pin?: string }) => {
    asked.length = 0
    const told = await lookUp({ ...lookup, caller: randomUUID() }, start)
    return [told, ...asked]
  }
  const unknown = await requests({ matricule: '8999', pin: '0000' })
  const locked = await requests({ matricule: '8001', pin: '0000' })
  expect(unknown[0]).toBe('grade-unknown')
  expect(await requests({ matricule: '8000', pin: '0000' })).toEqual(unknown)
  expect(await requests({ matricule: '8000' })).toEqual(unknown)
  expect(locked[0]).toBe('lookup-locked')
  expect(await requests({ matricule: '8001', pin: '4711' })).toEqual(locked)
  tables.db.middlewareStack.remove('asked')
})

test('a lookup over the rate limit counts as no try and is answered without a mark', async () => {
  await student('429')
  const tooMany = new HttpProblemError(429, 'key-rate-exceeded', 'Too many.')
  const guess = { matricule: '429', caller: 'hasty', pin: '0000' }
  for (let n = 0; n < 3 * triesMax; n++)
    expect(await lookUp(guess, start, Promise.reject(tooMany))).toBe(tooMany.errorId)
  expect(await lookUp({ ...guess, pin: '4711' }, start)).toBe('found')
})

test('answers a locked caller without a mark even if DynamoDB is too busy to return the window', async () => {
  await student('6300')
  for (let n = 0; n < triesMax; n++) await lookUp({ matricule: String(6400 + n), caller: 'busy', pin: '0000' }, start)
  let busy = 0
  tables.db.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        const given = await next(args)
        if (commandName !== 'BatchGetItemCommand') return given
        busy += 1
        const { RequestItems } = args.input as BatchGetCommandInput
        return { ...given, output: { ...given.output, Responses: {}, UnprocessedKeys: RequestItems } }
      },
    { step: 'initialize', name: 'busy' },
  )
  const told = [
    await lookUp({ matricule: '6300', caller: 'busy', pin: '4711' }, start),
    await lookUp({ matricule: '6300', caller: 'busy', pin: '0000' }, start),
    await lookUp({ matricule: '6300', caller: 'unlocked', pin: '4711' }, start),
    await lookUp({ matricule: '6300', caller: 'unlocked', pin: '0000' }, start),
  ]
  tables.db.middlewareStack.remove('busy')
  expect([busy, ...told]).toEqual([4, 'lookup-locked', 'lookup-locked', 'found', 'grade-unknown'])
})

test('closes the lookups of a site after sixty failures in an hour under changing caller ids, and opens them an hour later', async () => {
  await student('7300')
  const right = { matricule: '7300', pin: '4711' }
  const guess = (n: number) => lookUp({ matricule: String(8000 + n), caller: `changing ${n}` }, start)
  const told: string[] = []
  for (let n = 0; n < siteLimit.triesMax + 5; n += 1) told.push(await guess(n))
  expect(told).toEqual([
    ...Array<string>(siteLimit.triesMax).fill('grade-unknown'),
    ...Array<string>(5).fill('lookup-cap'),
  ])
  const end = start + siteLimit.windowMs
  expect(await lookUp({ ...right, caller: 'fresh' }, end - 1)).toBe('lookup-cap')
  expect(await lookUp({ ...right, caller: 'fresh' }, end)).toBe('found')
})

test('of eighty concurrent guesses by eighty callers, sixty are answered', async () => {
  const guess = (n: number) => lookUp({ matricule: String(8000 + n), caller: `at once ${n}` }, start)
  const told = await Promise.all(Array.from({ length: 80 }, (_, n) => guess(n)))
  expect(told.filter((one) => one === 'grade-unknown')).toHaveLength(siteLimit.triesMax)
  expect(told.filter((one) => one === 'lookup-cap')).toHaveLength(80 - siteLimit.triesMax)
})
