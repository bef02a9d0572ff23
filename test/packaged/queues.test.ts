import { beforeAll, expect, test } from 'vitest'
import { keys } from '../../functions/stores/table-keys.ts'
import { type SharedDeployment, sharedDeployment, type TestSite } from '../support/deployment.ts'
import { epochReady, queueFact } from '../support/facts.ts'
import { makeSiteKey } from '../support/site-keys.ts'
import { subscriber, ticketUrl } from '../support/subscriber.ts'
import { until } from '../support/until.ts'

/**
 * Goal: queues reach readers over HTTP and the socket, each with what its key may see, and nothing of a caller stays.
 * Method: the packaged functions; the test plays the bridge.
 */
const name = 'queues-office'
let deployment: SharedDeployment
let office: TestSite
beforeAll(async () => {
  deployment = sharedDeployment()
  office = await deployment.makeSite(name)
})

const since = '2026-11-24T08:00:00.000Z'
const head = { part: 'queue' as const, queue: '400', strategy: 'ringall' }
const member = {
  part: 'member' as const,
  queue: '400',
  interface: 'Local/0612345678@from-queue/n',
  name: 'Anna Petit',
  state: 'INUSE',
  since,
  penalty: 0,
  callsTaken: 3,
  membership: 'dynamic' as const,
}
const caller = (position: number) => {
  return {
    part: 'caller' as const,
    queue: '400',
    uniqueid: `1.${position}`,
    position,
    number: '0698765432',
    name: 'Zoe',
    since,
  }
}
const read = async (key: string, etag?: string) => {
  const response = await deployment.call('GET', `/v1/sites/${name}/queues`, {
    key,
    ...(etag && { headers: { 'if-none-match': etag } }),
  })
  return { status: response.status, etag: response.headers.get('etag') ?? '', text: await response.text() }
}

test('shows queues with callers to those who may see them, hides numbers from the others, and forgets a caller who left', async () => {
  const { apiKey } = office.site
  const { secret: viewer } = await makeSiteKey(deployment, office, { scopes: ['presence:read'] })
  await using client = await subscriber(deployment, office, ['queues'])
  await using hidden = await subscriber(
    deployment,
    office,
    ['queues'],
    await ticketUrl(deployment, { site: { site: name, apiKey: viewer } }),
  )
  await deployment.send(office, 'live', [
    queueFact(name, [5, 1], '400', head),
    queueFact(name, [5, 2], '400/members/1', member),
    queueFact(name, [5, 3], '400/callers/1.1', caller(1)),
    queueFact(name, [5, 4], '400/callers/1.2', caller(2)),
  ])
  await client.untilState('400/members/1', 'INUSE')
  await hidden.untilState('400/members/1', 'INUSE')
  expect(client.entities().sort()).toEqual(['400', '400/callers/1.1', '400/callers/1.2', '400/members/1'])
  expect(hidden.entities().sort()).toEqual(client.entities().sort())
  expect(JSON.stringify(client.frames)).toContain('0698765432')
  expect(JSON.stringify(hidden.frames)).not.toMatch(/06\d{8}|Zoe|Anna/)

  const open = await read(apiKey)
  const { part: _, queue: __, ...first } = caller(1)
  expect(JSON.parse(open.text)).toMatchObject({
    queues: [
      {
        queue: '400',
        strategy: 'ringall',
        waiting: 2,
        longestWaitSince: since,
        members: [{ interface: member.interface, callsTaken: 3 }],
        callers: [first, { position: 2 }],
      },
    ],
  })
  const closed = await read(viewer)
  expect(closed.text).not.toMatch(/06\d{8}|Zoe|Anna/)
  expect(JSON.parse(closed.text)).toMatchObject({ queues: [{ waiting: 2, members: [{ state: 'INUSE' }] }] })

  await deployment.send(office, 'live', [
    queueFact(name, [5, 5], '400/callers/1.1', { part: 'gone', queue: '400' }),
    queueFact(name, [5, 6], '400/callers/1.2', { ...caller(1), uniqueid: '1.2' }),
  ])
  await until('the caller to leave', async () => JSON.parse((await read(apiKey)).text).queues[0].waiting === 1)
  const rows = (await deployment.items('LiveTable')).filter(({ pk }) => pk === keys.queues(name))
  const left = rows.find(({ sk }) => sk === '400/callers/1.1')
  expect(left).toMatchObject({ ended: true })
  expect(JSON.stringify(left)).not.toContain('0698765432')
  expect(rows.find(({ sk }) => sk === '400/callers/1.2')?.['ttl']).toBeGreaterThan(Date.now() / 1000)

  // A later bridge that lists no queue, and one that does not know yet.
  await deployment.send(office, 'live', [epochReady(name, [6, 1], { liveCalls: [], endpoints: [] })])
  await until('the epoch', async () =>
    (await deployment.items('LiveTable')).some((item) => item['pk'] === name && item['epoch'] === 6),
  )
  expect(JSON.parse((await read(apiKey)).text).queues).toHaveLength(1)
  await deployment.send(office, 'live', [epochReady(name, [6, 2], { liveCalls: [], endpoints: [], queues: [] })])
  await until('no queue', async () => JSON.parse((await read(apiKey)).text).queues.length === 0)
  await until('the removals', async () =>
    client.frames.some((frame) => frame.type === 'delta' && frame.removed?.some(({ id }) => id === '400')),
  )
  const after = (await deployment.items('LiveTable')).filter(({ pk }) => pk === keys.queues(name))
  expect(JSON.stringify(after)).not.toMatch(/06\d{8}|Zoe|Anna/)
})
