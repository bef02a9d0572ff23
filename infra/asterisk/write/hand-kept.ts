/*
 * The part of each file that a PBX kept by hand needs. Settings of the whole PBX stay as they are: log files, ports of audio, tones,
 * the folders of Asterisk.
 */

/** One section of a file: its first line, and the lines below. */
interface Section {
  readonly name: string
  readonly head: string
  readonly lines: readonly string[]
}

/** What is left out of each file; files that are not listed are not touched. */
const leftOut: Readonly<Record<string, { sections?: readonly string[]; lines?: RegExp }>> = {
  'acl.conf': {},
  'ari.conf': {},
  'cdr.conf': { sections: ['csv'] },
  'cdr_custom.conf': {},
  'extensions.conf': { sections: ['general'] },
  'http.conf': { lines: /^(bindport|enable_static)/ },
  'manager.conf': { lines: /^(port|webenabled|displayconnects)/ },
  'modules.conf': { lines: /^autoload/ },
  'pjsip.conf': {},
  'queues.conf': { sections: ['general'] },
  'voicemail.conf': { sections: ['general'] },
  'websocket_client.conf': {},
}

/** Whether a file gets a block on a PBX that is kept by hand. */
export const hasBlock = (file: string): boolean => file in leftOut

/** The block of a file beside the text that a person keeps, or the sections that both define. */
export function blockFor(file: string, text: string, kept: string): { block: string } | { clashes: string[] } {
  const { sections: without = [], lines: dropped } = leftOut[file] ?? {}
  const own = sectionsOf(text).filter(({ name }) => !without.includes(name))
  const theirs = sectionsOf(kept)
  if (file === 'pjsip.conf') return pjsipBlock(own, theirs)
  const known = new Set(theirs.map(({ name }) => name))
  const isShared = (name: string) => ['general', 'modules', 'mappings', 'voicemail'].includes(name)
  const clashes = own.filter(({ name }) => known.has(name) && !isShared(name)).map(({ name }) => name)
  if (clashes.length > 0) return { clashes }
  const block = own.map((section) => {
    const lines = section.lines.filter((line) => !dropped?.test(line))
    // (+) adds to a section that exists; the last value of a name counts.
    return [known.has(section.name) ? `[${section.name}](+)` : section.head, ...lines].join('\n')
  })
  return { block: block.join('\n') }
}

/** Uses the person's transports, and leaves their global settings alone. */
function pjsipBlock(own: readonly Section[], theirs: readonly Section[]): { block: string } | { clashes: string[] } {
  const transports = new Map(
    theirs
      .filter((section) => settingOf(section, 'type') === 'transport')
      .map((one) => [settingOf(one, 'protocol'), one.name]),
  )
  const isTheirs = (section: Section) => {
    const type = settingOf(section, 'type')
    if (type === 'global') return theirs.some((one) => settingOf(one, 'type') === 'global')
    return type === 'transport' && transports.has(settingOf(section, 'protocol'))
  }
  const needed = own.filter((section) => !isTheirs(section))
  const known = new Set(theirs.map(({ name }) => name))
  const clashes = [...new Set(needed.filter(({ name }) => known.has(name)).map(({ name }) => name))]
  if (clashes.length > 0) return { clashes }
  const protocols = new Map(
    own.flatMap((one) =>
      settingOf(one, 'type') === 'transport' ? [[one.name, settingOf(one, 'protocol')] as const] : [],
    ),
  )
  const lines = needed.flatMap(({ head, lines }) => [head, ...lines])
  const block = lines.map((line) => {
    const name = /^transport = (.+)$/.exec(line)?.[1]
    const theirName = name === undefined ? undefined : transports.get(protocols.get(name))
    return theirName === undefined ? line : `transport = ${theirName}`
  })
  return { block: block.join('\n') }
}

function sectionsOf(text: string): Section[] {
  const sections: { name: string; head: string; lines: string[] }[] = []
  for (const line of text.split('\n')) {
    const name = /^\s*\[([^\]]+)\]/.exec(line)?.[1]
    if (name !== undefined) sections.push({ name, head: line, lines: [] })
    else sections.at(-1)?.lines.push(line)
  }
  return sections
}

function settingOf({ lines }: Section, wanted: string): string | undefined {
  for (const line of lines) {
    const [, name, value] = /^\s*([^=;]+?)\s*=>?\s*([^;]*?)\s*(;.*)?$/.exec(line) ?? []
    if (name === wanted) return value
  }
  return undefined
}
