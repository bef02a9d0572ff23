import type { Cdr } from '../../contracts/cdr.ts'
import { makeCdr } from './cdrs.ts'
import type { SharedDeployment, TestSite } from './deployment.ts'
import { cdrEvent } from './facts.ts'

/** Rows of one message, as a bridge packs a backlog. */
const rowsPerMessage = 500
const extensions = ['60', '61', '62', '63', '64', '65', '66', '67']
const of = <T>(list: readonly [T, ...T[]] | readonly T[], n: number) => list[n % list.length] as T

/** The nth call of an office: internal, in and out over a trunk; answered, busy, given up, or ended in voicemail. */
export function officeCall(n: number): Cdr[] {
  const [a, b] = [of(extensions, n), of(extensions, Math.floor(n / 3) + 1)]
  const outside = `0${(612_345_600 + ((n * 37) % 400)).toString()}`
  const kind = n % 10
  const talk = (n * 13) % 400
  const inbound = { src: outside, clid: `<${outside}>`, channel: `PJSIP/mytrunk-${hex(n)}`, dcontext: 'entrants' }
  const outbound = { dst: outside, dstchannel: `PJSIP/mytrunk-${hex(n)}` }
  const way = kind < 4 ? { src: a, dst: b } : kind < 7 ? { ...inbound, dst: b } : { src: a, ...outbound }
  const base = makeCdr(n, { ...way, clid: kind < 4 || kind > 6 ? `"Phone ${a}" <${a}>` : `<${outside}>` })
  const missed = { answer: '', billsec: 0, duration: 20, end: later(base.start, 20), disposition: 'NO ANSWER' }
  if (n % 7 === 3) return [{ ...base, ...missed, disposition: 'BUSY', duration: 1, end: later(base.start, 1) }]
  if (n % 11 === 5) return [{ ...base, ...missed }]
  if (n % 13 === 6) {
    const voicemail = {
      lastapp: 'VoiceMail',
      lastdata: `60${b}@voicemail,u`,
      dstchannel: '',
      sequence: base.sequence + 1_000_000,
    }
    const times = {
      start: later(base.start, 20),
      answer: later(base.start, 20),
      end: later(base.start, 31),
      duration: 11,
      billsec: 11,
    }
    return [
      { ...base, ...missed },
      { ...base, ...voicemail, ...times },
    ]
  }
  return [
    { ...base, duration: talk + 4, billsec: talk, answer: later(base.start, 4), end: later(base.start, talk + 4) },
  ]
}

/** Puts `count` calls into a site's call log, by its queue. Resolves when they are sent. */
export async function fillCallLog(deployment: SharedDeployment, site: TestSite, count: number): Promise<number> {
  const events = Array.from({ length: count }, (_, n) => officeCall(n))
    .flat()
    .map((cdr) => cdrEvent(site.site.site, cdr))
  for (let from = 0; from < events.length; from += rowsPerMessage) {
    await deployment.send(site, 'records', events.slice(from, from + rowsPerMessage))
  }
  return events.length
}

function later(moment: string, seconds: number): string {
  return `${new Date(Date.parse(moment) + seconds * 1000).toISOString().slice(0, 19)}+0000`
}

function hex(n: number): string {
  return n.toString(16).padStart(8, '0')
}
