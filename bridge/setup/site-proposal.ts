import { readFile, readlink } from 'node:fs/promises'
import { readAsteriskConf, readSections, type Section, settingOf } from '../check/asterisk-conf.ts'
import type { FoundAsterisk } from './find-asterisk.ts'
import { outsidePrefixIn, type PrefixFound } from './outside-prefix.ts'

/** What the PBX's own configuration says about its site. Each is proposed, and stored only after a person has confirmed it. */
export interface SiteProposal {
  readonly zone?: string
  readonly country?: string
  readonly prefix?: PrefixFound
  readonly trunks: readonly string[]
  readonly phones: readonly { endpoint: string; name: string }[]
  /** Numbers of the dial plan, single or as ranges. */
  readonly extensions: readonly string[]
}

const zoneTable = '/usr/share/zoneinfo/zone.tab'
/** The API takes 100 trunks and 500 entries of extensions. */
const trunksMax = 100
const extensionsMax = 500
/** Codes that change a setting, which the site has as services by default; and emergency numbers. Never proposed as extensions. */
const notExtensions: readonly number[] = [88_888, 88_889, 112, 911]
/** Dials a number at a trunk. */
const outwardStep = /dialout-trunk|outdial|\bDial\(\w+\/[^,)&]*@(?!from-)/i
/** Zones that say nothing about the country. */
const nowhere = /^(UTC|Etc\/|GMT)/

export async function proposeSite(asterisk: FoundAsterisk): Promise<SiteProposal> {
  const { etc } = asterisk
  const zone = await zoneOf(asterisk)
  const country = await countryOf(zone, etc)
  const dialPlan = (await readAsteriskConf(etc, 'extensions.conf').catch(() => undefined)) ?? new Map()
  const prefix = outsidePrefixIn(dialPlan)
  const { trunks, phones, contexts } = await endpointsIn(etc)
  return {
    ...(zone !== undefined && !nowhere.test(zone) && { zone }),
    ...(country !== undefined && { country }),
    ...(prefix && { prefix }),
    trunks: trunks.slice(0, trunksMax),
    phones,
    extensions: asRanges(numbersIn(dialPlan, contexts)).slice(0, extensionsMax),
  }
}

/** The zone in which Asterisk writes times: its own `TZ`, or that of the machine. */
export async function zoneOf({ pid }: Pick<FoundAsterisk, 'pid'>): Promise<string | undefined> {
  const environment = pid === undefined ? '' : await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')
  const own = /(?:^|\0)TZ=:?([^\0]+)/.exec(environment)?.[1]
  const linked = /zoneinfo\/(.+)$/.exec(await readlink('/etc/localtime').catch(() => ''))?.[1]
  const named = (await readFile('/etc/timezone', 'utf8').catch(() => '')).trim()
  return [own, linked, named].find((zone) => zone !== undefined && isZone(zone))
}

function isZone(name: string): boolean {
  try {
    return name !== '' && new Intl.DateTimeFormat('en', { timeZone: name }).format(0) !== ''
  } catch {
    return false
  }
}

/** By the zone, which people set; Asterisk's tones are left at `us` in most places, so they decide only between several. */
async function countryOf(zone: string | undefined, etc: string): Promise<string | undefined> {
  const indications = await readAsteriskConf(etc, 'indications.conf').catch(() => undefined)
  const tones = settingOf(indications?.get('general'), 'country')?.toUpperCase()
  if (zone === undefined || nowhere.test(zone))
    return tones !== 'US' && /^[A-Z]{2}$/.test(tones ?? '') ? tones : undefined
  const table = await readFile(zoneTable, 'utf8').catch(() => '')
  const found = table.split('\n').flatMap((line) => {
    const [country = '', , name] = line.split('\t')
    return name === zone ? [country] : []
  })
  return found.includes(tones ?? '') ? tones : found[0]
}

async function endpointsIn(etc: string) {
  const pjsip = await readSections(etc, 'pjsip.conf').catch(() => undefined)
  const sip = await readSections(etc, 'sip.conf').catch(() => undefined)
  const trunks = new Set<string>()
  const phones: { endpoint: string; name: string }[] = []
  const contexts = new Set<string>()
  const sections = pjsip?.sections ?? new Map<string, Section>()
  const outward = outwardEndpoints(sections)
  for (const [key, section] of sections) {
    const name = pjsip?.names.get(key) ?? key
    const callerId = settingOf(section, 'callerid')
    if (outward.has(key) && isEndpoint(section)) trunks.add(`PJSIP/${name}`)
    else if (callerId !== undefined) phones.push({ endpoint: `PJSIP/${name}`, name: nameIn(callerId) })
    if (!outward.has(key)) addContext(contexts, section)
  }
  for (const [key, section] of sip?.sections ?? []) {
    if (key === 'general' || key === 'authentication') continue
    const host = settingOf(section, 'host')
    const name = sip?.names.get(key) ?? key
    if (host !== undefined && host !== 'dynamic') trunks.add(`SIP/${name}`)
    else if (host === 'dynamic') {
      phones.push({ endpoint: `SIP/${name}`, name: nameIn(settingOf(section, 'callerid') ?? '') })
      addContext(contexts, section)
    }
  }
  return { trunks: [...trunks], phones, contexts }
}

/** Endpoints of chan_pjsip that are found by an address, register at another server, or have a contact of their own. */
function outwardEndpoints(sections: ReadonlyMap<string, Section>): Set<string> {
  const found = new Set<string>()
  const isShort = (name: string) => /^\d{1,6}$/.test(name)
  for (const [key, section] of sections) {
    const types = section.filter(({ name }) => name === 'type').map(({ value }) => value)
    const endpoint = settingOf(section, 'endpoint')?.toLowerCase()
    const isNamed = types.includes('identify') || types.includes('registration')
    if (isNamed && endpoint !== undefined) found.add(endpoint)
    const isOutward =
      types.includes('registration') ||
      (types.includes('aor') && settingOf(section, 'contact') !== undefined) ||
      (types.includes('wizard') && settingOf(section, 'remote_hosts') !== undefined)
    if (isOutward && !isShort(key)) found.add(key)
  }
  return found
}

function isEndpoint(section: Section): boolean {
  return section.some(({ name, value }) => name === 'type' && (value === 'endpoint' || value === 'wizard'))
}

function addContext(contexts: Set<string>, section: Section): void {
  const context = settingOf(section, 'context') ?? settingOf(section, 'endpoint/context')
  if (context !== undefined) contexts.add(context.toLowerCase())
}

const nameIn = (callerId: string) => callerId.replace(/<.*$/, '').replaceAll('"', '').trim()

/** Literal numbers of two to six digits that phones may dial, in their contexts and those that these include. */
function numbersIn(dialPlan: ReadonlyMap<string, Section>, contexts: ReadonlySet<string>): number[] {
  const open = [...contexts]
  const seen = new Set<string>()
  const numbers = new Set<number>()
  for (let context = open.pop(); context !== undefined; context = open.pop()) {
    if (seen.has(context)) continue
    seen.add(context)
    for (const { name, value } of dialPlan.get(context) ?? []) {
      if (name === 'include') open.push((/^[^,|]*/.exec(value)?.[0] ?? '').trim().toLowerCase())
    }
    for (const number of internalNumbers(dialPlan.get(context) ?? [])) numbers.add(number)
  }
  return [...numbers].sort((a, b) => a - b)
}

/** The literal numbers of a context that lead to no trunk, as emergency numbers do. */
function internalNumbers(section: Section): number[] {
  const steps = new Map<string, string[]>()
  let current = ''
  for (const { name, value } of section) {
    if (name === 'exten') current = /^([^,]*)/.exec(value)?.[1]?.trim() ?? ''
    if (name === 'exten' || name === 'same') steps.set(current, [...(steps.get(current) ?? []), value])
  }
  return [...steps].flatMap(([number, applications]) => {
    const isNumber = /^[1-9]\d{1,5}$/.test(number) && !notExtensions.includes(Number(number))
    const isCalled = applications.some((step) => !/,hint,/i.test(step))
    return isNumber && isCalled && !applications.some((step) => outwardStep.test(step)) ? [Number(number)] : []
  })
}

/** 60, 61, 62, 70 as `60-62` and `70`. */
function asRanges(numbers: readonly number[]): string[] {
  const ranges: [number, number][] = []
  for (const number of numbers) {
    const last = ranges.at(-1)
    if (last && number === last[1] + 1) last[1] = number
    else ranges.push([number, number])
  }
  return ranges.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`))
}
