import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createMenuRunner } from '../../bridge/menus/menu-runner.ts'
import { Counters } from '../../bridge/operate/counters.ts'
import { createLog } from '../../bridge/operate/log.ts'

const dependencies = { log: createLog({ level: 'error', write: () => undefined }), counters: new Counters() }
const environment = (stateFolder: string) => ({
  site: 'office',
  api: 'http://127.0.0.1:9',
  stateFolder,
  ari: { url: 'http://127.0.0.1:9/ari', user: 'menus', password: 'none' },
})

test.each([
  ['a loop without a question', { next: 'a' }, 'nodes.a: loop without a question: a > a'],
  ['an unreachable node', { next: 'end' }, 'nodes.island: no node leads to this node'],
  ['a missing prompt', { next: 'end', prompt: 'nowhere' }, 'nodes.a.prompt: there is no prompt nowhere'],
])('refuses to start with a menu file that has %s, even beside valid files', async (_, change, fault) => {
  const folder = await mkdtemp(join(tmpdir(), 'menu-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const files = ['good', 'bad', 'torn'].map((name) => join(folder, `${name}.json`))
  const [good = '', bad = '', torn = ''] = files
  const say = { kind: 'say', prompt: 'hello', next: 'end' }
  const end = { kind: 'hang-up' }
  const menu = (nodes: object) =>
    JSON.stringify({
      extension: '7',
      language: 'fr',
      start: 'a',
      nodes,
      prompts: { hello: { fr: [{ text: 'Bonjour.' }], en: [] } },
    })
  await writeFile(good, menu({ a: say, end }))
  await writeFile(bad, menu({ a: { ...say, ...change }, end, island: end }))
  await writeFile(torn, menu({ a: say, end }).slice(0, -9))
  const open = (names: string[]) =>
    createMenuRunner({ key: 'none', application: 'menus', files: names }, environment(folder), dependencies)
  await open([good])
  await expect(open([good, bad])).rejects.toThrow(`the menu ${bad} has faults: `)
  await expect(open([bad, good])).rejects.toThrow(fault)
  await expect(open([good, torn])).rejects.toThrow(`the menu ${torn} cannot be read`)
})
