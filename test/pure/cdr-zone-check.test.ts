import { PutCommand } from '@aws-sdk/lib-dynamodb'
import { expect, test } from 'vitest'
import type { Batch } from '../../bridge/asterisk/cdr-file.ts'
import { CdrLane } from '../../bridge/forward/cdr-lane.ts'
import { Packer } from '../../bridge/forward/pack.ts'
import type { Clock } from '../../bridge/operate/clock.ts'
import { Counters } from '../../bridge/operate/counters.ts'
import { unverifiedLines } from '../../contracts/packed-body.ts'
import { cachedLocale } from '../../functions/stores/locale.ts'
import { documentClientOver, MemoryTable } from '../simulate/presence/table.ts'
import { makeCdr } from '../support/cdrs.ts'

/** Runs a lane over records that are written one by one; the file can tell its zone from the third record on. */
async function runLane(written: number, isZoneRight: boolean) {
  const stop = new AbortController()
  const sent: string[] = []
  let read = 0
  let looks = 0
  const silent = () => undefined
  const clock: Clock = {
    nowMs: () => 0,
    monotonicMs: () => 0,
    random: () => 0.5,
    after: (_ms, act) => {
      queueMicrotask(act)
      return silent
    },
  }
  const file = {
    next: async (): Promise<Batch | undefined> => {
      if (read === written) return undefined
      read += 1
      const bytes = Buffer.from(JSON.stringify(makeCdr(read)))
      return { lines: [{ bytes, isOverlong: false }], position: undefined } as unknown as Batch
    },
    commit: async () => undefined,
  }
  const watch = {
    isZoneChecked: false,
    look: async () => {
      looks += 1
      watch.isZoneChecked = read >= 3
      if (read < 3 || isZoneRight) return true
      stop.abort()
      return false
    },
  }
  const deliver = async (_: unknown, bodies: readonly string[]) =>
    sent.push(...bodies.flatMap((body) => unverifiedLines(body) ?? [])) > 0
  const lane = new CdrLane({
    site: 'office',
    to: { lane: 'records', queueUrl: 'q' },
    file,
    watch,
    clock,
    packer: new Packer({ site: 'office', key: 'k', sign: () => Buffer.alloc(64) }),
    delivery: { deliver } as never,
    refused: {} as never,
    counters: new Counters(),
    log: { debug: silent, info: silent, warn: silent, error: silent },
  })
  await lane.run(stop.signal)
  return { sent: sent.length, looks }
}

test('a bridge that starts with a short CDR file checks the time zone as soon as there are three records, and sends none of a wrong zone', async () => {
  expect(await runLane(10, false)).toMatchObject({ sent: 2 })
})

test('once the time zone is known, the bridge does not look at the file again', async () => {
  const { sent, looks } = await runLane(10, true)
  expect([sent, looks]).toEqual([10, 4])
})

test('reads the phones of a site less often the more there are, and its settings each minute', async () => {
  const reads = { small: 0, large: 0, settings: 0 }
  const memory = new MemoryTable()
  const put = (Item: Record<string, unknown>) => memory.carryOut(new PutCommand({ TableName: 't', Item }))
  put({ pk: 'small', sk: 'SITE', country: 'FR' })
  for (const [site, count] of [
    ['small', 3],
    ['large', 1_000],
  ] as const) {
    for (let n = 0; n < count; n += 1) put({ pk: `${site}#E`, sk: `PJSIP/${n}`, state: { number: String(1000 + n) } })
  }
  const db = documentClientOver(async (command) => {
    const text = JSON.stringify(command)
    if (text.includes('large#E')) reads.large += 1
    else if (text.includes('small#E')) reads.small += 1
    else reads.settings += 1
    return memory.carryOut(command)
  })
  let now = 0
  const localeOf = cachedLocale(db, 't', () => now)
  for (; now < 10 * 60_000; now += 10_000) {
    expect((await localeOf('small')).lines?.numbers.get('PJSIP/2')).toBe('1002')
    await localeOf('large')
  }
  expect(reads).toEqual({ small: 10, large: 2, settings: 20 })
})
