import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { SiteInvalidError } from '../../infra/asterisk/errors.ts'
import { generateSecrets, loadSecrets } from '../../infra/asterisk/secrets.ts'
import { checkSite, parseSite, readSite } from '../../infra/asterisk/site.ts'

const sample = fileURLToPath(new URL('../../infra/asterisk/site.yaml', import.meta.url))
const problemsOf = (run: () => unknown): readonly string[] => {
  try {
    run()
  } catch (error) {
    if (error instanceof SiteInvalidError) return error.problems
    throw error
  }
  return []
}

test('parses site.yaml as two phones and a trunk', async () => {
  const site = await readSite(sample)
  expect(site.extensions.map(({ number, endpoint, mailbox }) => [number, endpoint, mailbox])).toEqual([
    ['60', '5860', '6000'],
    ['61', '5861', '6001'],
  ])
  expect(site.trunk?.name).toBe('mytrunk')
})

test('one error names every invalid key of a site, without the values', () => {
  const text = `
site: two words
ringSeconds: 9000
colour: blue
extensions:
  - { number: 60, endpoint: 'a;b', name: "Eve\\n[x]", mailbox: '6000' }
  - { number: '61', name: Bob }
trunk: { name: mytrunk, host: "host, with=secret", port: 70000 }
`
  const problems = problemsOf(() => parseSite(text))
  expect(problems).toEqual([
    'site must be letters, digits and hyphens, at most 32',
    'systemName is missing',
    'ringSeconds must be 300 or less',
    'extensions.0.number must be string',
    'extensions.0.endpoint must be letters, digits and hyphens, at most 32',
    'extensions.0.name must be letters, digits, spaces, at most 40',
    'extensions.1.endpoint is missing',
    'trunk.host must be a host name or an IPv4 address',
    'trunk.port must be 65535 or less',
    'colour is not a known key',
  ])
  expect(() => parseSite(text, 'my.yaml')).toThrow(/^my\.yaml is not a valid site; correct these keys: [^.]*site must/)
  expect(problems.join()).not.toMatch(/two words|9000|blue|Eve|secret/)
})

test('rejects repeated numbers, endpoints and mailboxes, and a trunk number whose extension does not exist', async () => {
  const site = await readSite(sample)
  const [first] = site.extensions
  const twice = { ...site, extensions: [...site.extensions, first] }
  expect(problemsOf(() => checkSite(twice))).toEqual([
    'each extension number may appear only once',
    'each endpoint may appear only once',
    'each mailbox may appear only once',
  ])
  const lost = { ...site, trunk: { ...site.trunk, numbers: [{ number: '04', extension: '99' }] } }
  expect(problemsOf(() => checkSite(lost))).toEqual(['each trunk number must name an extension of the list'])
  expect(problemsOf(() => checkSite({ ...site, trunk: { ...site.trunk, name: '5860' } }))).toHaveLength(1)
})

test.each(['', '- a', 'site: [', 'a: b: c', '*x'])('rejects %j, which is not a site, with SiteInvalidError', (text) => {
  expect(() => parseSite(text)).toThrow(SiteInvalidError)
})

test('generates distinct secrets, keeps them when the site changes, and stores them with mode 0600', async () => {
  const site = await readSite(sample)
  const folder = await mkdtemp(join(tmpdir(), 'secrets-'))
  try {
    const file = join(folder, 'secrets.json')
    const first = await loadSecrets(file, site)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect(await loadSecrets(file, site)).toEqual(first)
    const passwords = [first.ariBridge, first.ariReader, first.amiBridge, ...Object.values(first.endpoints)]
    expect(new Set(passwords).size).toBe(5)
    for (const password of passwords) expect(password).toMatch(/^[A-Za-z0-9_-]{24}$/)
    for (const pin of Object.values(first.mailboxes)) expect(pin).toMatch(/^\d{6}$/)

    const grown = {
      ...site,
      extensions: [...site.extensions.slice(1), { number: '62', endpoint: '5862', name: 'New' }],
    }
    const later = await loadSecrets(file, grown)
    expect(Object.keys(later.endpoints)).toEqual(['5861', '5862'])
    expect(later.endpoints['5861']).toBe(first.endpoints['5861'])

    await writeFile(file, '{"ariBridge":')
    expect((await loadSecrets(file, site)).ariBridge).not.toBe(first.ariBridge)
    expect(JSON.parse(await readFile(file, 'utf8'))).toHaveProperty('ariBridge')
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('generates new secrets every time', async () => {
  const site = await readSite(sample)
  expect(generateSecrets(site).ariBridge).not.toBe(generateSecrets(site).ariBridge)
})
