import { request } from 'node:http'
import { networkInterfaces } from 'node:os'
import { expect, onTestFinished, test } from 'vitest'
import { type Health, serveHealth } from '../../bridge/operate/health.ts'

const health: Health = { status: 'down', site: 'office', components: {}, quarantined: 0, counters: {}, checks: [] }

async function serve(metrics: () => Promise<string> = async () => 'a 1\n') {
  const server = await serveHealth(0, { health: () => health, metrics })
  onTestFinished(() => server.stop())
  return (path: string, method = 'GET') => fetch(`http://127.0.0.1:${server.port}${path}`, { method })
}

test('serves health and metrics to GET and HEAD alone, whatever the query', async () => {
  const ask = await serve()
  const metrics = await ask('/metrics?from=prometheus')
  expect(metrics.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  expect(await metrics.text()).toBe('a 1\n')
  const answer = await ask('/healthz')
  expect([answer.status, await answer.json()]).toEqual([503, health])
  const head = await ask('/metrics', 'HEAD')
  expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '4', ''])
  const posted = await ask('/healthz', 'POST')
  expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
  expect((await ask('/')).status).toBe(404)
})

test('answers 500 with the reason if the metrics cannot be read', async () => {
  const ask = await serve(async () => {
    throw new Error('the disk is gone')
  })
  const answer = await ask('/metrics')
  expect([answer.status, await answer.text()]).toEqual([500, 'the disk is gone\n'])
})

test('listens on loopback alone', async () => {
  const server = await serveHealth(0, { health: () => health, metrics: async () => '' })
  onTestFinished(() => server.stop())
  const others = Object.values(networkInterfaces()).flatMap((all) => all ?? [])
  const reached = await Promise.all(
    others
      .filter(({ internal, address }) => !internal && !address.startsWith('fe80'))
      .map(({ address: host }) => {
        const answered = Promise.withResolvers<boolean>()
        const asked = request({ host, port: server.port, path: '/healthz' }, () => answered.resolve(true))
        asked.once('error', () => answered.resolve(false)).end()
        return answered.promise
      }),
  )
  expect(reached).not.toContain(true)
})
