import { trunksOf } from '../site/numbers.ts'
import type { Site, TrunkOfSite } from '../site.ts'
import { type Ring, ringExtension } from './ring.ts'
import { steps, variable } from './steps.ts'

/**
 * Beginnings of premium and satellite numbers, by country, as POSIX regular expressions. They are refused unless the site allows
 * them: a stolen password is used for exactly these.
 */
const premium: Readonly<Record<Site['country'], string>> = {
  fr: '0?8[129]|118|3[0-9]{3}$',
  be: '0?90|0?70',
  ch: '0?90[016]',
  de: '0?900|0?137|118',
  gb: '0?9|0?8[47]|118',
  us: '1?900|1?976',
}
const satellites = '(00|011)(88[123]|979)'

/** Family in astDB: a key with the number of an extension blocks its outside calls. */
const BLOCKED_FAMILY = 'sortie-bloquee'

/**
 * Renders the numbers of the providers. A number that leads to a phone rings it in place, so the record keeps the outside number.
 * Others go on to `internes`, and the record keeps the number in its field `did`.
 */
export function renderInbound(site: Site, ring: Ring): string[] {
  return trunksOf(site).flatMap(({ numbers }) =>
    numbers.map(({ number, extension }) => {
      const phone = site.extensions.find((candidate) => candidate.number === extension)
      if (phone) return ringExtension(number, phone, ring)
      return steps(number, [`Set(CDR(did)=${variable('EXTEN')})`, `Goto(internes,${extension},1)`])
    }),
  )
}

/** Renders the numbers outside. They ring twice as long as a phone here, because the far end needs time to ring. */
export function renderOutbound(site: Site, ring: Ring): string[] {
  const trunks = trunksOf(site)
  const { outside } = site
  if (!outside) return site.trunk ? [route('_0X.', site.trunk.stripDigits, [site.trunk], site, ring)] : []
  const named = (names: readonly string[]) => names.flatMap((name) => trunks.find((trunk) => trunk.name === name) ?? [])
  const { prefix, routes, emergency } = outside
  const everyTrunk = [...new Set(routes.flatMap((one) => one.trunks))]
  return [
    ...emergency.flatMap((number) =>
      [number, `${prefix}${number}`].map((dialled) => steps(dialled, dials(number, named(everyTrunk), ring))),
    ),
    ...routes.flatMap(({ numbers, trunks: names }) =>
      numbers.map((pattern) => route(`_${prefix}${pattern}`, prefix.length, named(names), site, ring)),
    ),
  ]
}

/**
 * Renders one pattern of outside numbers. Only digits reach the provider: a phone can dial any character, and `&` would call
 * another channel. The guard refuses premium numbers and extensions that may not call outside (cause 21).
 */
function route(
  pattern: string,
  strip: number,
  trunks: readonly TrunkOfSite[],
  { outside, country }: Pick<Site, 'outside' | 'country'>,
  ring: Ring,
): string {
  const number = variable('NUMERO')
  const refused = [...(outside?.premium ? [] : [premium[country], satellites]), ...(outside?.refused ?? [])]
  const isAllowed = refused.length === 0 ? '' : ` & ${variable(`REGEX("^(${refused.join('|')})" ${number})`)} = 0`
  const barred = `${variable(`DB(${BLOCKED_FAMILY}/${variable('POSTE')})`)}${variable('SORTIE')}`
  return steps(pattern, [
    `Set(NUMERO=${variable(`FILTER(0-9,${variable(strip === 0 ? 'EXTEN' : `EXTEN:${strip}`)})`)})`,
    `GotoIf($["${barred}" = ""${isAllowed}]?dehors)`,
    'Hangup(21)',
    ...dials(number, trunks, ring).map((step, n) => (n === 0 ? `(dehors),${step}` : step)),
  ])
}

/** Dials by the first trunk; by the next one if a trunk is away or full. Nothing follows the last Dial: see `ringExtension`. */
function dials(number: string, trunks: readonly TrunkOfSite[], ring: Ring): string[] {
  const status = variable('DIALSTATUS')
  return trunks.flatMap(({ name }, n) => {
    const dial = `Dial(PJSIP/${number}@${name},${2 * ring.seconds}${ring.options})`
    const label = n === 0 ? '' : `(voie${n + 1}),`
    if (n === trunks.length - 1) return [`${label}${dial}`]
    return [
      `${label}${dial}`,
      `GotoIf($["${status}" = "CHANUNAVAIL" | "${status}" = "CONGESTION"]?voie${n + 2})`,
      `Hangup(${variable('HANGUPCAUSE')})`,
    ]
  })
}
