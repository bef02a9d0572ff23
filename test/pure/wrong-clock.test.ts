import { expect, test } from 'vitest'
import { Delivery } from '../../bridge/forward/delivery.ts'
import { LateLane } from '../../bridge/forward/late-lane.ts'
import { Packer } from '../../bridge/forward/pack.ts'
import { realClock } from '../../bridge/operate/clock.ts'
import { Counters } from '../../bridge/operate/counters.ts'
import { silentLog } from '../support/presence-world.ts'

/*
 * Goal: facts of a machine that booted with a wrong clock are not lost when the clock is set.
 * Method: the late lane over records in memory.
 */

const nowMs = Date.parse('2026-11-30T12:00:00.000Z')
const fact = (subject: string, time: string) => ({ type: 'switchhook.endpoint.v1', subject, time })

/** Sends facts as late; returns the subjects that were sent, those that must be published again, and how many were too old. */
async function sendLate(facts: object[]) {
  const bodies: string[] = []
  const sent = Promise.withResolvers<string[]>()
  let tooOld = 0
  const stop = new AbortController()
  const lane = new LateLane({
    to: { lane: 'records', queueUrl: 'records' },
    packer: new Packer({ site: 'office', key: 'k', sign: () => Buffer.alloc(64) }),
    delivery: new Delivery({
      sender: {
        async send(_queue, some) {
          bodies.push(...some)
          return some.map(() => ({ kind: 'accepted' }))
        },
      },
      // Never used: every body is accepted.
      quarantine: undefined as never,
      counters: new Counters(),
      log: silentLog,
    }),
    spool: {
      read: async (from, to) =>
        facts.slice(from, to).map((one, n) => ({ number: from + n, payload: Buffer.from(JSON.stringify(one)) })),
    },
    clock: { ...realClock, nowMs: () => nowMs },
    isLiveLaneBusy: () => false,
    onTooOld: (count) => {
      tooOld += count
    },
    onSent: () => undefined,
    onAllSent: (late) => sent.resolve(late.map(({ subject }) => subject)),
  })
  lane.add(0, facts.length)
  const running = lane.run(stop.signal)
  const again = await sent.promise
  stop.abort()
  await running
  return { bodies: bodies.length, again: again.sort(), tooOld }
}

test.each(['1970-01-01T00:00:12.000Z', '2019-11-30T12:00:00.000Z'])(
  'facts that were stamped %s are sent, since the clock was wrong, and their state is published again',
  async (time) => {
    expect(await sendLate([fact('PJSIP/1', time), fact('PJSIP/2', '2026-11-30T11:00:00.000Z')])).toMatchObject({
      bodies: 1,
      again: ['PJSIP/1', 'PJSIP/2'],
      tooOld: 0,
    })
  },
)

test('facts of more than 30 days ago are dropped and counted, and their state is published again', async () => {
  const old = '2026-10-20T12:00:00.000Z'
  expect(await sendLate([fact('PJSIP/1', old)])).toMatchObject({ bodies: 0, again: ['PJSIP/1'], tooOld: 1 })
  expect(await sendLate([fact('PJSIP/1', old), fact('PJSIP/2', '2026-11-30T11:00:00.000Z')])).toMatchObject({
    bodies: 1,
    again: ['PJSIP/1', 'PJSIP/2'],
    tooOld: 1,
  })
})
