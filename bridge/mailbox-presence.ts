import type { AmiAddress } from './asterisk/ami-connection.ts'
import { MailboxWatch } from './asterisk/mailbox-watch.ts'
import type { Operation } from './connections.ts'
import { Mailboxes, mailboxCheck } from './normalise/mailboxes.ts'
import { Registrations } from './normalise/registrations.ts'
import type { Checks } from './operate/checks.ts'
import type { Clock } from './operate/clock.ts'
import type { Presence } from './presence.ts'

export interface MailboxPresenceDependencies extends Operation {
  clock: Clock
  presence: Presence
  checks: Checks
  /** Returns whether Asterisk has loaded all of these modules; without it, that is taken for granted. */
  hasModules?(names: readonly string[]): Promise<boolean>
}

/** Returns the watch that publishes messages in mailboxes and registrations of trunks. */
export function createMailboxWatch(address: AmiAddress, dependencies: MailboxPresenceDependencies): MailboxWatch {
  const { presence, checks } = dependencies
  const mailboxes = new Mailboxes()
  const registrations = new Registrations()
  const publish = (endpoints: string[]) => {
    for (const endpoint of endpoints) presence.publishMailbox(endpoint, mailboxes.of(endpoint))
  }
  return new MailboxWatch({
    ...dependencies,
    address,
    onReading: (reading) => checks.set(mailboxCheck(reading)),
    endpoints: () => presence.endpoints,
    onOwners: (owners) => publish(mailboxes.setOwners(owners)),
    onCount: (mailbox, count) => publish(mailboxes.setCount(mailbox, count)),
    onRegistration: (report) => presence.publishRegistration(report),
    onOther: (headers) => {
      const report = registrations.take(headers)
      if (report) presence.publishRegistration(report)
      for (const gone of registrations.takeEnd(headers)) presence.publishRegistration(gone)
    },
  })
}
