import type { KeyObject } from 'node:crypto'
import type { Call } from '../../../contracts/calls.ts'
import { callDeadlineMs, commandTimes, signCommand } from '../../../contracts/commands.ts'
import type { CallEntity } from '../../../contracts/frames.ts'
import type { SiteId } from '../../../contracts/names.ts'
import { enrich, toCall } from '../../domain/calls/placed.ts'
import type { PlacedRow } from '../../stores/placed-calls.ts'
import { commandQueueOf, existingSite, type SiteFinder } from '../existing-site.ts'
import { HttpProblemError } from '../problem.ts'

export interface EndCallDependencies {
  directory: SiteFinder
  placed: { find(site: SiteId, call: string): Promise<PlacedRow | undefined> }
  calls(site: SiteId): Promise<CallEntity[]>
  commands: { send(url: string, body: string): Promise<void> }
  signingKey: KeyObject
  now: number
}

/** Tells the bridge to end a call, or not to start it. A call that has ended is answered unchanged. */
export async function endCall(site: SiteId, id: string, dependencies: EndCallDependencies): Promise<Call> {
  const { directory, placed, calls, commands, signingKey, now } = dependencies
  const siteRow = await existingSite(directory, site)
  const row = await placed.find(site, id)
  const live = (await calls(site)).find((call) => call.id === id)
  const call = row ? (live ? enrich(live.state, row) : toCall(id, row)) : live?.state
  if (!call) throw new HttpProblemError(404, 'call-unknown', 'The site has no such call in progress.')
  const { url } = commandQueueOf(siteRow)
  if (row?.stage !== 'ended' || live) {
    const times = commandTimes(now, now + callDeadlineMs)
    await commands.send(url, signCommand(site, { command: 'hang-up', call: id, ...times }, signingKey))
  }
  return call
}
