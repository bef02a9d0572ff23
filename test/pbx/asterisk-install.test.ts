import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  FolderNotWritableError,
  MirrorChangedError,
  MirrorInvalidError,
  MirrorUnreachableError,
} from '../../infra/asterisk/errors.ts'
import { mirrorsToTry } from '../../infra/asterisk/install/machine.ts'
import { installAsterisk } from '../../infra/asterisk/install.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'install-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const quiet = () => undefined

test('leaves no files when the installation is aborted', async () => {
  const interrupt = new AbortController()
  const installing = installAsterisk({
    folder,
    signal: interrupt.signal,
    progress: (step) => step.startsWith('downloading') && interrupt.abort(),
  })
  await expect(installing).rejects.toThrow('aborted')
  expect(await readdir(folder)).toEqual([])
})

test('if the mirror cannot be reached, the error names the options --mirror and --replay', async () => {
  const failure = await installAsterisk({ folder, mirror: 'http://127.0.0.1:9/debian', progress: quiet }).catch(
    (error) => error,
  )
  expect(failure).toBeInstanceOf(MirrorUnreachableError)
  expect(failure.message).toMatch(/--mirror URL.*--replay\.$/)
  expect(failure.shouldRetry()).toBe(true)
  expect(await readdir(folder)).toEqual([])
})

test.each([
  ['is gone', () => ({ status: 404, body: Buffer.from('gone') })],
  ['has other bytes', (body: Buffer) => ({ status: 200, body: Buffer.alloc(body.length, 'x') })],
] as const)('if a package on the mirror %s, the error names the option --mirror', async (_, tamper) => {
  await using mirror = await mirrorThat((path, body) =>
    /\/asterisk-core-sounds-en-gsm_/.test(path) ? tamper(body) : undefined,
  )
  const failure = await installAsterisk({ folder, mirror: mirror.url, progress: quiet }).catch((error) => error)
  expect(failure).toBeInstanceOf(MirrorChangedError)
  expect(failure.message).toMatch(/--mirror URL\.$/)
  expect(await readdir(folder)).toEqual([])
})

test('rejects a mirror that is not a URL and a folder that is a file', async () => {
  await expect(installAsterisk({ folder, mirror: 'mirror.example\nDeb: x', progress: quiet })).rejects.toThrow(
    MirrorInvalidError,
  )
  const file = join(folder, 'file')
  await writeFile(file, '')
  await expect(installAsterisk({ folder: join(file, 'in'), progress: quiet })).rejects.toThrow(FolderNotWritableError)
})

/** Proxies the machine's own mirror; `change` may replace an answer. */
async function mirrorThat(change: (path: string, body: Buffer) => { status: number; body: Buffer } | undefined) {
  const [{ uri } = { uri: '' }] = await mirrorsToTry(undefined)
  const server = createServer(async (request, response) => {
    const original = await fetch(`${uri}${request.url?.replace(/^\/debian/, '')}`)
    const body = Buffer.from(await original.arrayBuffer())
    const answer = change(request.url ?? '', body) ?? { status: original.status, body }
    response.writeHead(answer.status, { 'content-length': answer.body.length }).end(answer.body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/debian`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
