import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { help } from '../../../bridge/usage.ts'
import { bridgeFiles, bridgeNodeFlags } from '../bridge.ts'
import { debOf } from './deb.ts'
import { manPage } from './man-page.ts'
import { type NodeRuntime, NodeRuntimeError, nodeRuntime, type Processor } from './node-runtime.ts'
import { type Entry, tarOf } from './tar.ts'

const debianNames = { x64: 'amd64', arm64: 'arm64' } as const
const name = 'switchhook-bridge'
/** The time of every file where SOURCE_DATE_EPOCH names none, so that a build of the same sources has the same bytes. */
const secondsByDefault = Date.UTC(2026, 0, 1) / 1000

/** A package that was written, or why one was not. */
export type Built = { file: string } | { skipped: string }

/**
 * Writes `dist/packages`: a Debian package and a tarball for each processor, of the bundle in `bundleFolder` and its own Node. Needs
 * no root, no Debian and no other program. A processor whose Node cannot be had is skipped with the reason.
 */
export async function buildPackages(root: string, bundleFolder: string, outdir: string): Promise<Built[]> {
  const { version } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'))
  await mkdir(outdir, { recursive: true })
  const built: Built[] = []
  for (const processor of ['x64', 'arm64'] as const) {
    try {
      const runtime = await nodeRuntime(root, processor)
      for (const [name, bytes] of Object.entries(
        await packagesOf({ root, bundleFolder, version, processor, runtime }),
      )) {
        const file = path.join(outdir, name)
        await writeFile(file, bytes)
        built.push({ file })
      }
    } catch (error) {
      if (!(error instanceof NodeRuntimeError)) throw error
      built.push({ skipped: `no packages for ${processor}: ${error.message}` })
    }
  }
  return built
}

export interface PackageSources {
  root: string
  /** Folder of the bundled bridge. */
  bundleFolder: string
  version: string
  processor: Processor
  runtime: NodeRuntime
}

/** Returns the packages for one processor, by the names of their files. Equal sources give equal bytes. */
export async function packagesOf(sources: PackageSources): Promise<Record<string, Buffer>> {
  const { root, version, processor } = sources
  const seconds = Number(process.env['SOURCE_DATE_EPOCH'] ?? secondsByDefault)
  const architecture = debianNames[processor]
  const program = await programEntries(sources)
  const unit = await text(root, 'examples/switchhook-bridge.service')
  const script = (file: string) => text(root, `infra/package/${file}`)
  const unitAt = (folder: string, content: string): Entry => ({
    path: `${folder}/systemd/system/${name}.service`,
    mode: 0o644,
    content: Buffer.from(content),
  })
  const deb = debOf(
    {
      name,
      version,
      architecture,
      fields: debianFields,
      scripts: { postinst: await script('postinst'), prerm: await script('prerm'), postrm: await script('postrm') },
      entries: [...program.map((entry) => ({ ...entry, path: `usr/${entry.path}` })), unitAt('usr/lib', unit)],
    },
    seconds,
  )
  // Unpacked below /usr/local, where packages of the system put nothing.
  const local = unit.replaceAll('/usr/lib/switchhook-bridge', '/usr/local/lib/switchhook-bridge')
  const prefix = `${name}-${version}-linux-${processor}/`
  return {
    [`${name}_${version}_${architecture}.deb`]: deb,
    [`${name}-${version}-linux-${processor}.tar.gz`]: gzipSync(
      tarOf([...program, unitAt('lib', local)], { prefix, seconds }),
    ),
  }
}

const debianFields = {
  Maintainer: 'Switchhook <switchhook@localhost>',
  Depends: 'libc6 (>= 2.28), libstdc++6 (>= 5), libgcc-s1 | libgcc1, passwd',
  Suggests: 'asterisk, espeak-ng, sox',
  Section: 'comm',
  Priority: 'optional',
  Description:
    'forwards the events and call records of an Asterisk PBX to Switchhook\n Reads Asterisk over ARI, AMI and its CDR file, and sends to SQS. Brings its own Node.',
}

/** The files below `/usr`, or `/usr/local`. */
async function programEntries({ root, bundleFolder, runtime, version }: PackageSources): Promise<Entry[]> {
  const lib = `lib/${name}`
  const doc = `share/doc/${name}`
  const wrapper = (await text(root, `infra/package/${name}.sh`)).replace('@FLAGS@', bridgeNodeFlags.join(' '))
  const licences = `${await text(root, 'LICENSE')}\n\nNode ${runtime.version}, lib/${name}/node:\n\n${runtime.licence}`
  const zipped = (content: string | Buffer) => gzipSync(content, { level: 9 })
  return [
    { path: `bin/${name}`, mode: 0o755, content: Buffer.from(wrapper) },
    { path: `${lib}/node`, mode: 0o755, content: runtime.program },
    ...(await Promise.all(
      (
        await bridgeFiles(bundleFolder)
      ).map(async (file) => ({
        path: `${lib}/${file}`,
        mode: 0o644,
        content: await readFile(path.join(bundleFolder, file)),
      })),
    )),
    { path: `share/man/man8/${name}.8.gz`, mode: 0o644, content: zipped(manPage(help, version)) },
    {
      path: `share/bash-completion/completions/${name}`,
      mode: 0o644,
      content: Buffer.from(await text(root, `infra/package/${name}.bash`)),
    },
    { path: `${doc}/copyright`, mode: 0o644, content: Buffer.from(licences) },
    { path: `${doc}/changelog.gz`, mode: 0o644, content: zipped(await text(root, 'CHANGELOG.md')) },
  ]
}

const text = (root: string, file: string) => readFile(path.join(root, file), 'utf8')
