import { readFile } from 'node:fs/promises'
import * as v from 'valibot'
import { LineCounter, parseDocument } from 'yaml'
import { SiteInvalidError, type SiteProblem } from './errors.ts'
import type { Path } from './site/numbers.ts'
import { type Place, placeOf } from './site/places.ts'
import { expandRanges } from './site/ranges.ts'
import { contradictions } from './site/rules.ts'
import { type Site, SiteShape } from './site/schema.ts'

export type { ExtensionOfSite, GroupOfSite, Site, TrunkOfSite } from './site/schema.ts'

/** Finds the place of a key in the text that a site was read from. */
type Locate = (path: Path, isKey?: boolean) => Place | undefined

/**
 * Parses a site from YAML; the error names the file `name`.
 *
 * @throws SiteInvalidError with every invalid key, its line and its column
 */
export function parseSite(text: string, name = 'site.yaml'): Site {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines })
  if (document.errors.length > 0) {
    const problems = document.errors.map((error): SiteProblem => {
      const { line, col } = lines.linePos(error.pos[0])
      // Keep only the first line: the others quote the source.
      const [first = 'it is not YAML'] = error.message.split('\n')
      return { message: first.replace(/ at line \d+, column \d+:?$/, ''), place: { line, column: col } }
    })
    throw new SiteInvalidError(name, problems)
  }
  let value: unknown
  try {
    value = document.toJS()
  } catch (error) {
    // An unknown alias, or aliases that expand without limit.
    if (!(error instanceof ReferenceError)) throw error
    throw new SiteInvalidError(name, [{ message: 'an alias is unknown or expands without limit' }])
  }
  return checkSite(value, name, (path, isKey) => placeOf(document, lines, path, isKey))
}

/** Validates a parsed site and expands its ranges. @throws SiteInvalidError */
export function checkSite(value: unknown, name = 'the site', locate: Locate = () => undefined): Site {
  const result = v.safeParse(SiteShape, value)
  if (!result.success) {
    throw new SiteInvalidError(
      name,
      result.issues.map((issue) => problemOf(issue, locate)),
    )
  }
  const { ranges, ...rest } = result.output
  const { extensions, origins, problems } = expandRanges(rest.extensions, ranges)
  const site: Site = { ...rest, extensions, ranges: [] }
  if (extensions.length === 0 && problems.length === 0)
    problems.push({ message: 'extensions must have one entry or more', path: ['extensions'] })
  const found = problems.length > 0 ? problems : contradictions(site)
  if (found.length === 0) return site
  throw new SiteInvalidError(
    name,
    found.map(({ message, path }) => ({ message, place: locate(originOf(path, rest.extensions.length, origins)) })),
  )
}

/** An extension that came from a range has the range's place. */
function originOf(path: Path, listed: number, origins: readonly Path[]): Path {
  const [list, index] = path
  if (list !== 'extensions' || typeof index !== 'number' || index < listed) return path
  return origins[index] ?? path
}

/** Reads a site from a file. @throws SiteInvalidError, or the system's error if the file cannot be read */
export async function readSite(file: string): Promise<Site> {
  return parseSite(await readFile(file, 'utf8'), file)
}

function problemOf(issue: v.BaseIssue<unknown>, locate: Locate): SiteProblem {
  const dots = v.getDotPath(issue)
  const path = (issue.path ?? []).map(({ key }): string | number => (typeof key === 'number' ? key : String(key)))
  const message = dots === null ? issue.message : `${dots} ${wording(issue)}`
  const isKey = issue.expected === 'never' || issue.path?.at(-1)?.origin === 'key'
  return { message, place: locate(path, isKey) }
}

function wording(issue: v.BaseIssue<unknown>): string {
  if (issue.expected === 'never') return 'is not a known key'
  if (issue.received === 'undefined') return 'is missing'
  // Replace valibot's messages, since they quote the value.
  return issue.message.startsWith('Invalid') ? `must be ${issue.expected ?? 'valid'}` : issue.message
}
