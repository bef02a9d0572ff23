import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { nextDay, offsetsOf, startOfDay } from '../../functions/domain/stats/zone.ts'
import { getStats } from '../../functions/http/stats/get-stats.ts'
import { requestVerification } from '../../functions/http/verifications/request-verification.ts'
import { verifyDays } from '../../functions/queues/verify-days/verify-days.ts'

/** Goal: the days on which clocks change have 23 and 25 hours (Lord Howe: 23.5 and 24.5) in statistics and verifications. */
const days = [
  ['Europe/Paris', '2026-03-29', 23],
  ['Europe/Paris', '2026-10-25', 25],
  ['America/New_York', '2026-03-08', 23],
  ['America/New_York', '2026-11-01', 25],
  ['Australia/Sydney', '2026-10-04', 23],
  ['Australia/Sydney', '2026-04-05', 25],
  ['Australia/Lord_Howe', '2026-10-04', 23.5],
  ['Australia/Lord_Howe', '2026-04-05', 24.5],
  ['Africa/Cairo', '2026-04-24', 23],
  ['Europe/Paris', '2026-06-15', 24],
  ['Asia/Kolkata', '2026-10-25', 24],
] as const
const now = Date.UTC(2027, 0, 5)
const hourMs = 3_600_000
const { privateKey } = generateKeyPairSync('ed25519')

/** One answered call of a minute in each quarter of an hour. */
const counts = [1, 1, 0, 0, 0, 0, 60, 5]
const totals = {
  hours: async (_: string, month: string, from: string, to: string) => {
    const first = Date.parse(`${from}:00:00Z`)
    const hours = Array.from({ length: (Date.parse(`${to}:00:00Z`) - first) / hourMs + 1 }, (_, n) =>
      new Date(first + n * hourMs).toISOString().slice(0, 13),
    )
    const tally = { counts: [0, 1, 2, 3].map((quarter) => [quarter, 0, ...counts]), peaks: [1, 1, 1, 1] }
    return hours.filter((hour) => hour.startsWith(month)).map((hour) => ({ hour, site: tally }))
  },
  lineHours: async () => [],
}

describe.each(days)('%s on %s, which has %d hours', (zone, day, hours) => {
  const offsetAt = offsetsOf(zone)
  const bounds = { from: 1000 * startOfDay(day, offsetAt), to: 1000 * startOfDay(nextDay(day), offsetAt) }

  test('begins and ends at midnight', () => {
    expect((bounds.to - bounds.from) / hourMs).toBe(hours)
  })

  test('statistics by hour have a row for each of its hours, each once, and count every quarter of it', async () => {
    const { rows, total } = await getStats('office', { from: day, to: day, by: 'hour' }, { totals, zone, now })
    expect(rows).toHaveLength(Math.ceil(hours))
    expect(new Set(rows.map(({ key }) => key)).size).toBe(rows.length)
    expect(total.calls).toBe(4 * hours)
    const byDay = await getStats('office', { from: day, to: day, by: 'day' }, { totals, zone, now })
    expect(byDay.rows.map(({ key, calls }) => [key, calls])).toEqual([[day, 4 * hours]])
  })

  test('a verification asks the PBX for the whole day and no more', async () => {
    const sent: string[] = []
    const site = { sk: 'office', zone, commandQueue: { number: 1, url: 'https://queue' } }
    await requestVerification(
      site,
      { day, repair: false },
      {
        days: { start: async () => undefined, find: async () => undefined },
        commands: { send: async (_, body) => void sent.push(body) },
        signingKey: privateKey,
        now,
      },
    )
    const { data } = JSON.parse(sent[0] ?? '{}')
    const text = Buffer.from(data, 'base64').toString('utf8')
    expect(text).toContain(new Date(bounds.from).toISOString())
    expect(text).toContain(new Date(bounds.to).toISOString())
  })

  test('is verified once, by the hourly run in the morning after it', async () => {
    const verified: string[] = []
    const site = { sk: 'office', zone, state: 'live', commandQueue: { number: 1, url: 'https://queue' } }
    for (let hour = 0; hour < 48; hour += 1) {
      await verifyDays({
        directory: { list: async () => ({ rows: [site], next: undefined }) },
        days: { start: async (_: string, asked: { day: string }) => void verified.push(asked.day) },
        commands: { send: async () => undefined },
        signingKey: privateKey,
        now: bounds.from + hour * hourMs + 60_000,
      } as never)
    }
    expect(verified.filter((one) => one === day)).toEqual([day])
  })
})
