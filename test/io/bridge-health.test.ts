import { request } from 'node:http'
import { networkInterfaces } from 'node:os'
import { stripVTControlCharacters } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { type Health, serveHealth } from '../../bridge/operate/health.ts'
import { runTop, type Terminal, watch } from '../../bridge/top/command.ts'

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

/** A terminal that keeps what is written, and stops the view after some writes. */
function terminal(size: Partial<Terminal>, stop: AbortController, writesMax: number) {
  const written: string[] = []
  const write = (text: string) => {
    written.push(text)
    if (written.length === writesMax) stop.abort()
  }
  return { written, isTTY: false, columns: 80, rows: 24, ...size, write }
}

test('top redraws in place on a terminal, cut to its size, and leaves it as it was', async () => {
  const server = await serveHealth(0, { health: () => health, metrics: async () => 'a 1\n' })
  onTestFinished(() => server.stop())
  const stop = new AbortController()
  const tty = terminal({ isTTY: true, columns: 20, rows: 4 }, stop, 3)
  await watch({ port: server.port, everyMs: 1, isOnce: false }, tty, stop.signal)
  const [enter, first = '', second = '', leave] = tty.written
  expect([enter, leave]).toEqual(['\x1b[?1049h\x1b[?25l', '\x1b[?25h\x1b[?1049l'])
  for (const drawn of [first, second]) {
    expect([drawn.startsWith('\x1b[H'), drawn.endsWith('\x1b[J')]).toEqual([true, true])
    const lines = stripVTControlCharacters(drawn).split('\r\n')
    expect([lines.length, lines[0], lines.at(-1)]).toEqual([4, 'switchhook-bridge   ', '…'])
  }
})

test('top writes one line each time without a terminal, also while no bridge answers', async () => {
  const server = await serveHealth(0, { health: () => health, metrics: async () => '' })
  const stop = new AbortController()
  const pipe = terminal({}, stop, 3)
  const watching = watch({ port: server.port, everyMs: 1, isOnce: false }, pipe, stop.signal)
  await expect.poll(() => pipe.written.length).toBeGreaterThan(0)
  await server.stop()
  await watching
  expect(pipe.written[0]).toMatch(/^\d{4}-\S+ down events=- .*\n$/)
  expect(pipe.written.length).toBe(3)
  for (const line of pipe.written) expect(line).toMatch(/^[^\n]*\n$/)
})

test('top --once fails with what to do if no bridge answers, or another program does', async () => {
  const taken = await serveHealth(0, {
    health: () => ({ ...health, components: 'none' }) as never,
    metrics: async () => '',
  })
  onTestFinished(() => taken.stop())
  const other = runTop(['--port', String(taken.port), '--once'])
  await expect(other).rejects.toMatchObject({ errorId: 'bridge-unreachable', exitStatus: 69 })
  await expect(other).rejects.toThrow('another program answers')
  await taken.stop()
  await expect(runTop(['--port', String(taken.port), '--once'])).rejects.toThrow(/ECONNREFUSED\): start the bridge/)
})

test.each([
  [[]],
  [['--port', 'x']],
  [['--port', '0']],
  [['--port', '1', '--config', 'x']],
  [['--port', '1', '--every', '0']],
  [['--all']],
])('top refuses the arguments %j', async (args) => {
  await expect(runTop(args)).rejects.toMatchObject({ errorId: 'usage', exitStatus: 64 })
})
