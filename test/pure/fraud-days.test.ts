import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { eventsOfDay, isTold, readDays } from '../support/fraud-days.ts'

/**
 * Goal: attacks are told at their third call, and busy days are left alone. Method: the days of test/cases/fraud/, from published incidents and
 * practice, go through the function that watches calls, as live facts.
 */
beforeAll(() => void vi.spyOn(process.stdout, 'write').mockReturnValue(true))
afterAll(() => void vi.restoreAllMocks())
const days = readDays()
/** Of each author, one in 25 may be missed or accused. */
const share = 1 / 25

test.each([...new Set(days.map(({ day }) => day.author))])(
  'tells the attacks and accuses no honest day among those by %s',
  async (author) => {
    const own = days.filter(({ day }) => day.author === author)
    const missed: string[] = []
    const accused: string[] = []
    for (const { file, day } of own) {
      const events = await eventsOfDay(day)
      if (day.kind === 'attack' && !isTold(day, events)) missed.push(file)
      if (day.kind === 'honest' && events.length > 0) accused.push(`${file}: ${JSON.stringify(events[0]?.event.data)}`)
    }
    const attacks = own.filter(({ day }) => day.kind === 'attack').length
    expect(missed.length, `missed: ${missed.join(', ')}`).toBeLessThanOrEqual(Math.floor(attacks * share))
    expect(accused.length, `accused: ${accused.join('\n')}`).toBeLessThanOrEqual(
      Math.floor((own.length - attacks) * share),
    )
  },
)

test('there are days of both kinds, each attack with three calls or more', () => {
  expect(new Set(days.map(({ day }) => day.kind))).toEqual(new Set(['attack', 'honest']))
  for (const { file, day } of days)
    if (day.kind === 'attack') expect(day.calls.filter(({ attack }) => attack).length, file).toBeGreaterThanOrEqual(3)
})
