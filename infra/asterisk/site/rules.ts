import { DND_CODE, FORWARD_CODE } from '../codes.ts'
import { internalNumbers, type Path, targetsOf, trunkPaths, trunksOf } from './numbers.ts'
import type { Site } from './schema.ts'

/** What is wrong between the keys of a site. `path` is where to look. */
export interface Problem {
  readonly message: string
  readonly path: Path
}

/** Returns what contradicts itself in a site whose keys are valid one by one, with ranges expanded. */
export function contradictions(site: Site): Problem[] {
  return [
    ...repeated('each extension number may appear only once', internalNumbers(site)),
    ...repeated('each endpoint may appear only once', endpoints(site)),
    ...repeated('each mailbox may appear only once', mailboxes(site)),
    ...repeated('each trunk number may appear only once', trunkNumbers(site)),
    ...codes(site),
    ...strangers(site),
    ...routes(site),
    ...hours(site),
    ...circles(site),
    ...transports(site),
  ]
}

/** One problem, at the first place where a value appears again. */
function repeated(message: string, all: readonly { number: string; path: Path }[]): Problem[] {
  const seen = new Set<string>()
  for (const { number, path } of all) {
    if (seen.has(number)) return [{ message, path }]
    seen.add(number)
  }
  return []
}

function endpoints(site: Site) {
  const paths = trunkPaths(site)
  return [
    ...site.extensions.map(({ endpoint }, n) => ({ number: endpoint, path: ['extensions', n, 'endpoint'] })),
    ...trunksOf(site).map(({ name }, n) => ({ number: name, path: [...(paths[n] ?? []), 'name'] })),
  ]
}

function mailboxes(site: Site) {
  return site.extensions.flatMap(({ mailbox }, n) =>
    mailbox === undefined ? [] : [{ number: mailbox, path: ['extensions', n, 'mailbox'] }],
  )
}

function trunkNumbers(site: Site) {
  const paths = trunkPaths(site)
  return trunksOf(site).flatMap(({ numbers }, n) =>
    numbers.map(({ number, extension }, m) => ({ number, extension, path: [...(paths[n] ?? []), 'numbers', m] })),
  )
}

/** The dial plan itself uses two numbers. */
function codes(site: Site): Problem[] {
  const own = internalNumbers(site).find(({ number }) => number === FORWARD_CODE || number === DND_CODE)
  if (!own) return []
  const message = `${FORWARD_CODE} and ${DND_CODE} are the codes for forwarding and do not disturb`
  return [{ message, path: own.path }]
}

/** Numbers and mailboxes that nobody has. */
function strangers(site: Site): Problem[] {
  const inside = new Set(internalNumbers(site).map(({ number }) => number))
  const phones = new Set(site.extensions.map(({ number }) => number))
  const boxes = new Set(site.extensions.flatMap(({ mailbox }) => mailbox ?? []))
  const lost = trunkNumbers(site).find(({ extension }) => !inside.has(extension))
  const inList = (list: 'groups' | 'queues') =>
    site[list].flatMap(({ extensions }, n) =>
      extensions.flatMap((one, m) => (phones.has(one) ? [] : [[list, n, 'extensions', m]])),
    )
  const [group] = inList('groups')
  const [queue] = inList('queues')
  const targets = targetsOf(site).flatMap(({ target: { extension, mailbox }, path }): Problem[] => {
    if (extension !== undefined && !inside.has(extension))
      return [{ message: 'each target must be a number of this site', path: [...path, 'extension'] }]
    if (mailbox !== undefined && !boxes.has(mailbox))
      return [{ message: 'each mailbox must belong to an extension', path: [...path, 'mailbox'] }]
    return []
  })
  const message = 'each trunk number must name an extension of the list'
  return [
    ...(lost ? [{ message, path: [...lost.path, 'extension'] }] : []),
    ...(group ? [{ message: 'each group must name extensions of the list', path: group }] : []),
    ...(queue ? [{ message: 'each queue must name extensions of the list', path: queue }] : []),
    ...targets,
  ]
}

function routes({ outside, ...site }: Site): Problem[] {
  const names = new Set(trunksOf(site).map(({ name }) => name))
  const wrong = outside?.routes.flatMap(({ trunks }, n) =>
    trunks.flatMap((name, m) => (names.has(name) ? [] : [['outside', 'routes', n, 'trunks', m]])),
  )[0]
  const twice = outside
    ? repeated(
        'each pattern may appear in one route only',
        outside.routes.flatMap(({ numbers }, n) =>
          numbers.map((number, m) => ({ number, path: ['outside', 'routes', n, 'numbers', m] })),
        ),
      )
    : []
  // An internal number with the prefix before it would never be reached: Asterisk takes the exact number first.
  const hidden = outside
    ? internalNumbers(site as Site).find(
        ({ number }) => outside.emergency.includes(number) || number.startsWith(outside.prefix),
      )
    : undefined
  return [
    ...(wrong ? [{ message: 'each route must name trunks of this site', path: wrong }] : []),
    ...twice,
    ...(hidden
      ? [
          {
            message: 'no number of the site may be an emergency number or begin with the outside prefix',
            path: hidden.path,
          },
        ]
      : []),
  ]
}

function hours(site: Site): Problem[] {
  return site.hours.flatMap(({ open }, n) =>
    open.flatMap(({ from, to }, m) =>
      from < to ? [] : [{ message: 'from must be earlier than to', path: ['hours', n, 'open', m, 'to'] }],
    ),
  )
}

/** A call that goes on by itself must come to an end: no way back without a key. */
function circles(site: Site): Problem[] {
  const next = Map.groupBy(
    targetsOf(site).filter(({ byKey }) => !byKey),
    ({ from }) => from,
  )
  const comesBack = (to: string, start: string, seen: Set<string>): boolean => {
    if (to === start) return true
    if (seen.has(to)) return false
    seen.add(to)
    return (next.get(to) ?? []).some(({ target }) => comesBack(target.extension ?? '', start, seen))
  }
  return targetsOf(site)
    .filter(({ byKey, from, target }) => !byKey && comesBack(target.extension ?? '', from, new Set()))
    .slice(0, 1)
    .map(({ path }) => ({ message: 'a call must not come back to the number that it left', path }))
}

function transports(site: Site): Problem[] {
  const missing = (kind: string, isThere: boolean) => {
    if (isThere) return []
    const phone = site.extensions.findIndex(({ connect }) => connect === kind)
    const trunk = trunksOf(site).findIndex(({ connect }) => connect === kind)
    if (phone < 0 && trunk < 0) return []
    const path = phone < 0 ? (trunkPaths(site)[trunk] ?? []) : ['extensions', phone]
    const wanted = kind === 'tcp' ? 'sip with tcp: true' : kind
    return [{ message: `connect: ${kind} needs ${wanted} in the site`, path: [...path, 'connect'] }]
  }
  const { ports } = site
  return [
    ...missing('tls', site.tls !== undefined),
    ...missing('webrtc', site.webrtc !== undefined),
    ...missing('tcp', site.sip?.tcp === true),
    ...(ports && ports.rtpFirst >= ports.rtpLast
      ? [{ message: 'rtpFirst must be less than rtpLast', path: ['ports', 'rtpLast'] }]
      : []),
  ]
}
