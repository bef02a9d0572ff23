/** Messages in one mailbox: those not heard yet, and those kept. */
export interface MailboxCount {
  new: number
  old: number
}

/** Above any PBX; guards memory against names without end. */
const mailboxesMax = 20_000

/** Which phone shows how many messages. Counts may come before it is known whose they are. */
export class Mailboxes {
  #owners: ReadonlyMap<string, readonly string[]> = new Map()
  readonly #counts = new Map<string, MailboxCount>()

  /** The phones whose lamp may be another now. */
  setOwners(owners: ReadonlyMap<string, readonly string[]>): string[] {
    const before = this.#owners
    this.#owners = owners
    return [...new Set([...before.values(), ...owners.values()].flat())]
  }

  /** The phones whose lamp is another now. */
  setCount(mailbox: string, count: MailboxCount): string[] {
    if (!this.#counts.has(mailbox) && this.#counts.size >= mailboxesMax) return []
    this.#counts.set(mailbox, count)
    return [...(this.#owners.get(mailbox) ?? [])]
  }

  /** The messages of all mailboxes that a phone shows; `undefined` if it shows none, or none was told of. */
  of(endpoint: string): MailboxCount | undefined {
    const counts = [...this.#owners]
      .filter(([, owners]) => owners.includes(endpoint))
      .flatMap(([mailbox]) => this.#counts.get(mailbox) ?? [])
    if (counts.length === 0) return undefined
    return counts.reduce((sum, count) => ({ new: sum.new + count.new, old: sum.old + count.old }))
  }
}
