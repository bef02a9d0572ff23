import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { type LocalCloud, type LocalCloudOptions, startLocalCloud } from '../../../infra/local/local-cloud.ts'
import { takeFileLock } from '../../../infra/start/file-lock.ts'

const folder = fileURLToPath(new URL('.', import.meta.url))
/** It is deployed with the fixture. */
const example = fileURLToPath(new URL('../../../examples/eventbridge/template.yml', import.meta.url))
const modules = fileURLToPath(new URL('../../../node_modules', import.meta.url))
const require = createRequire(import.meta.url)

/** Packages the fixture with `osls`, once until one of its sources changes. */
export async function packagedFixture(): Promise<string> {
  const files = [join(folder, 'serverless.yml'), join(folder, 'handlers.mjs'), example]
  const sources = await Promise.all(files.map((file) => readFile(file)))
  const key = createHash('sha256').update(Buffer.concat(sources)).digest('hex').slice(0, 16)
  const kept = join(modules, '.cache', 'local-fixture', key)
  if (existsSync(kept)) return kept
  await mkdir(join(kept, '..'), { recursive: true })
  // Test files that run side by side package it once.
  using _lock = await takeFileLock(join(kept, '../lock'))
  if (existsSync(kept)) return kept
  const work = await mkdtemp(join(tmpdir(), 'local-fixture-'))
  try {
    await cp(join(folder, 'serverless.yml'), join(work, 'serverless.yml'))
    await cp(example, join(work, 'eventbridge.yml'))
    await build({
      entryPoints: [join(folder, 'handlers.mjs')],
      outfile: join(work, 'handlers.mjs'),
      bundle: true,
      platform: 'node',
      format: 'esm',
      minify: true,
      mainFields: ['module', 'main'],
      banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
    })
    const serverless = require.resolve('serverless/bin/serverless.js')
    await promisify(execFile)(process.execPath, [serverless, 'package'], { cwd: work })
    await cp(join(work, '.serverless'), `${kept}.half`, { recursive: true })
    await rename(`${kept}.half`, kept)
    return kept
  } finally {
    await rm(work, { recursive: true })
  }
}

export interface RunningFixture extends AsyncDisposable {
  cloud: LocalCloud
  dataFolder: string
  /** Log lines of the local cloud. */
  events: { event: string; fields: Readonly<Record<string, unknown>> }[]
  /** Lines that the functions printed. */
  lines: string[]
}

/** Starts a local cloud for the fixture with its own data folder, which is removed at the stop. */
export async function runFixture(options: Partial<LocalCloudOptions> = {}): Promise<RunningFixture> {
  const packageFolder = await packagedFixture()
  const dataFolder = options.dataFolder ?? (await mkdtemp(join(tmpdir(), 'local-cloud-')))
  const events: RunningFixture['events'] = []
  const lines: string[] = []
  const log = (event: string, fields: Readonly<Record<string, unknown>>) => void events.push({ event, fields })
  const cloud = await startLocalCloud({ packageFolder, log, ...options, dataFolder })
  cloud.onFunctionLine(({ line }) => lines.push(line))
  return {
    cloud,
    dataFolder,
    events,
    lines,
    async [Symbol.asyncDispose]() {
      await cloud.stop()
      if (options.dataFolder === undefined) await rm(dataFolder, { recursive: true })
    },
  }
}

/** Options of `expect.poll` for a condition that holds within a second if the machine is idle. */
export const patiently = { timeout: 120_000, interval: 100 }

/** Invokes a function and parses its answer. */
// biome-ignore lint/suspicious/noExplicitAny: a test reads answers of any shape
export async function ask(cloud: LocalCloud, name: string, event: unknown): Promise<any> {
  const { payload } = await cloud.invoke(name, event)
  return JSON.parse(payload)
}

/** Copies the package and changes its template; disposing removes the copy. */
export async function changedFixture(
  change: (resources: Record<string, ChangeableResource>) => void,
): Promise<AsyncDisposable & { packageFolder: string }> {
  const packageFolder = await mkdtemp(join(tmpdir(), 'local-fixture-'))
  await cp(await packagedFixture(), packageFolder, { recursive: true })
  const path = join(packageFolder, 'cloudformation-template-update-stack.json')
  const template = JSON.parse(await readFile(path, 'utf8'))
  change(template.Resources)
  await writeFile(path, JSON.stringify(template))
  return { packageFolder, [Symbol.asyncDispose]: () => rm(packageFolder, { recursive: true }) }
}
// biome-ignore lint/suspicious/noExplicitAny: a test changes any property
type ChangeableResource = { Type: string; Properties: any }
