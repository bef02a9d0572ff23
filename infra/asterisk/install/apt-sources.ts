/**
 * Finds the Debian mirrors in the machine's apt sources, in both formats of sources.list(5): one-line `.list` and deb822
 * `.sources`. Third-party archives and the security archive are ignored, since they do not have sid.
 */

/** An archive in a sources file; `signedBy` is the path of its keyring, if the entry names one. */
export interface AptEntry {
  readonly uri: string
  readonly suites: readonly string[]
  readonly components: readonly string[]
  readonly signedBy?: string
}

const DEBIAN_SUITES = new Set(
  'buster bullseye bookworm trixie forky duke sid stable oldstable oldoldstable testing unstable'.split(' '),
)

/** Parses a one-line-style file: `deb [option=value ...] uri suite [component ...]`; `#` starts a comment. */
export function parseSourcesList(text: string): AptEntry[] {
  return text.split('\n').flatMap((line) => {
    const found = /^\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)([^#]*)/.exec(line)
    if (!found) return []
    const [, options = '', uri = '', suite = '', components = ''] = found
    const signedBy = /(?:^|\s)signed-by=(\S+)/i.exec(options)?.[1]
    return [entry(uri, [suite], words(components), signedBy)]
  })
}

/** Reads a deb822 file: stanzas of `Field: value`, continued by indented lines, switched off by `Enabled: no`. */
export function parseDeb822(text: string): AptEntry[] {
  const kept = text.split('\n').filter((line) => !line.startsWith('#'))
  return kept
    .join('\n')
    .split(/\n\s*\n/)
    .flatMap((stanza) => {
      const field = fieldsOf(stanza)
      if (!words(field.get('types')).includes('deb')) return []
      if (/^(no|false|0|off|disable|without)$/i.test(field.get('enabled')?.trim() ?? '')) return []
      const suites = words(field.get('suites'))
      const components = words(field.get('components'))
      // An embedded key is not a path; the archive keyring is used instead.
      const signedBy = words(field.get('signed-by')).find((word) => word.startsWith('/'))
      return words(field.get('uris')).map((uri) => entry(uri, suites, components, signedBy))
    })
}

function fieldsOf(stanza: string): Map<string, string> {
  const fields = new Map<string, string>()
  let last = ''
  for (const line of stanza.split('\n')) {
    const found = /^([A-Za-z0-9-]+):(.*)$/.exec(line)
    if (found) {
      last = (found[1] ?? '').toLowerCase()
      fields.set(last, found[2] ?? '')
    } else if (last && /^\s/.test(line)) {
      fields.set(last, `${fields.get(last)} ${line.trim()}`)
    }
  }
  return fields
}

/** Returns the mirrors that may have sid, in the order of the files and without duplicates. */
export function debianMirrors(entries: readonly AptEntry[]): AptEntry[] {
  const seen = new Set<string>()
  return entries.filter((candidate) => {
    if (!isDebianArchive(candidate) || seen.has(candidate.uri)) return false
    seen.add(candidate.uri)
    return true
  })
}

function isDebianArchive({ uri, suites, components }: AptEntry): boolean {
  if (!/^(mirror\+)?(https?|file|ftp):/.test(uri) || !components.includes('main')) return false
  // Archive mirrors have a folder `debian`, security mirrors `debian-security`; a mirror list ends in `.list`.
  const folders = uri.replace(/\.list$/, '').split('/')
  return (
    folders.includes('debian') && suites.some((suite) => DEBIAN_SUITES.has(suite.replace(/-(updates|backports)$/, '')))
  )
}

function entry(uri: string, suites: string[], components: string[], signedBy: string | undefined): AptEntry {
  const clean = uri.replace(/\/+$/, '')
  return signedBy === undefined ? { uri: clean, suites, components } : { uri: clean, suites, components, signedBy }
}

function words(text: string | undefined): string[] {
  return (text ?? '').split(/\s+/).filter((word) => word !== '')
}
