import { glob, readFile } from 'node:fs/promises'
import { isAbsolute, join, matchesGlob } from 'node:path'
import { errorCode } from '../failure.ts'
import { confLines } from './conf-lines.ts'

/**
 * The settings of a section, in the file's order. Asterisk takes the last of a name. `isRepeated`: it stands below a second header of the
 * name without `(+)`, which some parts of Asterisk read and others do not.
 */
export type Section = readonly Setting[]
export interface Setting {
  name: string
  value: string
  isRepeated?: true
}
/** The sections of a configuration file of Asterisk, by lower-case name. */
export type AsteriskConf = ReadonlyMap<string, Section>

/** Texts by absolute path that are read instead of, or besides, the files: what a change would make of them. */
export type Overlay = ReadonlyMap<string, string>

/** Asterisk's own limit on files that include each other. */
const includeDepthMax = 10

/**
 * Reads a configuration file of Asterisk as Asterisk does: comments, `#include` and `#tryinclude` with patterns, sections that
 * are continued. It runs no `#exec`. Returns undefined if the file does not exist. Throws the file system's error.
 */
export async function readAsteriskConf(
  folder: string,
  file: string,
  overlay: Overlay = new Map(),
): Promise<AsteriskConf | undefined> {
  return (await readSections(folder, file, overlay))?.sections
}

/** As `readAsteriskConf`; `names` has each section's name as it is written. */
export async function readSections(
  folder: string,
  file: string,
  overlay: Overlay = new Map(),
): Promise<{ sections: AsteriskConf; names: ReadonlyMap<string, string> } | undefined> {
  try {
    const reading: Reading = {
      folder,
      overlay,
      sections: new Map(),
      names: new Map(),
      section: undefined,
      isRepeated: false,
    }
    await readInto(reading, file, 0)
    return reading
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
}

/** Returns the value that Asterisk uses: the last one of the name. */
export function settingOf(section: Section | undefined, name: string): string | undefined {
  return section?.findLast((setting) => setting.name === name)?.value
}

/** Asterisk's `ast_true`. */
export const isTrue = (value: string | undefined): boolean => /^(yes|true|y|t|1|on)$/i.test(value ?? '')

interface Reading {
  readonly folder: string
  readonly overlay: Overlay
  readonly sections: Map<string, Setting[]>
  readonly names: Map<string, string>
  /** The section that the next setting belongs to. */
  section: Setting[] | undefined
  isRepeated: boolean
}

async function readInto(reading: Reading, file: string, depth: number): Promise<void> {
  const { folder, overlay, sections } = reading
  const path = isAbsolute(file) ? file : join(folder, file)
  const text = overlay.get(path) ?? (await readFile(path, 'utf8'))
  for (const line of confLines(text)) {
    if (line.kind === 'include' && depth < includeDepthMax) {
      for (const one of await includedFiles(folder, line.pattern, overlay)) await readInto(reading, one, depth + 1)
    } else if (line.kind === 'section') {
      const name = line.name.toLowerCase()
      const known = sections.get(name)
      // `(+)` continues a section that was read before; Asterisk refuses it otherwise.
      const isContinued = line.options.includes('+')
      reading.section = known ?? (isContinued ? undefined : [])
      reading.isRepeated = known !== undefined && !isContinued
      if (reading.section) sections.set(name, reading.section)
      if (!reading.names.has(name)) reading.names.set(name, line.name)
    } else if (line.kind === 'setting') {
      const setting = { name: line.name.toLowerCase(), value: line.value }
      reading.section?.push(reading.isRepeated ? { ...setting, isRepeated: true } : setting)
    }
  }
}

async function includedFiles(folder: string, pattern: string, overlay: Overlay): Promise<string[]> {
  const found = new Set<string>()
  for await (const file of glob(pattern, { cwd: folder })) found.add(isAbsolute(file) ? file : join(folder, file))
  const wanted = isAbsolute(pattern) ? pattern : join(folder, pattern)
  for (const file of overlay.keys()) if (file === wanted || matchesGlob(file, wanted)) found.add(file)
  return [...found].sort()
}
