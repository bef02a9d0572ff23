import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import type * as v from 'valibot'
import * as facts from '../../contracts/facts.ts'
import * as frames from '../../contracts/frames.ts'
import { CdrPage, EndpointList, TicketIssued } from '../../contracts/http.ts'
import { CallPage } from '../../contracts/routes/calls.ts'
import { typeOf } from './client-types.ts'

const entries = ['index', 'changes', 'call-log'] as const

/** Bundles an entry of the client as a module for browsers and Node that imports nothing. */
export async function bundleClient(root: string, entry: (typeof entries)[number]): Promise<Uint8Array> {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [`client/${entry}.ts`],
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'neutral',
    target: 'es2022',
    write: false,
  })
  const [file] = outputFiles
  if (!file) throw new Error(`esbuild made nothing of client/${entry}.ts`)
  return file.contents
}

/** Every contract that the client's declarations name. */
const contracts: Record<string, v.GenericSchema> = {
  CallState: facts.CallState,
  EndpointState: facts.EndpointState,
  Gap: facts.Gap,
  Party: facts.Party,
  CallEntity: frames.CallEntity,
  ClientFrame: frames.ClientFrame,
  DeltaFrame: frames.DeltaFrame,
  EndpointEntity: frames.EndpointEntity,
  EntityTopic: frames.EntityTopic,
  Removal: frames.Removal,
  ResumedFrame: frames.ResumedFrame,
  ServerFrame: frames.ServerFrame,
  SnapshotFrame: frames.SnapshotFrame,
  StatsFrame: frames.StatsFrame,
  Topic: frames.Topic,
  CallPage,
  CdrPage,
  EndpointList,
  TicketIssued,
}

/** `npm run build:client`: dist/client/, the package `@switchhook/client` as `npm publish` takes it. */
export async function buildClient(root: string, folder = path.join(root, 'dist/client')): Promise<void> {
  await rm(folder, { recursive: true, force: true })
  await mkdir(path.join(folder, 'types'), { recursive: true })
  for (const entry of entries) await writeFile(path.join(folder, `${entry}.js`), await bundleClient(root, entry))
  const types = Object.entries(contracts).map(([name, schema]) => `export type ${name} = ${typeOf(schema)}\n`)
  await writeFile(path.join(folder, 'types/contracts.d.ts'), types.join(''))
  for (const [name, text] of await declarations(root)) await writeFile(path.join(folder, 'types', name), text)
  await cp(path.join(root, 'LICENSE'), path.join(folder, 'LICENSE'))
  await cp(path.join(root, 'client/README.md'), path.join(folder, 'README.md'))
  const { version, license } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'))
  const exported = (entry: string) => ({ types: `./types/${entry}.d.ts`, default: `./${entry}.js` })
  const manifest = {
    name: '@switchhook/client',
    version,
    description: 'Presence and calls of a Switchhook site, live: snapshot first, resumed after any cut',
    license,
    type: 'module',
    sideEffects: false,
    engines: { node: '>=20' },
    exports: { '.': exported('index'), './changes': exported('changes'), './call-log': exported('call-log') },
  }
  await writeFile(path.join(folder, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`)
}

/**
 * Returns the client's declarations as the compiler emits them. Types of the contracts come from `contracts.d.ts` instead of
 * the schemas, so that a user needs no schema library; those of the typed HTTP client, which no entry exports, are left out.
 */
async function declarations(root: string): Promise<[string, string][]> {
  await mkdir(path.join(root, 'dist'), { recursive: true })
  const folder = await mkdtemp(path.join(root, 'dist/declared-'))
  try {
    const compilerOptions = {
      noEmit: false,
      declaration: true,
      emitDeclarationOnly: true,
      outDir: folder,
      rootDir: root,
    }
    const config = {
      extends: '../../tsconfig.json',
      compilerOptions,
      include: [],
      files: entries.map((one) => `../../client/${one}.ts`),
    }
    await writeFile(path.join(folder, 'tsconfig.json'), JSON.stringify(config))
    await promisify(execFile)(path.join(root, 'node_modules/.bin/tsc'), ['-p', folder], { cwd: root })
    const names = (await readdir(path.join(folder, 'client'))).filter((name) => /^(?!http-).*\.d\.ts$/.test(name))
    const files = [...names.map((name) => path.join('client', name)), 'contracts/errors.d.ts']
    return await Promise.all(
      files.map(async (file): Promise<[string, string]> => {
        const text = await readFile(path.join(folder, file), 'utf8')
        const own = text
          .replaceAll("'../contracts/errors.ts'", "'./errors.js'")
          .replaceAll(/'\.\.\/contracts\/[\w/-]+\.ts'/g, "'./contracts.js'")
          .replaceAll(/'(\.\/[\w-]+)\.ts'/g, "'$1.js'")
        return [path.basename(file), own]
      }),
    )
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

export async function main(): Promise<void> {
  await buildClient(process.cwd())
  console.log('dist/client')
}
