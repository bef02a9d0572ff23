import { type ConfLine, confLines } from '../conf-lines.ts'

/** A place in the configuration; `line` begins with 1. */
export interface Place {
  readonly file: string
  readonly line: number
}

export interface Setting extends Place {
  /** In lower case. */
  readonly name: string
  readonly value: string
}

/** A section with what its templates give it first, so that the last setting of a name counts. */
export interface Section extends Place {
  readonly name: string
  readonly isTemplate: boolean
  readonly settings: readonly Setting[]
}

/** A configuration file of Asterisk, including the files that it names by `#include`. */
export interface Conf extends Place {
  /** In the order of the file; a name may appear more than once. */
  readonly sections: readonly Section[]
  /** Lines that Asterisk cannot read, and settings outside of any section. */
  readonly unreadable: readonly (Place & { readonly reason: string })[]
  /** `#include` lines whose file does not exist. */
  readonly missing: readonly (Place & { readonly pattern: string })[]
}

/** Text by path below the folder that is checked. */
export type Files = ReadonlyMap<string, string>

/** Asterisk's own limit on files that include each other. */
const includeDepthMax = 10

/** The folder that absolute paths of `#include` lines mean. */
const usualFolder = /^\/etc\/asterisk\//

/** Reads a configuration file with its includes and templates. Undefined if the file is not there. */
export function readConf(files: Files, name: string): Conf | undefined {
  if (!files.has(name)) return undefined
  const reader = new Reader(files)
  reader.read(name, 0)
  return { file: name, line: 1, sections: reader.sections, unreadable: reader.unreadable, missing: reader.missing }
}

class Reader {
  readonly #files: Files
  readonly sections: { name: string; isTemplate: boolean; file: string; line: number; settings: Setting[] }[] = []
  readonly unreadable: (Place & { reason: string })[] = []
  readonly missing: (Place & { pattern: string })[] = []

  constructor(files: Files) {
    this.#files = files
  }

  read(file: string, depth: number): void {
    for (const line of confLines(this.#files.get(file) ?? '')) this.#take(line, file, depth)
  }

  #take(line: ConfLine, file: string, depth: number): void {
    const place = { file, line: line.line }
    const section = this.sections.at(-1)
    if (line.kind === 'include') this.#include(line, place, depth)
    else if (line.kind === 'section') this.#open(line, place)
    else if (line.kind === 'unreadable')
      this.unreadable.push({ ...place, reason: 'the line is neither a section nor a setting' })
    else if (section) section.settings.push({ ...place, name: line.name.toLowerCase(), value: line.value })
    else this.unreadable.push({ ...place, reason: 'the setting is outside of any section' })
  }

  #open({ name, options }: Extract<ConfLine, { kind: 'section' }>, place: Place): void {
    if (options.includes('+')) {
      const index = this.sections.findIndex((section) => section.name === name)
      const [found] = index < 0 ? [] : this.sections.splice(index, 1)
      // Last, so that the next settings go to it.
      if (found) {
        this.sections.push(found)
        return
      }
      this.unreadable.push({ ...place, reason: `the section ${name}, to which this adds, does not exist` })
    }
    const bases = options.filter((option) => option !== '!' && option !== '+')
    const inherited = bases.flatMap((base) => {
      const template = this.sections.findLast((section) => section.name === base)
      if (!template) this.unreadable.push({ ...place, reason: `the template ${base} does not exist` })
      return template?.settings ?? []
    })
    this.sections.push({ ...place, name, isTemplate: options.includes('!'), settings: [...inherited] })
  }

  #include({ pattern, mayBeMissing }: Extract<ConfLine, { kind: 'include' }>, place: Place, depth: number): void {
    if (depth >= includeDepthMax) return
    const path = pattern.replace(usualFolder, '')
    const found = [...this.#files.keys()].filter((name) => matchesGlob(path, name)).sort()
    const isOutside = path.startsWith('/')
    if (found.length === 0 && !mayBeMissing && !isOutside && !/[*?[]/.test(path))
      this.missing.push({ ...place, pattern })
    for (const name of found) this.read(name, depth + 1)
  }
}

function matchesGlob(pattern: string, name: string): boolean {
  if (!/[*?[]/.test(pattern)) return pattern === name
  const source = pattern
    .replace(/[.+^${}()|\\]/g, '\\$&')
    .replaceAll('*', '[^/]*')
    .replaceAll('?', '[^/]')
  return new RegExp(`^${source}$`).test(name)
}

/** Returns the setting that counts: the last one of the name. */
export function last(section: Section | undefined, ...names: string[]): Setting | undefined {
  return section?.settings.findLast(({ name }) => names.includes(name))
}

/** Returns the value that counts, in lower case without spaces around. */
export function wordOf(section: Section | undefined, ...names: string[]): string | undefined {
  return last(section, ...names)
    ?.value.trim()
    .toLowerCase()
}

/** All sections of a name, as one: files open `[general]` several times. */
export function sectionOf(conf: Conf | undefined, name: string): Section | undefined {
  const all = conf?.sections.filter((section) => section.name.toLowerCase() === name) ?? []
  const [first] = all
  return first && { ...first, settings: all.flatMap(({ settings }) => settings) }
}

/** Asterisk's `ast_true` and `ast_false`. */
export const isYes = (value: string | undefined) => /^(yes|true|y|t|1|on)$/i.test(value?.trim() ?? '')
export const isNo = (value: string | undefined) => /^(no|false|n|f|0|off)$/i.test(value?.trim() ?? '')
