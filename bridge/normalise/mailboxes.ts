import { cutText } from '../../contracts/text.ts'
import type { Check } from '../operate/checks.ts'

/** Messages in one mailbox: new ones, and old ones that were kept. */
export interface MailboxCount {
  new: number
  old: number
}

/** More than any PBX has; limits memory if names never repeat. */
const mailboxesMax = 20_000

/** Knows how many messages each phone shows. Counts may arrive before the owners of a mailbox are known. */
export class Mailboxes {
  #owners: ReadonlyMap<string, readonly string[]> = new Map()
  readonly #counts = new Map<string, MailboxCount>()

  /** Returns the phones whose count may have changed. */
  setOwners(owners: ReadonlyMap<string, readonly string[]>): string[] {
    const before = this.#owners
    this.#owners = owners
    return [...new Set([...before.values(), ...owners.values()].flat())]
  }

  /** Returns the phones that show the mailbox. */
  setCount(mailbox: string, count: MailboxCount): string[] {
    if (!this.#counts.has(mailbox) && this.#counts.size >= mailboxesMax) return []
    this.#counts.set(mailbox, count)
    return [...(this.#owners.get(mailbox) ?? [])]
  }

  /** Returns the messages of all mailboxes that a phone shows; `undefined` if it shows none, or no count is known. */
  of(endpoint: string): MailboxCount | undefined {
    const counts = [...this.#owners]
      .filter(([, owners]) => owners.includes(endpoint))
      .flatMap(([mailbox]) => this.#counts.get(mailbox) ?? [])
    if (counts.length === 0) return undefined
    return counts.reduce((sum, count) => ({ new: sum.new + count.new, old: sum.old + count.old }))
  }
}

/** Names in one sentence; more are counted. */
const namesMax = 5
const nameLengthMax = 80

/** How far the mailboxes could be read. */
export type MailboxReading =
  | { kind: 'read'; unfollowed: readonly string[] }
  | { kind: 'no-modules'; modules: readonly string[] }
  | { kind: 'denied'; actions: readonly string[] }
  | { kind: 'unread'; reason: string }

/** Returns the check of the mailboxes: whether their messages are counted, and which ones no phone can show. */
export function mailboxCheck(reading: MailboxReading): Check {
  const id = 'mailboxes'
  const warning = (reason: string, repair: string): Check => ({ id, state: 'warning', reason, repair })
  if (reading.kind === 'unread')
    return warning(
      `messages in mailboxes are not counted: ${reading.reason}`,
      'Check that Asterisk runs, that manager.conf has `enabled = yes`, and `ami` against manager.conf.',
    )
  if (reading.kind === 'denied')
    return warning(
      `messages in mailboxes are not counted: Asterisk refuses ${reading.actions.join(' and ')} to the AMI user`,
      'Add `reporting` to `write` of the AMI user of the bridge in manager.conf, then `manager reload`.',
    )
  if (reading.kind === 'no-modules')
    return warning(
      `messages in mailboxes are not counted: Asterisk has not loaded ${reading.modules.join(' and ')}`,
      reading.modules.map((name) => `asterisk -rx "module load ${name}"`).join('\n'),
    )
  const { unfollowed } = reading
  if (unfollowed.length === 0)
    return { id, state: 'ok', reason: 'the messages of each mailbox in pjsip.conf are counted' }
  const names = unfollowed.slice(0, namesMax).map((name) => JSON.stringify(cutText(name, nameLengthMax)))
  const more = unfollowed.length > namesMax ? ` and ${unfollowed.length - namesMax} more` : ''
  return warning(
    `the messages of ${unfollowed.length} mailboxes in pjsip.conf cannot be counted: ${names.join(', ')}${more}`,
    'correct `mailboxes` of the endpoint or its aor in pjsip.conf; an id has at most 200 characters, and a phone at most 20 mailboxes',
  )
}
