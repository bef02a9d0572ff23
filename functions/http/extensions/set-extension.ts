import type { KeyObject } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Command, callDeadlineMs, type SettingName, signCommand } from '../../../contracts/commands.ts'
import type { EndpointState } from '../../../contracts/facts.ts'
import type { EndpointEntity } from '../../../contracts/frames.ts'
import type { SiteId } from '../../../contracts/names.ts'
import { makeCallId } from '../../domain/calls/placed.ts'
import { loopOf, phonesOf, storedOf } from '../../domain/forwards.ts'
import { existingSite, type SiteFinder } from '../existing-site.ts'
import { checkHeard, type Heard } from '../placed-calls/fast-refusals.ts'
import { HttpProblem } from '../problem.ts'

export interface Phones {
  health(site: SiteId): Promise<Heard | undefined>
  endpoints(site: SiteId): Promise<EndpointEntity[]>
}
export interface Setting {
  setting: SettingName
  /** Empty to clear. */
  target: string
}
export interface Setters {
  directory: SiteFinder
  phones: Phones
  commands: { send(url: string, body: string): Promise<void> }
  signingKey: KeyObject
  now: number
  clock(): number
}

/** The extension as it is then; `isDone` once the PBX has said that it is as it was to be. */
export interface Confirmed {
  isDone: boolean
  state: EndpointState
}

/** How long a request waits for the PBX's word; the way there and back takes some 100 ms. */
const waitMsMax = 4_000
const lookMs = 100

/** The phones of an extension; 404 if it has none. */
export async function extensionPhones(site: SiteId, extension: string, phones: Pick<Phones, 'endpoints'>) {
  const states = (await phones.endpoints(site)).map(({ state }) => state)
  const [first] = phonesOf(extension, states)
  if (!first) throw extensionUnknown('extension')
  return { isDone: true, state: first, states }
}

/** Has the PBX store settings of an extension, and waits a while for its word.  */
export async function setExtension(
  site: SiteId,
  extension: string,
  settings: readonly Setting[],
  setters: Setters,
): Promise<Confirmed> {
  const { directory, phones, now, clock } = setters
  checkHeard(await phones.health(site), now)
  const { state: first, states } = await extensionPhones(site, extension, phones)
  if (!first.forwardable) throw forwardingMissing()
  for (const { target } of settings) checkTarget(extension, target, states)
  const { commandQueue } = await existingSite(directory, site)
  if (!commandQueue) throw new Error(`the site ${site} has no command queue`)
  for (const setting of settings) {
    await setters.commands.send(commandQueue.url, signCommand(site, order(extension, setting, now), setters.signingKey))
  }
  const until = clock() + waitMsMax
  for (;;) {
    const { state } = await extensionPhones(site, extension, phones)
    const isDone = settings.every(({ setting, target }) => storedOf(setting, state) === target)
    if (isDone || clock() >= until) return { isDone, state }
    await sleep(lookMs)
  }
}

function order(extension: string, { setting, target }: Setting, now: number): Command {
  const times = { issuedAt: new Date(now).toISOString(), deadline: new Date(now + callDeadlineMs).toISOString() }
  return { command: 'set', order: makeCallId(now), extension, setting, target, ...times }
}

/** An extension that calls are sent on to is there, and does not send them back. */
function checkTarget(extension: string, target: string, states: readonly EndpointState[]): void {
  if (!/^[1-9]\d{1,5}$/.test(target)) return
  if (phonesOf(target, states).length === 0) throw extensionUnknown('target')
  const loop = loopOf(extension, target, states)
  if (!loop) return
  throw new HttpProblem(409, 'forward-loop', `Calls would go round: ${loop.join(' → ')}.`, {
    errors: [{ field: 'target', message: loop.join(' → ') }],
  })
}

function extensionUnknown(field: string): HttpProblem {
  return new HttpProblem(404, 'extension-unknown', 'No phone of this site has this extension.', {
    errors: [{ field, message: 'no extension of this site' }],
  })
}

function forwardingMissing(): HttpProblem {
  const detail =
    'The dial plan of this PBX does not follow forwarding: install infra/asterisk/snippets/forwarding.conf, as docs/call-control.md says.'
  return new HttpProblem(409, 'forwarding-missing', detail)
}
