import { readFile } from 'node:fs/promises'
import * as v from 'valibot'
import { Problem } from '../../contracts/http.ts'
import { Site, SiteChange } from '../../contracts/site.ts'
import { errorCode } from '../failure.ts'
import { describeError } from '../operate/log.ts'
import type { SiteProposal } from './site-proposal.ts'

const answerMsMax = 35_000

/** What to store of a proposal, and what a person reads of it. An outside prefix is left out where several routes differ. */
export function siteChangeOf(proposal: SiteProposal & { outsidePrefix?: string }): {
  change: v.InferOutput<typeof SiteChange>
  lines: string[]
} {
  const { zone, country, prefix, trunks, phones, extensions } = proposal
  const given = proposal.outsidePrefix
  const isCertain = prefix?.routes.length === 1
  const outsidePrefix = given ?? (isCertain ? prefix.prefix : undefined)
  const settings = {
    ...(outsidePrefix !== undefined && { outsidePrefix }),
    ...(trunks.length > 0 && { trunks: [...trunks] }),
    ...(extensions.length > 0 && { extensions: [...extensions] }),
  }
  const named = phones.filter(({ name }) => name !== '').length
  const shown: [string, string | undefined][] = [
    ['zone', zone],
    ['country', country],
    ['outside prefix', given === undefined ? prefixLine(prefix) : quoted(given)],
    ['trunks', trunks.join(', ') || undefined],
    ['extensions', extensions.join(', ') || undefined],
    ['phones', phones.length === 0 ? undefined : `${phones.length}, ${named} with a name, which the bridge publishes`],
  ]
  return {
    change: { ...(zone !== undefined && { zone }), ...(country !== undefined && { country }), settings },
    lines: shown.map(([name, found]) => `  ${name}: ${found ?? 'not found'}`),
  }
}

function prefixLine(prefix: SiteProposal['prefix']): string {
  if (!prefix) return 'not found: set it with --prefix, or calls by API to outside numbers are refused'
  const [first, ...others] = prefix.routes
  if (others.length === 0) return `${quoted(prefix.prefix)}, by the route ${first?.pattern}`
  const found = prefix.routes.map(({ prefix: one, pattern }) => `${quoted(one)} (${pattern})`)
  return `routes differ, ${found.join(' and ')}: choose with --prefix`
}

const quoted = (prefix: string) => (prefix === '' ? 'none' : prefix)

/** Stores the change with an API key. Returns a sentence about the outcome; a refusal leaves setup as it is. */
export async function storeSite(
  api: string,
  site: string,
  change: v.InferOutput<typeof SiteChange>,
  key: string | undefined,
): Promise<string> {
  const url = `${api}/v1/sites/${site}`
  const byHand = `Store them with a key that has sites:write:\n  curl -X PATCH -H "Authorization: Bearer $KEY" -H 'content-type: application/json' -d '${JSON.stringify(v.parse(SiteChange, change))}' ${url}`
  if (key === undefined) return `An enrolment code may not change the settings of the site. ${byHand}`
  try {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
    const body = JSON.stringify(change)
    const response = await fetch(url, { method: 'PATCH', headers, body, signal: AbortSignal.timeout(answerMsMax) })
    const answer: unknown = await response.json()
    if (response.ok && v.is(Site, answer)) return `The settings of the site ${site} are stored.`
    const problem = v.safeParse(Problem, answer)
    return `The settings were not stored (${problem.success ? problem.output.detail : `HTTP ${response.status}`}). ${byHand}`
  } catch (error) {
    return `The settings were not stored (${errorCode(error) || describeError(error)}). ${byHand}`
  }
}

/** Reads the API key from a file. */
export async function readKeyFile(file: string | undefined): Promise<string | undefined> {
  return file === undefined ? undefined : (await readFile(file, 'utf8')).trim()
}
