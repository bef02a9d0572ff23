import type { QueueOfSite } from '../site/schema.ts'
import type { ExtensionOfSite, GroupOfSite, Site } from '../site.ts'
import type { Ring } from './ring.ts'
import { sendTo, steps } from './steps.ts'

/** Renders an extension that rings several phones; each phone gets its own call record. */
export function renderGroup(group: GroupOfSite, all: readonly ExtensionOfSite[], ring: Ring): string {
  const { number, extensions, inTurn, otherwise } = group
  const phones = inTurn
    ? extensions.flatMap((one) => all.find((extension) => extension.number === one) ?? [])
    : all.filter((extension) => extensions.includes(extension.number))
  const targets = phones.map(({ endpoint }) => `PJSIP/${endpoint}`)
  const dial = (target: string) => `Dial(${target},${ring.seconds}${ring.options})`
  const dials = inTurn ? targets.map(dial) : [dial(targets.join('&'))]
  return steps(number, [...dials, ...(otherwise ? sendTo(otherwise) : [])])
}

/** Renders the number of a queue. The caller hears the ringing tone: music would need files that a fresh PBX lacks. */
export function renderQueueEntry({ number, waitSeconds, otherwise }: QueueOfSite): string {
  const then = otherwise ? sendTo(otherwise) : ['Playback(im-sorry&please-try-call-later)', 'Hangup()']
  return steps(number, ['Answer()', `Queue(${number},r,,,${waitSeconds})`, ...then])
}

/** Renders queues.conf: one section a queue, named by its number. */
export function renderQueues({ queues, extensions }: Pick<Site, 'queues' | 'extensions'>): string {
  return [
    '[general]\npersistentmembers = no\nautofill = yes\nshared_lastcall = yes\n',
    ...queues.map((queue) => {
      const members = queue.extensions.flatMap((one) => extensions.find(({ number }) => number === one) ?? [])
      const lines = members.map(({ endpoint, name }) => `member => PJSIP/${endpoint},0,${name},PJSIP/${endpoint}`)
      return `${queue.name === undefined ? '' : `; ${queue.name}\n`}[${queue.number}]
strategy = ${queue.strategy}
timeout = ${queue.ringSeconds}
retry = 1
ringinuse = no
joinempty = yes
leavewhenempty = no
announce-frequency = 0
${lines.join('\n')}
`
    }),
  ].join('\n')
}
