import { generateKeyPairSync } from 'node:crypto'
import { expect, test } from 'vitest'
import { openCommand } from '../../contracts/commands.ts'
import { Pacing, paceFor } from '../../functions/queues/push-presence/pace.ts'

const { privateKey, publicKey } = generateKeyPairSync('ed25519')
const none = { gone: 0, failed: 0, unreached: 0, chunks: 0 }
const count = (subscribers: number, throttled = 0) => ({ ...none, subscribers, sent: subscribers, throttled })

function world() {
  const sentPaces: number[] = []
  let isUp = true
  const pacing = new Pacing({
    sites: { find: async () => ({ commandQueue: { url: 'queue' } }) },
    commands: {
      async send(_url, body) {
        if (!isUp) throw new Error('no queue')
        const command = openCommand(body, 'office', publicKey)
        if (command.command === 'pace') sentPaces.push(command.paceMs)
      },
    },
    signingKey: async () => privateKey,
  })
  return { pacing, sentPaces, setUp: (up: boolean) => (isUp = up) }
}

test.each([
  [1, 100],
  [500, 100],
  [1_000, 200],
  [10_000, 2_000],
  [100_000, 20_000],
])('with %i subscribers, the pace is one message in %i ms', (subscribers, paceMs) => {
  expect(paceFor(subscribers)).toBe(paceMs)
})

test('sends the bridge a pace when it changes, and again before the bridge forgets it', async () => {
  const { pacing, sentPaces } = world()
  for (const [at, subscribers] of [
    [0, 50],
    [1, 5_000],
    [2, 5_100],
    [150_000, 5_000],
    [250_000, 5_000],
    [260_000, 50],
    [900_000, 50],
  ] as const)
    await pacing.adjust('office', count(subscribers), at)
  expect(sentPaces).toEqual([1_000, 1_000, 100])
})

test('doubles the time between messages when posts are throttled, up to eightfold, and halves it when posts succeed', async () => {
  const { pacing, sentPaces } = world()
  for (let n = 0; n < 5; n += 1) await pacing.adjust('office', count(1_000, 200), n * 1_000)
  expect(sentPaces).toEqual([400, 800, 1_600])
  for (let n = 1; n <= 3; n += 1) await pacing.adjust('office', count(1_000), n * 70_000)
  expect(sentPaces.slice(3)).toEqual([800, 400, 200])
})

test('if a pace could not be sent, sends it after the next fan-out', async () => {
  const { pacing, sentPaces, setUp } = world()
  setUp(false)
  expect(await pacing.adjust('office', count(5_000), 0)).toBe(1_000)
  setUp(true)
  await pacing.adjust('office', count(5_000), 1_000)
  expect(sentPaces).toEqual([1_000])
})
