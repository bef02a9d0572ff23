import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { type Entry, tarOf } from './tar.ts'

export interface DebianPackage {
  name: string
  version: string
  /** Debian's name of the processor. */
  architecture: 'amd64' | 'arm64'
  /** Further fields of the control file, in their order. */
  fields: Readonly<Record<string, string>>
  /** Maintainer scripts by name. */
  scripts: Readonly<Record<string, string>>
  entries: readonly Entry[]
}

/**
 * Returns a Debian package (deb(5), format 2.0), without dpkg-deb, root or a Debian system. Compressed by gzip, which every dpkg
 * reads. `seconds` is the time of all files, since 1970.
 */
export function debOf(
  { name, version, architecture, fields, scripts, entries }: DebianPackage,
  seconds: number,
): Buffer {
  const bytes = entries.reduce((sum, { content }) => sum + Math.ceil((content?.length ?? 0) / 1024), 0)
  const control = {
    Package: name,
    Version: version,
    Architecture: architecture,
    'Installed-Size': String(bytes),
    ...fields,
  }
  const sums = entries.flatMap(({ path, content }) =>
    content ? [`${createHash('md5').update(content).digest('hex')}  ${path}\n`] : [],
  )
  const files: Entry[] = [
    { path: 'control', mode: 0o644, content: Buffer.from(fieldsOf(control)) },
    { path: 'md5sums', mode: 0o644, content: Buffer.from(sums.sort().join('')) },
    ...Object.entries(scripts).map(([path, text]) => ({ path, mode: 0o755, content: Buffer.from(text) })),
  ]
  const member = (list: readonly Entry[]) => gzipSync(tarOf(list, { prefix: './', seconds }), { level: 6 })
  return arOf(
    [
      ['debian-binary', Buffer.from('2.0\n')],
      ['control.tar.gz', member(files)],
      ['data.tar.gz', member(entries)],
    ],
    seconds,
  )
}

const fieldsOf = (fields: Readonly<Record<string, string>>) =>
  Object.entries(fields)
    .map(([name, value]) => `${name}: ${value}\n`)
    .join('')

/** Returns an archive of ar(5). */
function arOf(members: readonly (readonly [name: string, content: Buffer])[], seconds: number): Buffer {
  const parts = members.flatMap(([name, content]) => [
    Buffer.from(
      `${name.padEnd(16)}${String(seconds).padEnd(12)}${'0'.padEnd(6)}${'0'.padEnd(6)}${'100644'.padEnd(8)}${String(content.length).padEnd(10)}\`\n`,
    ),
    content,
    Buffer.from('\n'.repeat(content.length % 2)),
  ])
  return Buffer.concat([Buffer.from('!<arch>\n'), ...parts])
}
