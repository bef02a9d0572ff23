import * as v from 'valibot'
import type { Path } from './numbers.ts'
import type { Problem } from './rules.ts'
import { ExtensionEntry, type ExtensionOfSite, type RangeOfSite } from './schema.ts'

/** A site has at most as many phones; Asterisk loads 1,000 in about a second. */
const EXTENSIONS_MAX = 20_000

export interface Expanded {
  readonly extensions: ExtensionOfSite[]
  /** Where each extension stands in `site.yaml`. */
  readonly origins: Path[]
  readonly problems: Problem[]
}

/** Returns the listed extensions and those of the ranges. */
export function expandRanges(listed: readonly ExtensionOfSite[], ranges: readonly RangeOfSite[]): Expanded {
  const extensions = [...listed]
  const origins: Path[] = listed.map((_, n) => ['extensions', n])
  const problems: Problem[] = []
  for (const [n, range] of ranges.entries()) {
    const { from, to, endpoint, name, mailbox, ...settings } = range
    const [first, last] = [Number(from), Number(to)]
    if (from.length !== to.length || last < first || last - first >= EXTENSIONS_MAX) {
      const message = `each range must go from a number to a greater one of as many digits, ${EXTENSIONS_MAX} at most`
      problems.push({ message, path: ['ranges', n, 'to'] })
      continue
    }
    for (let number = first; number <= last; number += 1) {
      const fill = (text: string) => text.replaceAll('{number}', String(number))
      const entry = v.safeParse(ExtensionEntry, {
        number: String(number),
        endpoint: fill(endpoint),
        name: fill(name),
        ...(mailbox === undefined ? {} : { mailbox: fill(mailbox) }),
        ...settings,
      })
      if (!entry.success) {
        const key = v.getDotPath(entry.issues[0]) ?? ''
        problems.push({ message: `${key} ${entry.issues[0].message}`, path: ['ranges', n, key] })
        break
      }
      extensions.push(entry.output)
      origins.push(['ranges', n])
    }
  }
  return { extensions, origins, problems }
}
