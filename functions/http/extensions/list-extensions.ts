import type { EndpointState } from '../../../contracts/facts.ts'
import type { SiteId } from '../../../contracts/names.ts'
import { byExtension, forwardWhens } from '../../../contracts/presence.ts'
import type { ForwardList, MailboxList } from '../../../contracts/routes/extensions.ts'
import { dndOf, forwardsOf } from '../../domain/forwards.ts'
import { type PhoneReader, type SetExtensionDependencies, setExtensions } from './set-extension.ts'

async function read(
  site: SiteId,
  phones: PhoneReader,
): Promise<{ lastHeard?: string; extensions: [string, EndpointState][] }> {
  const [heard, entities] = await Promise.all([phones.health(site), phones.endpoints(site)])
  const byNumber = byExtension(entities.map(({ state }) => state))
  const extensions = [...byNumber].flatMap(([extension, [first]]): [string, EndpointState][] =>
    first ? [[extension, first]] : [],
  )
  extensions.sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }))
  return { extensions, ...(heard && { lastHeard: heard.lastHeard }) }
}

/** `show` hides the personal data that the caller may not see. */
export async function listForwards(
  site: SiteId,
  phones: PhoneReader,
  show: (state: EndpointState) => EndpointState,
): Promise<ForwardList> {
  const { extensions, ...heard } = await read(site, phones)
  const set = extensions.map(([extension, state]) => {
    return { ...forwardsOf(extension, show(state)), dnd: dndOf(extension, state).dnd }
  })
  return { ...heard, extensions: set.filter((one) => one.dnd || forwardWhens.some((when) => one[when] !== undefined)) }
}

/** Clears forwarding and do not disturb of every extension that has any, all at the same time. */
export async function clearForwards(
  site: SiteId,
  dependencies: SetExtensionDependencies,
  show: (state: EndpointState) => EndpointState,
): Promise<{ isConfirmed: boolean; list: ForwardList }> {
  const all = [...forwardWhens, 'dnd' as const].map((setting) => ({ setting, target: '' }))
  const { extensions } = await listForwards(site, dependencies.phones, show)
  const changes = extensions.map(({ extension }) => ({ extension, settings: all }))
  const results = changes.length > 0 ? await setExtensions(site, changes, dependencies) : []
  return {
    isConfirmed: results.every(({ isConfirmed }) => isConfirmed),
    list: await listForwards(site, dependencies.phones, show),
  }
}

export async function listMailboxes(site: SiteId, phones: PhoneReader): Promise<MailboxList> {
  const { extensions, ...heard } = await read(site, phones)
  const mailboxes = extensions.flatMap(([extension, { mailbox }]) => (mailbox ? [{ extension, ...mailbox }] : []))
  return { ...heard, mailboxes }
}
