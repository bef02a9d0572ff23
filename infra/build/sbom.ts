import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import * as v from 'valibot'
import { SwitchhookError } from '../../contracts/errors.ts'

const npmMsMax = 60_000
const npmBytesMax = 16_777_216

/** npm cannot list the packages; the message contains its output. */
export class SbomError extends SwitchhookError {
  readonly errorId = 'sbom-failed'
}

const Package = v.looseObject({
  version: v.optional(v.string()),
  dev: v.optional(v.boolean(), false),
  devOptional: v.optional(v.boolean(), false),
  optional: v.optional(v.boolean(), false),
})
const Lock = v.looseObject({ packages: v.record(v.string(), Package) })
const Component = v.looseObject({ 'bom-ref': v.string(), name: v.string(), version: v.string() })
const Dependency = v.looseObject({ ref: v.string(), dependsOn: v.optional(v.array(v.string()), []) })
const Metadata = v.looseObject({ component: v.looseObject({ 'bom-ref': v.string() }) })
export const Sbom = v.looseObject({
  bomFormat: v.literal('CycloneDX'),
  metadata: Metadata,
  components: v.array(Component),
  dependencies: v.array(Dependency),
})
export type Sbom = v.InferOutput<typeof Sbom>

/** Returns `name@version` of each package that functions, bridge, client, page and command line may contain. */
export async function shippedPackages(root: string): Promise<Set<string>> {
  const { packages } = v.parse(Lock, JSON.parse(await readFile(path.join(root, 'package-lock.json'), 'utf8')))
  const shipped = Object.entries(packages).filter(
    ([folder, { dev, devOptional, optional }]) => folder !== '' && !dev && !devOptional && !optional,
  )
  return new Set(shipped.map(([folder, { version }]) => `${folder.replace(/^.*node_modules\//, '')}@${version}`))
}

/**
 * Returns the CycloneDX document of the shipped packages, with versions, hashes and licences, as npm reads them from the lock
 * file. `npm sbom --omit dev` also leaves out what a development dependency shares with a shipped one, so the list is narrowed here.
 */
export async function makeSbom(root: string): Promise<Sbom> {
  const shipped = await shippedPackages(root)
  const all = v.parse(Sbom, JSON.parse(await runNpm(root)))
  const components = all.components.filter(({ name, version }) => shipped.has(`${name}@${version}`))
  const refs = new Set([all.metadata.component['bom-ref'], ...components.map((one) => one['bom-ref'])])
  const dependencies = all.dependencies
    .filter(({ ref }) => refs.has(ref))
    .map((one) => ({ ...one, dependsOn: one.dependsOn.filter((ref) => refs.has(ref)) }))
  return { ...all, components, dependencies }
}

/** Writes `sbom.cdx.json` into a folder. */
export async function writeSbom(root: string, folder: string): Promise<void> {
  await writeFile(path.join(folder, 'sbom.cdx.json'), `${JSON.stringify(await makeSbom(root), undefined, 2)}\n`)
}

async function runNpm(root: string): Promise<string> {
  const options = ['sbom', '--sbom-format=cyclonedx', '--package-lock-only']
  try {
    const found = await promisify(execFile)('npm', options, { cwd: root, timeout: npmMsMax, maxBuffer: npmBytesMax })
    return found.stdout
  } catch (cause) {
    const stderr = cause instanceof Error && 'stderr' in cause ? `${cause.stderr}`.trim().slice(-2000) : ''
    throw new SbomError(`npm sbom failed; use npm 10 or later, and fix this problem: ${stderr}`, { cause })
  }
}
