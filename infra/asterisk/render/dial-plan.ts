import type { ExtensionOfSite, GroupOfSite, Site, TrunkOfSite } from '../site.ts'
import { renderForwardCodes, renderForwardHints, renderForwarding } from './forwarding.ts'
import { renderMenus } from './menus.ts'

/**
 * extensions.conf. A call stays in the extension that was dialled, with labels for its turns: a Goto would put another
 * number into its record.
 *
 * - `internes`: what the phones may dial
 * - `entrants`: what outside callers may dial
 * - `sortants`: the way out
 * - `click2call`: what a call placed over ARI may dial
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

/** How long a phone rings, and what else Dial is told. */
interface Ring {
  readonly seconds: number
  readonly options: string
}

/**
 * Rings one phone for whoever dialled `dialled`, then its mailbox; or sends the call on as astDB says. A phone that is not
 * there is not dialled: Asterisk would log two errors for it. Without a mailbox the plan ends with Dial and Asterisk tells
 * the caller what came of it; one more step, even Hangup, would make one more record, so that is left for the phones that
 * have something to look up after Dial.
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

/** Each phone makes a record of its own. */
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

/** A far end needs time to ring too: twice as long as a phone of the house. */
function outbound(trunk: TrunkOfSite, ring: Ring): string {
  const number = trunk.stripDigits === 0 ? variable('EXTEN') : variable(`EXTEN:${trunk.stripDigits}`)
  return steps('_0X.', [`Dial(PJSIP/${number}@${trunk.name},${2 * ring.seconds}${ring.options})`])
}

/** Asterisk's own notation for the value of a variable. */
const variable = (name: string) => `\${${name}}`

function steps(pattern: string, applications: readonly string[]): string {
  const lines = applications.map((application, index) => {
    const start = index === 0 ? `exten => ${pattern},1` : '  same => n'
    return application.startsWith('(') ? `${start}${application}` : `${start},${application}`
  })
  return `${lines.join('\n')}\n`
}
