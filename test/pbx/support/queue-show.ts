import type { Queue, QueueMember } from '../../../contracts/queues.ts'

/*
 * Reads what the command `queue show` prints, independently of the Manager Interface: both are compared as lines of text. Its
 * format is that of `__queues_show` in app_queue.c.
 */

/** What a person sees of the queues: one line a queue, member and caller. */
export interface ShownQueues {
  lines: string[]
  /** By the same text as in `lines`: seconds since the last call, and seconds that a caller has waited. */
  ages: Map<string, number>
}

const states: Record<string, string> = {
  'Not in use': 'NOT_INUSE',
  'In use': 'INUSE',
  Busy: 'BUSY',
  Invalid: 'INVALID',
  Unavailable: 'UNAVAILABLE',
  Ringing: 'RINGING',
  'Ring+Inuse': 'RINGINUSE',
  'On Hold': 'ONHOLD',
  Unknown: 'UNKNOWN',
}
// biome-ignore lint/suspicious/noControlCharactersInRegex: Asterisk colours its output.
export const colours = /\u001b\[[\d;]*m/g
const queueLine = /^(\S+) has (\d+) calls \(max \S+\) in '(\w+)' strategy/
const memberLine = /^ {6}(.+?) \((\S+?)(?: from (\S+?))?\)(.*)$/
/** A member whose name is its interface. */
const namelessLine = /^ {6}(\S+\/\S+)( with penalty \d+)? \(ringinuse .*$/
const callerLine = /^ {6}(\d+)\. (\S+) \(wait: (\d+):(\d\d), prio: \d+\)$/

/** `channels` is the output of `core show channels concise`, which has number and unique id of a caller's channel. */
export function readQueueShow(text: string, channels: string): ShownQueues {
  const byName = new Map(
    channels.split('\n').map((line) => {
      const fields = line.split('!')
      return [fields[0] ?? '', { number: fields[7] ?? '', uniqueid: fields[13] ?? '' }] as const
    }),
  )
  const lines: string[] = []
  const ages = new Map<string, number>()
  let queue = ''
  for (const raw of text.split('\n')) {
    const line = raw.replace(colours, '').trimEnd()
    const [, name, , strategy] = queueLine.exec(line) ?? []
    const [, position, channel = '', minutes, seconds] = callerLine.exec(line) ?? []
    const [, nameless] = namelessLine.exec(line) ?? []
    const [, memberName, face, from, rest] = nameless
      ? [line, nameless, nameless, undefined, line]
      : (memberLine.exec(line) ?? [])
    if (name !== undefined) {
      queue = name
      lines.push(`${queue} ${strategy}`)
    } else if (position !== undefined) {
      const { number, uniqueid } = byName.get(channel) ?? { number: '?', uniqueid: '?' }
      const key = `${queue} caller ${position} ${uniqueid} ${number}`
      lines.push(key)
      ages.set(key, Number(minutes) * 60 + Number(seconds))
    } else if (memberName !== undefined && rest?.includes('has taken')) {
      const key = `${queue} member ${face} ${memberName} of ${from ?? face}`
      const [, state] = [...rest.matchAll(/\(([A-Z][\w+ ]*)\)/g)].at(-1) ?? []
      const [, reason] = /\(paused(?::(.*?))?(?: was \d+ secs ago)?\)/.exec(rest) ?? []
      const paused = rest.includes('(paused') ? ` paused:${reason ?? ''}` : ''
      const [, penalty = '0'] = /with penalty (\d+)/.exec(rest) ?? []
      const [, taken = '0'] = /has taken (\d+) calls/.exec(rest) ?? []
      const membership = /\((dynamic|realtime)\)/.exec(rest)?.[1] ?? 'static'
      lines.push(`${key}: ${states[state ?? '']}${paused} penalty ${penalty} taken ${taken} ${membership}`)
      const [, last] = /\(last was (\d+) secs ago\)/.exec(rest) ?? []
      if (last !== undefined) ages.set(key, Number(last))
    }
  }
  return { lines: lines.sort(), ages }
}

/** Returns the published queues in the same form. */
export function shownOf(queues: readonly Queue[], nowMs: number): ShownQueues {
  const age = (time: string) => Math.round((nowMs - Date.parse(time)) / 1000)
  const ages = new Map<string, number>()
  const lines = queues.flatMap(({ queue, strategy, members, callers }) => [
    `${queue} ${strategy}`,
    ...members.map((member) => {
      const key = `${queue} member ${member.interface} ${member.name} of ${member.stateInterface ?? member.interface}`
      if (member.lastCallAt !== undefined) ages.set(key, age(member.lastCallAt))
      return `${key}: ${member.state}${pauseOf(member)} penalty ${member.penalty} taken ${member.callsTaken} ${member.membership}`
    }),
    ...callers.map(({ position, uniqueid, number, since }) => {
      const key = `${queue} caller ${position} ${uniqueid} ${number}`
      ages.set(key, age(since))
      return key
    }),
  ])
  return { lines: lines.sort(), ages }
}

function pauseOf({ paused }: QueueMember): string {
  return paused ? ` paused:${paused.reason ?? ''}` : ''
}

/** Asterisk's times are whole seconds, and the two sides are read one after the other. */
const ageSecondsMax = 3

/** Returns what differs, one sentence a difference. */
export function queueDifferences(shown: ShownQueues, published: ShownQueues): string[] {
  const missing = shown.lines.filter((line) => !published.lines.includes(line))
  const surplus = published.lines.filter((line) => !shown.lines.includes(line))
  const ages = [...shown.ages].filter(([key, age]) => Math.abs((published.ages.get(key) ?? -99) - age) > ageSecondsMax)
  return [
    ...missing.map((line) => `queue show alone: ${line}`),
    ...surplus.map((line) => `published alone: ${line}`),
    ...ages.map(([key, age]) => `${key}: ${age} s, published ${published.ages.get(key)} s`),
  ]
}
