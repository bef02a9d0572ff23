import { generateKeyPairSync, sign } from 'node:crypto'
import { join } from 'node:path'
import { beforeEach, expect, test, vi } from 'vitest'
import { Delivery } from '../../bridge/forward/delivery.ts'
import { LateLane } from '../../bridge/forward/late-lane.ts'
import { Packer } from '../../bridge/forward/pack.ts'
import { realClock } from '../../bridge/operate/clock.ts'
import { Counters } from '../../bridge/operate/counters.ts'
import { createLog } from '../../bridge/operate/log.ts'
import { Quarantine } from '../../bridge/spool/quarantine.ts'
import { spoolFolder, spoolIn } from '../support/spool.ts'

const { privateKey } = generateKeyPairSync('ed25519')
const turns = 20

let folder: string
let isLiveLaneBusy: boolean
let nowMs: number
beforeEach(async () => {
  folder = await spoolFolder()
  isLiveLaneBusy = true
  nowMs = 0
})

/** Starts a late lane on a spool with one fact and a clock that the test moves; reports whether the fact was read and sent. */
async function startLateLane() {
  const { spool, durable } = spoolIn(folder)
  await spool.open()
  spool.append(Buffer.from(JSON.stringify({ time: new Date().toISOString(), type: 't', subject: 's' })))
  await vi.waitFor(() => expect(durable).toHaveLength(1))
  let sent = 0
  let isRead = false
  const clock = { ...realClock, monotonicMs: () => nowMs }
  const lane = new LateLane({
    to: { lane: 'records', queueUrl: 'records' },
    packer: new Packer({ site: 'office', key: 'k', sign: (bytes) => sign(null, bytes, privateKey) }),
    delivery: new Delivery({
      sender: {
        async send(_queue, bodies) {
          sent += bodies.length
          return bodies.map(() => ({ kind: 'accepted' }))
        },
      },
      quarantine: new Quarantine(join(folder, 'quarantine')),
      counters: new Counters(),
      log: createLog({ level: 'error', write: () => undefined }),
    }),
    spool: {
      read(...args) {
        isRead = true
        return spool.read(...args)
      },
    },
    clock,
    isLiveLaneBusy: () => isLiveLaneBusy,
    onTooOld: () => undefined,
    onSent: () => undefined,
    onAllSent: () => undefined,
  })
  const stop = new AbortController()
  const first = durable[0]?.number ?? Number.NaN
  lane.add(first, first + 1)
  const running = lane.run(stop.signal)
  return {
    isRead: () => isRead,
    sent: () => sent,
    async [Symbol.asyncDispose]() {
      stop.abort()
      await running
      await spool.close()
    },
  }
}

/** Lets the event loop turn so often that the lane could have continued. */
async function turnsPass(): Promise<void> {
  for (let n = 0; n < turns; n++) await new Promise(setImmediate)
}

test('waits while the live lane is busy, and sends the backlog once the live lane is idle', async () => {
  await using lane = await startLateLane()
  nowMs = 19
  await turnsPass()
  expect(lane.isRead()).toBe(false)
  isLiveLaneBusy = false
  await vi.waitFor(() => expect(lane.sent()).toBe(1))
})

test('sends the backlog after 20 ms even if the live lane is still busy', async () => {
  await using lane = await startLateLane()
  await turnsPass()
  expect(lane.isRead()).toBe(false)
  nowMs = 20
  await vi.waitFor(() => expect(lane.sent()).toBe(1))
})
