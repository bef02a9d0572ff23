import { DeleteCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import { keys } from '../../../functions/stores/table-keys.ts'
import type { Faults } from './faults.ts'
import { type Invocation, never } from './invocation.ts'
import { site } from './pbx.ts'
import type { Plant } from './plants.ts'
import { documentClientOver, MemoryTable } from './table.ts'
import type { Time } from './time.ts'

/** The table as an invocation reaches it: with delays, failures and the planted bug. */
export class SimStore {
  /** Calls that ended and became live again by an older fact. */
  readonly violations: string[] = []
  readonly #table = new MemoryTable()
  readonly #ends = new Map<string, string>()
  readonly #time: Time
  readonly #faults: Faults
  readonly #plant: Plant | undefined

  constructor({ time, faults, plant }: { time: Time; faults: Faults; plant: Plant | undefined }) {
    this.#time = time
    this.#faults = faults
    this.#plant = plant
  }

  /** Request and answer are delayed. A dead invocation gets no answer. */
  client(invocation: Invocation) {
    return documentClientOver(async (command) => {
      await this.#time.wait(this.#faults.storeMs())
      if (invocation.isDead) await never()
      if (this.#faults.storeFails()) throw new Error('the table throttles')
      const planted = this.#sabotage(command)
      try {
        const answer = this.#table.carryOut(planted)
        this.#checkWrite(command)
        return answer
      } finally {
        await this.#time.wait(this.#faults.storeMs())
        if (invocation.isDead) await never()
      }
    })
  }

  /** Checks a write that was carried out. */
  #checkWrite(command: unknown): void {
    const { pk, sk, v, ended } = (command instanceof PutCommand && command.input.Item) || {}
    if (pk !== keys.calls(site)) return
    if (ended) this.#ends.set(sk, v)
    else if (v < (this.#ends.get(sk) ?? '')) this.violations.push(`${sk} ended and became live again by an older fact`)
  }

  #sabotage(command: unknown): unknown {
    if (!(command instanceof PutCommand)) return command
    const { Item, ConditionExpression: condition } = command.input
    if (this.#plant === 'no-tombstone' && Item?.['ended'] === true) {
      const { pk, sk } = Item
      const { ConditionExpression, ExpressionAttributeNames, ExpressionAttributeValues } = command.input
      const rest = { ConditionExpression, ExpressionAttributeNames, ExpressionAttributeValues }
      return new DeleteCommand({ TableName: 'live', Key: { pk, sk }, ...rest })
    }
    if (this.#plant === 'strict-less' && condition) {
      const strict = condition.replace(' OR (#v = :v AND #r = :zero)', '')
      return new PutCommand({ ...command.input, ConditionExpression: strict })
    }
    return command
  }
}
