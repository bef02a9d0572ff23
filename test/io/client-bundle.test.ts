import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect, onTestFinished, test } from 'vitest'
import type * as Client from '../../client/index.ts'
import { bundleClient } from '../../infra/build/client.ts'
import { endpoint } from '../browser/support/facts.ts'
import { startPeer } from '../browser/support/peer.ts'
import { until } from '../support/until.ts'

const bytesMax = 5_120

test('the live client is at most 5 KB compressed and imports nothing', async () => {
  const bundle = await bundleClient(process.cwd(), 'index')
  expect(gzipSync(bundle, { level: 9 }).length).toBeLessThanOrEqual(bytesMax)
  expect(Buffer.from(bundle).toString()).not.toMatch(/\bimport\b|\brequire\b/)
})

test('the bundled client connects, shows a snapshot, applies a delta and reconnects', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'client-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await writeFile(path.join(folder, 'index.mjs'), await bundleClient(process.cwd(), 'index'))
  const { connect }: typeof Client = await import(path.join(folder, 'index.mjs'))
  const peer = await startPeer()
  onTestFinished(() => peer[Symbol.asyncDispose]())
  peer.endpoints.set('PJSIP/5860', endpoint('5860', 'NOT_INUSE'))
  const live = connect({ apiUrl: peer.apiUrl, site: peer.site, key: peer.key })
  onTestFinished(() => live.stop())
  await until('the snapshot', async () => live.endpoints.get('PJSIP/5860')?.state.deviceState === 'NOT_INUSE')
  peer.push('endpoints', [endpoint('5860', 'RINGING')])
  await until('the change', async () => live.endpoints.get('PJSIP/5860')?.state.deviceState === 'RINGING')
  peer.drop()
  await until('a second socket', async () => peer.ticketsUsed.length === 2 && live.status.state === 'connected')
})
