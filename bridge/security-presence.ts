import type { AmiAddress } from './asterisk/ami-connection.ts'
import { SecurityWatch } from './asterisk/security-watch.ts'
import type { Operation } from './connections.ts'
import type { Clock } from './operate/clock.ts'
import type { Presence } from './presence.ts'

/** Returns the watch that publishes who guesses passwords; undefined without an address. */
export function createSecurityWatch(
  address: AmiAddress | undefined,
  { counters, log, clock, presence }: Operation & { clock: Clock; presence: Presence },
): SecurityWatch | undefined {
  if (!address) return undefined
  return new SecurityWatch({
    address,
    counters,
    clock,
    onAttack(attack) {
      counters.add('attack')
      // The address is the attacker's, and the operator must be able to lock it out.
      log.warn('attack', { address: attack.address, count: attack.count })
      presence.publishAttack(attack)
    },
  })
}
