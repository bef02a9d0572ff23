import { readFile } from 'node:fs/promises'
import * as v from 'valibot'
import { expect, test } from 'vitest'
import { makeSbom, shippedPackages } from '../../infra/build/sbom.ts'

const Package = v.looseObject({
  version: v.optional(v.string()),
  integrity: v.optional(v.string()),
  resolved: v.optional(v.string()),
  license: v.optional(v.string()),
  dev: v.optional(v.boolean(), false),
  hasInstallScript: v.optional(v.boolean(), false),
})
const Lock = v.looseObject({ packages: v.record(v.string(), Package) })
const lock = v.parse(Lock, JSON.parse(await readFile('package-lock.json', 'utf8')))
const packages = Object.entries(lock.packages)
  .filter(([folder]) => folder !== '')
  .map(([folder, one]) => ({ name: folder.replace(/^.*node_modules\//, ''), ...one }))

test('each package of the lock file has a SHA-512 hash, and none names a registry', () => {
  expect(packages.length).toBeGreaterThan(500)
  expect(packages.filter(({ integrity }) => !integrity?.startsWith('sha512-'))).toEqual([])
  expect(packages.filter(({ resolved }) => resolved !== undefined)).toEqual([])
})

/** Licences of which a copy may be shipped with the product, whose own licence is Apache-2.0. */
const shippable = new Set(['0BSD', 'Apache-2.0', 'BlueOak-1.0.0', 'BSD-2-Clause', 'BSD-3-Clause', 'ISC', 'MIT'])
/** Tools that build and test may also have these; nothing of them is shipped. */
const usable = new Set([...shippable, 'MPL-2.0', 'PSF-2.0', 'Python-2.0', 'Unlicense'])
/** Packages with another licence, or with none in the lock file, and why they may be used. */
const exceptions: Record<string, string> = {
  mariadb:
    'LGPL-2.1-or-later; installed beside the command line and in no bundle, so that it can be replaced (docs/decisions/0013)',
  'xmlhttprequest-ssl': 'MIT, in an old form of package.json; part of the tests’ Socket.IO client',
}

/** An `OR` needs one of its licences, an `AND` all of them. */
function isAllowed(expression: string, allowed: ReadonlySet<string>): boolean {
  const bare = expression.replace(/^\(|\)$/g, '')
  if (bare.includes(' OR ')) return bare.split(' OR ').some((one) => isAllowed(one, allowed))
  return bare.split(' AND ').every((one) => allowed.has(one))
}

test('each package has a licence that its use allows', () => {
  const refused = packages.filter(
    ({ name, license, dev }) => !(name in exceptions) && !(license && isAllowed(license, dev ? usable : shippable)),
  )
  expect(refused.map(({ name, license }) => `${name}: ${license}`)).toEqual([])
  const known = new Set(packages.map(({ name }) => name))
  expect(Object.keys(exceptions).filter((name) => !known.has(name))).toEqual([])
})

/** Packages with an install script, and what works without it: `.npmrc` lets none run. */
const installScripts: Record<string, string> = {
  '@scarf/scarf': 'reports the installation to its maker; nothing needs it',
  'aws-lambda-ric': 'builds a native client of Lambda’s Runtime API; the local cloud runs without it',
  'classic-level': 'looks for a compiled LevelDB; the package brings one for each platform, found at run time',
  'es5-ext': 'prints a message',
  esbuild: 'checks its program, which comes as an optional dependency of its own',
}

test('no install script runs, and each package that has one is known and not shipped', async () => {
  expect(await readFile('.npmrc', 'utf8')).toMatch(/^ignore-scripts=true$/m)
  const own = v.parse(
    v.looseObject({ scripts: v.record(v.string(), v.string()) }),
    JSON.parse(await readFile('package.json', 'utf8')),
  )
  expect(Object.keys(own.scripts).filter((name) => /^(pre|post)?(install|prepare)$/.test(name))).toEqual([])
  const found = packages.filter(({ hasInstallScript }) => hasInstallScript)
  expect(found.map(({ name }) => name).sort()).toEqual(Object.keys(installScripts).sort())
  expect(found.filter(({ dev }) => !dev)).toEqual([])
})

test('the bill of materials is CycloneDX and has each shipped package with its hash and licence, and no other', async () => {
  const shipped = await shippedPackages(process.cwd())
  const { components, dependencies, ...document } = await makeSbom(process.cwd())
  expect(document).toMatchObject({ bomFormat: 'CycloneDX', specVersion: '1.5' })
  expect(components.map(({ name, version }) => `${name}@${version}`).sort()).toEqual([...shipped].sort())
  for (const used of ['valibot', 'ws', 'libphonenumber-js', '@aws-sdk/client-dynamodb']) {
    expect(components.map(({ name }) => name)).toContain(used)
  }
  const Complete = v.looseObject({
    purl: v.pipe(v.string(), v.startsWith('pkg:npm/')),
    hashes: v.pipe(v.array(v.looseObject({ alg: v.literal('SHA-512') })), v.minLength(1)),
    licenses: v.pipe(v.array(v.unknown()), v.minLength(1)),
  })
  expect(components.filter((component) => !v.is(Complete, component))).toEqual([])
  // Each package is reached from the product.
  expect(dependencies.length).toBe(components.length + 1)
})
