import { glob, readFile } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { errorCode } from '../failure.ts'

/** The settings of a section, in the file's order. Asterisk takes the last of a name. */
export type Section = readonly { name: string; value: string }[]
/** The sections of a configuration file of Asterisk, by lower-case name. */
export type AsteriskConf = ReadonlyMap<string, Section>

/** Asterisk's own limit on files that include each other. */
const includeDepthMax = 10

/**
 * Reads a configuration file of Asterisk as Asterisk does: comments, `#include` and `#tryinclude` with patterns, sections that
 * are continued. It runs no `#exec`. Returns undefined if the file does not exist. Throws the file system's error.
 */
export async function readAsteriskConf(folder: string, file: string): Promise<AsteriskConf | undefined> {
  try {
    const sections = new Map<string, { name: string; value: string }[]>()
    await readInto(sections, folder, file, { section: undefined }, 0)
    return sections
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

type Place = { section: { name: string; value: string }[] | undefined }

async function readInto(
  sections: Map<string, { name: string; value: string }[]>,
  folder: string,
  file: string,
  place: Place,
  depth: number,
): Promise<void> {
  const text = await readFile(isAbsolute(file) ? file : join(folder, file), 'utf8')
  for (const line of withoutComments(text).split(/\r?\n/)) {
    const included = /^\s*#(?:try)?include\s+["<]?([^">]+?)[">]?\s*$/i.exec(line)?.[1]
    if (included !== undefined) {
      if (depth < includeDepthMax) await include(sections, folder, included, place, depth + 1)
      continue
    }
    const header = /^\s*\[([^\]]+)\]/.exec(line)?.[1]
    if (header !== undefined) {
      const name = header.trim().toLowerCase()
      place.section = sections.get(name) ?? []
      sections.set(name, place.section)
      continue
    }
    const [, name, value] = /^\s*([^=]+?)\s*=>?\s*(.*?)\s*$/.exec(line) ?? []
    if (name !== undefined && value !== undefined) place.section?.push({ name: name.toLowerCase(), value })
  }
}

async function include(
  sections: Map<string, { name: string; value: string }[]>,
  folder: string,
  pattern: string,
  place: Place,
  depth: number,
): Promise<void> {
  const files: string[] = []
  for await (const file of glob(pattern, { cwd: folder })) files.push(file)
  for (const file of files.sort()) await readInto(sections, folder, file, place, depth)
}

/** `;` begins a comment, `\;` is a semicolon, and `;--` to `--;` is a comment of several lines. */
function withoutComments(text: string): string {
  const blocks = text.replace(/;--(?!-)[\s\S]*?--;/g, '')
  return blocks.replace(/(?<!\\);.*$/gm, '').replaceAll('\\;', ';')
}
