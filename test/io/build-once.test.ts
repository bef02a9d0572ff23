import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { buildOnce, digestOf } from '../../infra/start/stamp.ts'

async function builder() {
  const root = await mkdtemp(path.join(tmpdir(), 'build-once-'))
  onTestFinished(() => rm(root, { recursive: true, force: true }))
  let builds = 0
  const build = async (folder: string) => {
    builds++
    await writeFile(path.join(folder, 'first'), String(builds))
    await writeFile(path.join(folder, 'second'), String(builds))
  }
  const places = { folder: path.join(root, 'built'), lockFile: path.join(root, 'dist/lock') }
  return { root, places, build, builds: () => builds, read: (name: string) => readFile(path.join(root, name), 'utf8') }
}

test('builds once when several callers ask at the same time, and again when the digest changes', async () => {
  const { places, build, builds } = await builder()
  const ask = (digest: string) => buildOnce({ ...places, digest, build })
  await Promise.all([ask('one'), ask('one'), ask('one')])
  expect(builds()).toBe(1)
  await ask('one')
  expect(builds()).toBe(1)
  await Promise.all([ask('two'), ask('two')])
  expect(builds()).toBe(2)
})

test('keeps the last build when a build fails, leaves nothing half-written, and builds again at the next call', async () => {
  const { root, places, build, builds, read } = await builder()
  await buildOnce({ ...places, digest: 'one', build })
  const failing = async (folder: string) => {
    await writeFile(path.join(folder, 'first'), 'half')
    throw new Error('the tool failed')
  }
  await expect(buildOnce({ ...places, digest: 'two', build: failing })).rejects.toThrow('the tool failed')
  expect([await read('built/first'), await read('built/second')]).toEqual(['1', '1'])
  expect(await readdir(path.join(root, 'dist'))).toEqual(['lock'])
  await buildOnce({ ...places, digest: 'two', build })
  expect([builds(), await read('built/first')]).toEqual([2, '2'])
})

test('a digest changes when a source file is changed, added or renamed', async () => {
  const { root } = await builder()
  const digest = () => digestOf(root, ['sources', 'one-file'])
  await writeFile(path.join(root, 'one-file'), 'a')
  await expect(digest()).rejects.toThrow('ENOENT')
  await mkdir(path.join(root, 'sources/deep'), { recursive: true })
  await writeFile(path.join(root, 'sources/deep/a.ts'), 'a')
  const digests = [await digest()]
  await writeFile(path.join(root, 'sources/deep/a.ts'), 'b')
  digests.push(await digest())
  await writeFile(path.join(root, 'sources/b.ts'), 'b')
  digests.push(await digest())
  await rename(path.join(root, 'sources/b.ts'), path.join(root, 'sources/c.ts'))
  digests.push(await digest())
  expect(new Set(digests).size).toBe(4)
})
