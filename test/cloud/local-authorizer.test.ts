import { afterAll, beforeAll, expect, test } from 'vitest'
import { type RunningFixture, runFixture } from './local-fixture/packaged-fixture.ts'

// The authorizer's results live 60 s; at this scale that is 300 ms.
const clockScale = 200
let fixture: RunningFixture
beforeAll(async () => {
  fixture = await runFixture({ clockScale })
})
afterAll(() => fixture[Symbol.asyncDispose]())

const guarded = (key?: string) =>
  fetch(`${fixture.cloud.httpUrl}/guarded?q=1`, { headers: key === undefined ? {} : { authorization: key } })

test('refuses a request without the identity source, without asking the authorizer', async () => {
  const response = await guarded()
  expect([response.status, await response.json()]).toEqual([401, { message: 'Unauthorized' }])
  await guarded('good-first')
  await expect
    .poll(() => fixture.lines.filter((line) => line.includes('authorizing')))
    .toEqual([expect.stringContaining('authorizing good-first')])
})

test('refuses whom the authorizer does not let in, and answers 500 when it breaks', async () => {
  const bad = await guarded('bad')
  expect([bad.status, await bad.json()]).toEqual([403, { message: 'Forbidden' }])
  expect((await guarded('break')).status).toBe(500)
})

test('hands the context on under authorizer.lambda, numbers and objects as they are', async () => {
  const event = await (await guarded('good-context')).json()
  expect(event.requestContext.authorizer).toEqual({
    lambda: { key: 'good-context', asked: expect.any(Number), nested: { deep: 1 }, identity: ['good-context'] },
  })
})

test('keeps a result for its time to live, one for each identity', async () => {
  const askedAt = async (key: string) => (await (await guarded(key)).json()).requestContext.authorizer.lambda.asked
  const [first, other] = [await askedAt('good-1'), await askedAt('good-2')]
  expect(other).not.toBe(first)
  expect(await askedAt('good-1')).toBe(first)
  await expect.poll(() => askedAt('good-1'), { timeout: 2000 }).not.toBe(first)
})
