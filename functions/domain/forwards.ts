import type { SettingName } from '../../contracts/commands.ts'
import type { EndpointState } from '../../contracts/facts.ts'
import { extensionDigitsMax } from '../../contracts/numbers/number-spelling.ts'
import { extensionOf, forwardParts, forwardWhens } from '../../contracts/presence.ts'
import type { DoNotDisturb, Forwards } from '../../contracts/routes/extensions.ts'

export function forwardsOf(extension: string, state: EndpointState): Forwards {
  const set = forwardWhens.flatMap((when) => {
    const forward = state[forwardParts[when]]
    return forward ? [[when, forward]] : []
  })
  return { extension, ...Object.fromEntries(set) }
}

export function dndOf(extension: string, { dnd }: EndpointState): DoNotDisturb {
  return { extension, dnd: dnd !== undefined, ...(dnd && { since: dnd.since }) }
}

/** Returns the value of a setting in astDB: digits to dial, `1` for do not disturb, or empty if it is not set. */
export function storedOf(setting: SettingName, state: EndpointState): string {
  if (setting === 'dnd') return state.dnd ? '1' : ''
  return state[forwardParts[setting]]?.target ?? ''
}

export function phonesOf(extension: string, states: readonly EndpointState[]): EndpointState[] {
  return states.filter((state) => extensionOf(state) === extension)
}

/**
 * Returns the loop that a forward from `extension` to `target` would close, such as `['60', '61', '60']`; undefined if it
 * closes no loop. All kinds of forwards count, since a call that is forwarded on busy can meet one that is always forwarded.
 */
export function loopOf(extension: string, target: string, states: readonly EndpointState[]): string[] | undefined {
  const cameFrom = new Map<string, string>([[target, extension]])
  const open = [target]
  for (const at of open) {
    if (at === extension) return wayTo(at, extension, cameFrom)
    for (const next of targetsOf(at, states)) {
      if (cameFrom.has(next)) continue
      cameFrom.set(next, at)
      open.push(next)
    }
  }
  return undefined
}

function targetsOf(extension: string, states: readonly EndpointState[]): string[] {
  const targets = phonesOf(extension, states).flatMap((state) =>
    forwardWhens.map((when) => state[forwardParts[when]]?.target ?? ''),
  )
  return targets.filter((target) => target !== '' && target.length <= extensionDigitsMax)
}

/** Returns the way from `start` to `end`. It is at most as long as there are extensions. */
function wayTo(end: string, start: string, cameFrom: ReadonlyMap<string, string>): string[] {
  const way = [end]
  for (let at = cameFrom.get(end); at !== undefined && at !== start && way.length <= cameFrom.size; ) {
    way.unshift(at)
    at = cameFrom.get(at)
  }
  return [start, ...way]
}
