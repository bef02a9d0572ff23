import { afterAll, beforeAll, expect, test } from 'vitest'
import { patiently, type RunningFixture, runFixture } from './local-fixture/packaged-fixture.ts'

// Results of the authorizer are cached for 60 s, which are 3 s on this clock.
const clockScale = 20
let fixture: RunningFixture
beforeAll(async () => {
  fixture = await runFixture({ clockScale })
})
afterAll(() => fixture[Symbol.asyncDispose]())

const guarded = (key?: string) =>
  fetch(`${fixture.cloud.httpUrl}/guarded?q=1`, { headers: key === undefined ? {} : { authorization: key } })

test('answers 401 to a request without the header that is the identity source, and does not call the authorizer', async () => {
  const response = await guarded()
  expect([response.status, await response.json()]).toEqual([401, { message: 'Unauthorized' }])
  await guarded('good-first')
  await expect
    .poll(() => fixture.lines.filter((line) => line.includes('authorizing')), patiently)
    .toEqual([expect.stringContaining('authorizing good-first')])
})

test('answers 403 if the authorizer denies the request and 500 if it fails', async () => {
  const bad = await guarded('bad')
  expect([bad.status, await bad.json()]).toEqual([403, { message: 'Forbidden' }])
  expect((await guarded('break')).status).toBe(500)
})

test('passes the context of the authorizer to the function in authorizer.lambda, with the types of its values', async () => {
  const event = await (await guarded('good-context')).json()
  expect(event.requestContext.authorizer).toEqual({
    lambda: { key: 'good-context', asked: expect.any(Number), nested: { deep: 1 }, identity: ['good-context'] },
  })
})

test('caches the result of the authorizer for each identity until its time to live is over', async () => {
  const askedAt = async (key: string) => (await (await guarded(key)).json()).requestContext.authorizer.lambda.asked
  const [first, other] = [await askedAt('good-1'), await askedAt('good-2')]
  expect(other).not.toBe(first)
  expect(await askedAt('good-1')).toBe(first)
  await expect.poll(() => askedAt('good-1'), patiently).not.toBe(first)
})
