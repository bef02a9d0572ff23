import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { buildClient } from '../../infra/build/client.ts'

const run = promisify(execFile)
const consumer = `
import { connect, type Live } from '@switchhook/client'
import { changes } from '@switchhook/client/changes'
import { callLog } from '@switchhook/client/call-log'
import { createApi } from '@switchhook/client/http'
import { queues } from '@switchhook/client/queues'
const live: Live = connect({ apiUrl: 'http://127.0.0.1:9', site: 'office', key: 'k' })
for (const { state } of live.endpoints.values()) state.deviceState satisfies string
for (const { state } of live.calls.values()) state.caller.number satisfies string
for (const { members, callers } of queues(live)) (members[0]?.interface ?? callers[0]?.since ?? '') satisfies string
export const iterator = changes(live)
export const log = callLog({ apiUrl: 'http://127.0.0.1:9', site: 'office', key: 'k' })
export const api = createApi({ apiUrl: 'http://127.0.0.1:9', site: 'office', key: 'k' })
export const page = async () => (await api('GET /v1/sites/{site}/cdrs', { query: { limit: 20 } })).body.cdrs[0]?.src
export const place = () =>
  api('POST /v1/sites/{site}/calls', { headers: { 'idempotency-key': 'k' }, body: { from: '5860', to: '61' } })
export const grade = async () =>
  (await api('GET /v1/sites/{site}/grades/{matricule}', { path: { matricule: '100' } })).body.note satisfies number
// @ts-expect-error the path parameter is missing
export const noPath = () => api('GET /v1/sites/{site}/grades/{matricule}')
// @ts-expect-error unknown field of the query
export const noField = () => api('GET /v1/sites/{site}/cdrs', { query: { limits: 20 } })
// @ts-expect-error unknown topic
export const wrong = () => connect({ apiUrl: '', site: '', key: '', topics: ['weather'] })
live.stop()
`

test('a strict compiler accepts the types of the client package, and Node runs it, with nothing else installed', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'client-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await buildClient(process.cwd(), path.join(folder, 'node_modules/@switchhook/client'))
  const compilerOptions = {
    strict: true,
    module: 'nodenext',
    target: 'es2022',
    lib: ['es2022', 'dom'],
    types: [],
    outDir: 'out',
  }
  await writeFile(path.join(folder, 'package.json'), '{"type":"module"}')
  await writeFile(path.join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['consumer.ts'] }))
  await writeFile(path.join(folder, 'consumer.ts'), consumer)
  await mkdir(path.join(folder, 'out'))
  await run(path.resolve('node_modules/.bin/tsc'), ['-p', folder]).catch((error: { stdout: string }) => {
    throw new Error(error.stdout)
  })
  const script = `import * as c from './out/consumer.js'; console.log(typeof c.iterator.next, typeof c.log.listCdrs, await c.page().catch((e) => e.errorId))`
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], { cwd: folder })
  expect(stdout.trim()).toBe('function function unreachable')
})
