import { readFile, realpath } from 'node:fs/promises'
import { basename, isAbsolute, join } from 'node:path'
import { type AsteriskConf, readAsteriskConf } from '../check/asterisk-conf.ts'
import { confLines } from '../check/conf-lines.ts'
import { errorCode } from '../failure.ts'
import { isGenerated } from './pbx-kind.ts'
import { SetupRefusedError } from './setup-error.ts'

/** A file of Asterisk's configuration and a block that is appended to it. */
export interface Block {
  readonly path: string
  /** The text of the file; `undefined` if it does not exist. */
  readonly before: string | undefined
  /** What is appended, markers included. */
  readonly text: string
}

/** Settings to add to one section of a file, and how to see that Asterisk reads them. */
export interface WantedSettings {
  /** The file that Asterisk reads, such as `ari.conf`. */
  readonly file: string
  /** Absent for lines that belong to no section, such as an `#include`. */
  readonly section?: string
  /** Lines of the section. */
  readonly lines: readonly string[]
  /** Whether Asterisk's own reading of `file` has what is wanted. */
  readonly holds: (conf: AsteriskConf) => boolean
}

const blockBegin = '; BEGIN switchhook-bridge (setup --undo removes this block)'
const blockEnd = '; END switchhook-bridge'
const ownFileName = 'switchhook.conf'

/**
 * Returns the block that makes `wanted` hold, in the place that is the custom of the system: a file `*_custom.conf` that the main
 * file includes, a folder `X.d/*.conf` of own files, or the main file unless another program writes it. Each place is tried by
 * reading the whole configuration as Asterisk would with the block in it. Throws SetupRefusedError if no place is right.
 */
export async function placeBlock(etc: string, wanted: WantedSettings, earlier: readonly Block[]): Promise<Block> {
  for (const path of await placesFor(etc, wanted)) {
    const before = afterOf(earlier, path) ?? (await textOf(path))
    for (const header of headersOf(wanted)) {
      const text = blockText(before, [...header, ...wanted.lines])
      const overlay = new Map([...overlayOf(earlier), [path, `${before ?? ''}${text}`]])
      const conf = await readAsteriskConf(etc, wanted.file, overlay)
      if (conf && wanted.holds(conf)) return { path, before, text }
    }
  }
  const sentence = `another program writes ${join(etc, wanted.file)} and includes no file for changes by hand: add ${wanted.lines.join(', ')}${wanted.section ? ` to [${wanted.section}]` : ''} with that program`
  throw new SetupRefusedError('no-place', sentence)
}

/** `(+)` continues a section: some parts of Asterisk read only the first one of a name. It is an error for a new section. */
function headersOf({ section }: WantedSettings): string[][] {
  return section === undefined ? [[]] : [[`[${section}](+)`], [`[${section}]`]]
}

/** Appended after a line feed, so that a last line without one is not joined with the marker. */
function blockText(before: string | undefined, lines: readonly string[]): string {
  const gap = before === undefined || before === '' || before.endsWith('\n') ? '' : '\n'
  return `${gap}${blockBegin}\n${lines.join('\n')}\n${blockEnd}\n`
}

const overlayOf = (blocks: readonly Block[]): [string, string][] =>
  blocks.map(({ path }) => [path, afterOf(blocks, path) ?? ''])

/** The text of a file after the blocks; several may be in one file. */
function afterOf(blocks: readonly Block[], path: string): string | undefined {
  const last = blocks.findLast((block) => block.path === path)
  return last && `${last.before ?? ''}${last.text}`
}

async function placesFor(etc: string, { file, section }: WantedSettings): Promise<string[]> {
  const main = join(etc, file)
  const text = await textOf(main)
  const included = confLines(text ?? '').flatMap((line) => (line.kind === 'include' ? line.pattern : []))
  const custom = included.filter((name) => /_custom\.conf$/.test(name) && !/[*?[]/.test(name))
  const isGeneral = section === 'general'
  const suits = (name: string) => (isGeneral ? /(?<!non)_general_/.test(name) : !/(?<!non)_general_/.test(name))
  const folders = included
    .filter((name) => /\.d\/\*\.conf$/.test(name))
    .map((name) => name.replace('*.conf', ownFileName))
  const ordered = [...custom.filter(suits), ...custom.filter((name) => !suits(name)), ...folders]
  const places = ordered.map((name) => (isAbsolute(name) ? name : join(etc, name)))
  if (text === undefined || !isGenerated(text)) places.push(main)
  const checked = await Promise.all(places.map(isOurs))
  return places.filter((_path, n) => checked[n])
}

/** FreePBX links files into `/etc/asterisk` from its modules, and reports changes there to the administrator. */
async function isOurs(path: string): Promise<boolean> {
  const target = await realpath(path).catch(() => path)
  return !/\/admin\/modules\//.test(target)
}

/** Returns the text of a file, or `undefined` if it does not exist. Throws SetupRefusedError. */
export async function textOf(path: string): Promise<string | undefined> {
  try {
    const bytes = await readFile(path)
    // Latin-1 keeps every byte: names in old files are not always UTF-8.
    return bytes.toString('latin1')
  } catch (cause) {
    if (errorCode(cause) === 'ENOENT') return undefined
    const sentence = `${basename(path)} cannot be read (${errorCode(cause)}): run setup as root`
    throw new SetupRefusedError('pbx-unreadable', sentence, undefined, { cause })
  }
}
