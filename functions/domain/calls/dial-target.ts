import { parseChannelName } from '../../../contracts/channel-name.ts'

/** What `Dial` was told to call, in the order of its argument: endpoints and extensions of Local channels. */
export interface DialTarget {
  /** `PJSIP/1002`, or the trunk of `PJSIP/0612345678@provider`. */
  endpoint?: string
  /** The extension of a Local channel. */
  exten?: string
}

/** Reads the first argument of `Dial`: `PJSIP/1002&Local/1003@from-queue/n,15,tT`. */
export function dialTargets(lastdata: string): DialTarget[] {
  const [first = ''] = lastdata.split(',')
  return first.split('&').flatMap((text): DialTarget[] => {
    const local = /^Local\/([^@/]+)@/.exec(text)
    if (local?.[1] !== undefined) return [{ exten: local[1] }]
    const [technology = '', resource = ''] = text.split('/')
    if (resource === '') return []
    const peer = /@(.+)$/.exec(resource)?.[1] ?? resource
    return [{ endpoint: `${technology}/${peer}` }]
  })
}

/** Seconds for which `Dial` or `Queue` lets phones ring; undefined where the call has no such limit. */
export function ringLimitOf(lastapp: string, lastdata: string): number | undefined {
  const index = lastapp === 'Dial' ? 1 : lastapp === 'Queue' ? 4 : undefined
  const limit = index === undefined ? Number.NaN : Number(lastdata.split(',')[index] || Number.NaN)
  return Number.isNaN(limit) ? undefined : limit
}

/** Whether a dialled endpoint is the one that a channel belongs to. */
export function isTargetOf(target: DialTarget, channel: string): boolean {
  const name = parseChannelName(channel)
  if (name?.kind === 'local') return target.exten === name.exten
  return name?.kind === 'device' && target.endpoint === name.endpoint
}
