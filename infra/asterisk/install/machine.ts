import { access, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  errorCode,
  KeyringMissingError,
  MirrorInvalidError,
  MirrorUnreachableError,
  PlatformUnsupportedError,
} from '../errors.ts'
import { type AptEntry, debianMirrors, parseDeb822, parseSourcesList } from './apt-sources.ts'
import { runCommand } from './command.ts'

const TOOLS = ['apt-get', 'apt-config', 'dpkg-deb']
const TOOL_MS_MAX = 10_000
const ARCHIVE_KEYRINGS = ['gpg', 'pgp'].map((suffix) => `/usr/share/keyrings/debian-archive-keyring.${suffix}`)

/** Checks that this is Linux on x86-64 with Debian's package tools. @throws PlatformUnsupportedError if not */
export async function checkPlatform(signal?: AbortSignal): Promise<void> {
  if (process.platform !== 'linux') throw new PlatformUnsupportedError(`the system is ${process.platform}, not Linux`)
  if (process.arch !== 'x64') throw new PlatformUnsupportedError(`the processor is ${process.arch}, not x86-64`)
  for (const tool of TOOLS) {
    try {
      const { code } = await runCommand(tool, ['--version'], { timeoutMs: TOOL_MS_MAX, signal })
      if (code !== 0) throw new PlatformUnsupportedError(`the program ${tool} does not run`)
    } catch (error) {
      if (errorCode(error) === 'ENOENT') throw new PlatformUnsupportedError(`the program ${tool} is missing`)
      throw error
    }
  }
}

/**
 * Returns the mirrors to try in order: the given one, else those of the machine's apt sources.
 *
 * @throws MirrorInvalidError if the given one is not a URL, MirrorUnreachableError if the apt sources have no Debian mirror
 */
export async function mirrorsToTry(named: string | undefined, aptFolder = '/etc/apt'): Promise<AptEntry[]> {
  if (named !== undefined) {
    // White space is not allowed: the URL is a word of a sources file.
    if (!/^(https?|file):\/\/\S+$/.test(named) || !URL.canParse(named)) throw new MirrorInvalidError()
    return [{ uri: named.replace(/\/+$/, ''), suites: ['sid'], components: ['main'] }]
  }
  const parts = await namesIn(join(aptFolder, 'sources.list.d'))
  const lists = ['sources.list', ...parts.filter((name) => name.endsWith('.list')).map(inParts)]
  const deb822 = parts.filter((name) => name.endsWith('.sources')).map(inParts)
  const entries = [
    ...(await Promise.all(lists.map((name) => textOf(join(aptFolder, name))))).flatMap(parseSourcesList),
    ...(await Promise.all(deb822.map((name) => textOf(join(aptFolder, name))))).flatMap(parseDeb822),
  ]
  const mirrors = debianMirrors(entries)
  if (mirrors.length === 0) throw new MirrorUnreachableError(`no Debian archive in ${aptFolder}`)
  return mirrors
}

/** Returns the path of a mirror's keyring: that of its entry, else Debian's. @throws KeyringMissingError */
export async function keyringFor(mirror: AptEntry): Promise<string> {
  const candidates = mirror.signedBy === undefined ? ARCHIVE_KEYRINGS : [mirror.signedBy, ...ARCHIVE_KEYRINGS]
  for (const keyring of candidates) {
    try {
      await access(keyring)
      return keyring
    } catch (error) {
      if (errorCode(error) !== 'ENOENT' && errorCode(error) !== 'EACCES') throw error
    }
  }
  throw new KeyringMissingError()
}

const inParts = (name: string) => join('sources.list.d', name)

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort()
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return []
    throw error
  }
}

/** Reads a file; returns an empty text if it is absent or not readable, which apt ignores too. */
async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'EACCES') return ''
    throw error
  }
}
