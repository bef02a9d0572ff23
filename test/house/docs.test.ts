import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { checkIds } from '../../bridge/operate/checks.ts'
import { recommendedMapping } from '../../contracts/cdr-row/layout.ts'
import { bridgeNodeFlags } from '../../infra/build/bridge.ts'

const documents = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  ...readdirSync('docs', { recursive: true, encoding: 'utf8' }).map((name) => path.join('docs', name)),
].filter((name) => name.endsWith('.md'))
const hopsMax = 12

test('every file that a document names exists', () => {
  const named = documents.flatMap((document) => {
    const text = readFileSync(document, 'utf8')
    const code = [
      ...text.matchAll(/`((?:bridge|functions|client|dashboard|contracts|infra|test|bench|docs)\/[\w./-]+)`/g),
    ]
    const links = [...text.matchAll(/\]\((?!https?:)([\w./-]+)\)/g)]
    return [
      ...code.map((match) => ({ document, file: match[1] ?? '' })),
      ...links.map((match) => ({ document, file: path.join(path.dirname(document), match[1] ?? '') })),
    ]
  })
  expect(named.length).toBeGreaterThan(30)
  expect(named.filter(({ file }) => !existsSync(file))).toEqual([])
})

test('docs/architecture.md lists at most 12 hops from an event to the page, each with its files', () => {
  const live = /## Live[\s\S]*?(?=\n## )/.exec(readFileSync('docs/architecture.md', 'utf8'))?.[0] ?? ''
  const hops = [...live.matchAll(/^\| (\d+) \|.*\| (?:`[\w./-]+`(?:, )?)+ \|$/gm)].map((match) => Number(match[1]))
  expect(hops).toEqual(hops.map((_, i) => i + 1))
  expect(hops.length).toBeGreaterThan(5)
  expect(hops.length).toBeLessThanOrEqual(hopsMax)
})

test('README.md contains the commands that start the project and run its tests', () => {
  const readme = readFileSync('README.md', 'utf8')
  for (const command of ['npm ci && npm start', 'npm ci && npm test', 'npm run test:pure'])
    expect(readme).toContain(command)
})

test('docs/deploy.md has the CDR mapping, and docs/operate.md each check of the bridge', () => {
  expect(readFileSync('docs/deploy.md', 'utf8').replaceAll(/^ +/gm, '')).toContain(recommendedMapping)
  const text = readFileSync('docs/operate.md', 'utf8')
  for (const id of checkIds) expect(text).toContain(`| \`${id}\` |`)
})

test('the deploy guide and the systemd unit start the bridge with the Node flags that it is measured with', () => {
  for (const file of ['docs/deploy.md', 'examples/switchhook-bridge.service'])
    expect(readFileSync(file, 'utf8').replace(/\S*switchhook-bridge/g, 'switchhook-bridge'), file).toContain(
      `node ${bridgeNodeFlags.join(' ')} switchhook-bridge.mjs --config`,
    )
})
