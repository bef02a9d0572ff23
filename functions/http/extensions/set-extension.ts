import type { KeyObject } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type Command,
  callDeadlineMs,
  commandTimes,
  type SettingName,
  signCommand,
} from '../../../contracts/commands.ts'
import type { EndpointState } from '../../../contracts/facts.ts'
import type { EndpointEntity } from '../../../contracts/frames.ts'
import type { SiteId } from '../../../contracts/names.ts'
import { makeCallId } from '../../domain/calls/placed.ts'
import { loopOf, phonesOf, storedOf } from '../../domain/forwards.ts'
import { commandQueueOf, existingSite, type SiteFinder } from '../existing-site.ts'
import { type BridgeHealth, checkBridgeOnline } from '../placed-calls/reachable-endpoint.ts'
import { HttpProblemError } from '../problem.ts'

export interface PhoneReader {
  health(site: SiteId): Promise<BridgeHealth | undefined>
  endpoints(site: SiteId): Promise<EndpointEntity[]>
}
export interface Setting {
  setting: SettingName
  /** Empty to clear. */
  target: string
}
export interface ExtensionChange {
  extension: string
  settings: readonly Setting[]
}
export interface SetExtensionDependencies {
  directory: SiteFinder
  phones: PhoneReader
  commands: { send(url: string, body: string): Promise<void> }
  signingKey: KeyObject
  now: number
  clock(): number
  /** Whether the caller may see to which numbers other extensions forward, which a refused loop would name. */
  seesTargets?: boolean
}

/** State of an extension after a request; `isConfirmed` if the PBX has reported the wanted values. */
export interface ExtensionResult {
  isConfirmed: boolean
  state: EndpointState
}

/** How long a request waits until the PBX confirms; the round trip takes some 100 ms. */
const waitMsMax = 4_000
const lookMs = 100

/** Returns the state of an extension's phone. @throws HttpProblemError 404 if it has none */
export async function findExtension(site: SiteId, extension: string, phones: PhoneReader): Promise<ExtensionResult> {
  return { isConfirmed: true, state: phoneOf(extension, await statesOf(site, phones)) }
}

/**
 * Sends the settings of extensions to the PBX and waits up to four seconds until it confirms them. Returns the state of each
 * extension then, in the order of the changes.
 */
export async function setExtensions(
  site: SiteId,
  changes: readonly ExtensionChange[],
  dependencies: SetExtensionDependencies,
): Promise<ExtensionResult[]> {
  const { directory, phones, now, clock } = dependencies
  checkBridgeOnline(await phones.health(site), now)
  const states = await statesOf(site, phones)
  for (const { extension, settings } of changes) {
    if (!phoneOf(extension, states).forwardable) throw forwardingMissing()
    for (const { target } of settings) checkLoop(extension, target, states, dependencies.seesTargets)
  }
  const { url } = commandQueueOf(await existingSite(directory, site))
  await Promise.all(changes.map((change) => send(site, url, change, dependencies)))
  const until = clock() + waitMsMax
  for (;;) {
    const found = await statesOf(site, phones)
    const confirmed = changes.map(({ extension, settings }) => {
      const state = phoneOf(extension, found)
      return { isConfirmed: settings.every(({ setting, target }) => storedOf(setting, state) === target), state }
    })
    if (confirmed.every(({ isConfirmed }) => isConfirmed) || clock() >= until) return confirmed
    await sleep(lookMs)
  }
}

export async function setExtension(
  site: SiteId,
  change: ExtensionChange,
  dependencies: SetExtensionDependencies,
): Promise<ExtensionResult> {
  const [confirmed] = await setExtensions(site, [change], dependencies)
  if (!confirmed) throw extensionUnknown()
  return confirmed
}

async function statesOf(site: SiteId, phones: PhoneReader): Promise<EndpointState[]> {
  return (await phones.endpoints(site)).map(({ state }) => state)
}

function phoneOf(extension: string, states: readonly EndpointState[]): EndpointState {
  const [first] = phonesOf(extension, states)
  if (!first) throw extensionUnknown()
  return first
}

/** Sends the settings one after the other, because the PBX stores them in the order of arrival. */
async function send(
  site: SiteId,
  url: string,
  change: ExtensionChange,
  { commands, signingKey, now }: SetExtensionDependencies,
): Promise<void> {
  const { extension, settings } = change
  for (const setting of settings)
    await commands.send(url, signCommand(site, setCommand(extension, setting, now), signingKey))
}

function setCommand(extension: string, { setting, target }: Setting, now: number): Command {
  const times = commandTimes(now, now + callDeadlineMs)
  return { command: 'set', order: makeCallId(now), extension, setting, target, ...times }
}

/** Checks that a target extension does not forward back. */
function checkLoop(extension: string, target: string, states: readonly EndpointState[], seesTargets = false): void {
  const loop = target === '' ? undefined : loopOf(extension, target, states)
  if (!loop) return
  const way = seesTargets ? `: ${loop.join(' → ')}` : ''
  throw new HttpProblemError(409, 'forward-loop', `The forwarding would form a loop${way}.`, {
    errors: [{ field: 'target', message: `Forms a loop${way}.` }],
  })
}

function extensionUnknown(): HttpProblemError {
  return new HttpProblemError(404, 'extension-unknown', 'No phone of this site has this extension.', {
    errors: [{ field: 'extension', message: 'Not an extension of this site.' }],
  })
}

function forwardingMissing(): HttpProblemError {
  const detail =
    'The dial plan of this PBX does not follow forwarding. On FreePBX and Issabel run switchhook-bridge setup; elsewhere install infra/asterisk/snippets/forwarding.conf (docs/call-control.md).'
  return new HttpProblemError(409, 'forwarding-missing', detail)
}
