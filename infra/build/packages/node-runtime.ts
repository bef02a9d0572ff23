import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { gunzipSync } from 'node:zlib'
import * as v from 'valibot'
import { SwitchhookError } from '../../../contracts/errors.ts'
import { fileInTar } from './tar.ts'

/** Node's names of the processors that packages are built for. */
export type Processor = 'x64' | 'arm64'

/** A Node to ship, with its licence. */
export interface NodeRuntime {
  version: string
  program: Buffer
  licence: Buffer
}

/** The Node of a processor could not be had; `message` says why. */
export class NodeRuntimeError extends SwitchhookError {
  readonly errorId = 'node-runtime-unavailable'
}

const Lock = v.looseObject({
  packages: v.record(v.string(), v.looseObject({ version: v.optional(v.string()), integrity: v.optional(v.string()) })),
})

/**
 * Returns the Node that the lock file names for a processor: from `node_modules` on a machine of that kind; else the registry's
 * package, checked by the hash of the lock file, and kept in `dist/cache`. Throws NodeRuntimeError.
 */
export async function nodeRuntime(root: string, processor: Processor): Promise<NodeRuntime> {
  const name = `node-linux-${processor}`
  const { packages } = v.parse(Lock, JSON.parse(await readFile(path.join(root, 'package-lock.json'), 'utf8')))
  const { version, integrity } = packages[`node_modules/${name}`] ?? {}
  if (!version || !integrity)
    throw new NodeRuntimeError(`package-lock.json has no ${name}: add it to optionalDependencies`)
  const installed = path.join(root, 'node_modules', name)
  try {
    const [program, licence] = await Promise.all([
      readFile(path.join(installed, 'bin/node')),
      readFile(path.join(installed, 'LICENSE')),
    ])
    return { version, program, licence }
  } catch {
    // npm installs the package of this machine's processor alone.
    return fromRegistry(root, name, version, integrity)
  }
}

async function fromRegistry(root: string, name: string, version: string, integrity: string): Promise<NodeRuntime> {
  const folder = path.join(root, 'dist/cache')
  const kept = path.join(folder, `${name}-${version}.tgz`)
  const isRight = (bytes: Buffer) => `sha512-${createHash('sha512').update(bytes).digest('base64')}` === integrity
  let archive: Buffer | undefined = await readFile(kept).catch(() => undefined)
  if (!archive || !isRight(archive)) {
    archive = await pack(folder, `${name}@${version}`)
    if (!isRight(archive))
      throw new NodeRuntimeError(`the registry's ${name}@${version} is not that of package-lock.json`)
    await writeFile(`${kept}.new`, archive)
    await rename(`${kept}.new`, kept)
  }
  const files = gunzipSync(archive)
  const [program, licence] = [fileInTar(files, 'package/bin/node'), fileInTar(files, 'package/LICENSE')]
  if (!program || !licence) throw new NodeRuntimeError(`${name}@${version} has no bin/node`)
  return { version, program, licence }
}

async function pack(folder: string, spec: string): Promise<Buffer> {
  await mkdir(folder, { recursive: true })
  try {
    const args = ['pack', spec, '--silent', '--ignore-scripts', '--pack-destination', folder]
    const { stdout } = await promisify(execFile)('npm', args)
    return await readFile(path.join(folder, stdout.trim()))
  } catch (cause) {
    throw new NodeRuntimeError(`${spec} could not be fetched from the registry`, { cause })
  }
}
