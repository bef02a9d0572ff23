import type { ExtensionOfSite, GroupOfSite, Site, TrunkOfSite } from '../site.ts'
import { renderForwardCodes, renderForwardHints, renderForwarding } from './forwarding.ts'
import { renderMenus } from './menus.ts'

/**
 * Renders extensions.conf. A call stays in the extension that was dialled and jumps to labels in it: a Goto to another extension
 * would write that number into the call record.
 *
 * - `internes`: numbers that phones may dial
 * - `entrants`: numbers that outside callers may dial
 * - `sortants`: numbers outside
 * - `click2call`: numbers that a call placed by ARI may dial
 * - `renvoi-suivi`, `renvoi-dire`, `renvoi-api`: forwarding and do not disturb
 */
export function renderDialPlan(site: Site): string {
  const { extensions, groups, trunk } = site
  const ring: Ring = { seconds: site.ringSeconds, options: site.transferKeys ? ',tT' : '' }
  return [
    '[general]\nstatic = yes\nwriteprotect = yes\n',
    `[internes]\ninclude => sortants\n${site.menus.length > 0 ? 'include => menus\n' : ''}`,
    ...extensions.map((extension) => ringExtension(extension.number, extension, ring)),
    ...groups.map((group) => ringGroup(group, extensions, ring)),
    renderForwardCodes(),
    renderForwardHints(extensions.map(({ number }) => number)),
    '[entrants]',
    ...(trunk ? inbound(trunk, extensions, ring) : []),
    '[sortants]',
    ...(trunk ? [outbound(trunk, ring)] : []),
    '[click2call]\ninclude => internes\n',
    renderForwarding(),
    ...(site.menus.length > 0 ? [renderMenus(site.menus)] : []),
  ].join('\n')
}

/** How long a phone rings, and further options of Dial. */
interface Ring {
  readonly seconds: number
  readonly options: string
}

/**
 * Renders the extension `dialled`: it rings one phone and then its mailbox, or follows the call forwarding in astDB. An offline
 * phone is not dialled, because Asterisk would log two errors. Without a mailbox the extension ends with Dial, and Asterisk sends
 * the caller the status of the call. A further step, even Hangup, would write a second call record, so only extensions with
 * forwarding after Dial have one.
 */
function ringExtension(dialled: string, to: ExtensionOfSite, ring: Ring): string {
  const absent = `$["${variable(`DEVICE_STATE(PJSIP/${to.endpoint})`)}" = "UNAVAILABLE"]`
  const dial = `Dial(PJSIP/${to.endpoint},${ring.seconds}${ring.options})`
  const stored = (family: string) => variable(`DB(${family}/${to.number})`)
  const isBusy = `$["${variable('DIALSTATUS')}" = "BUSY"]`
  const forward = `GotoIf($["${variable('RENVOI')}" != ""]?suivi)`
  const follow = `(suivi),Goto(renvoi-suivi,${variable('EXTEN')},1)`
  const before = [`GotoIf($["${stored('dnd')}" != ""]?dnd)`, `Set(RENVOI=${stored('renvoi')})`, forward]
  const after = [
    `Set(RENVOI=${variable(`IF(${isBusy}?${stored('renvoi_busy')}:${stored('renvoi_noanswer')})`)})`,
    forward,
  ]
  const unavailable = [`(unavailable),Set(RENVOI=${stored('renvoi_unavailable')})`, forward]
  const dnd = [`(dnd),Set(RENVOI=${stored('renvoi_busy')})`, forward]
  if (to.mailbox === undefined) {
    const nothing = `$["${stored('renvoi_busy')}${stored('renvoi_noanswer')}" = ""]`
    return steps(dialled, [
      ...[...before, `GotoIf(${absent}?unavailable)`, `GotoIf(${nothing}?seul)`, dial, ...after, 'Hangup()'],
      ...[...unavailable, 'Hangup(20)', ...dnd, 'Hangup(17)', follow, `(seul),${dial}`],
    ])
  }
  return steps(dialled, [
    ...[...before, `GotoIf(${absent}?unavailable)`, dial, ...after],
    `GotoIf(${isBusy}?busy)`,
    'Goto(absent)',
    ...unavailable,
    `(absent),VoiceMail(${to.mailbox}@voicemail,u)`,
    'Hangup()',
    ...dnd,
    `(busy),VoiceMail(${to.mailbox}@voicemail,b)`,
    'Hangup()',
    follow,
  ])
}

/** Renders an extension that rings several phones; each phone gets its own call record. */
function ringGroup({ number, extensions }: GroupOfSite, all: readonly ExtensionOfSite[], ring: Ring): string {
  const phones = all.filter((extension) => extensions.includes(extension.number))
  const targets = phones.map(({ endpoint }) => `PJSIP/${endpoint}`).join('&')
  return steps(number, [`Dial(${targets},${ring.seconds}${ring.options})`])
}

function inbound(trunk: TrunkOfSite, extensions: readonly ExtensionOfSite[], ring: Ring): string[] {
  return trunk.numbers.flatMap(({ number, extension }) => {
    const to = extensions.find((candidate) => candidate.number === extension)
    return to ? [ringExtension(number, to, ring)] : []
  })
}

/** Renders outside calls. They ring twice as long as a phone here, because the far end needs time to ring. */
function outbound(trunk: TrunkOfSite, ring: Ring): string {
  const number = trunk.stripDigits === 0 ? variable('EXTEN') : variable(`EXTEN:${trunk.stripDigits}`)
  return steps('_0X.', [`Dial(PJSIP/${number}@${trunk.name},${2 * ring.seconds}${ring.options})`])
}

/** Returns Asterisk's notation for the value of a variable. */
const variable = (name: string) => `\${${name}}`

function steps(pattern: string, applications: readonly string[]): string {
  const lines = applications.map((application, index) => {
    const start = index === 0 ? `exten => ${pattern},1` : '  same => n'
    return application.startsWith('(') ? `${start}${application}` : `${start},${application}`
  })
  return `${lines.join('\n')}\n`
}
