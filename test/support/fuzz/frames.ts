import { isUtf8 } from 'node:buffer'
import type { Random } from '../random.ts'
import { oddBytes } from './odd-values.ts'
import { type Known, nearly, type Schema, valueFor } from './schema-values.ts'

/** The part of an AsyncAPI document that frames are made from, with its references resolved by name. */
export interface AsyncApi {
  operations: Readonly<
    Record<string, { action: 'send' | 'receive'; messages: readonly Ref[]; reply?: { messages: readonly Ref[] } }>
  >
  components: { messages: Readonly<Record<string, { payload: Schema }>> }
}
interface Ref {
  $ref: string
}

export interface FuzzFrame {
  /** The operation whose frame it is, or that it was made from. */
  operation: string
  bytes: Buffer
  isBinary: boolean
}

export const nameOf = ({ $ref }: Ref): string => $ref.split('/').at(-1) ?? ''

/** API Gateway's limit of one frame. */
const frameBytesMax = 32_768

/** Makes frames from an AsyncAPI document: valid, nearly valid and odd ones of each operation in turn. */
export function frameMaker({ operations, components }: AsyncApi, random: Random) {
  const asked = Object.entries(operations).filter(([, { action }]) => action === 'receive')
  let made = 0
  const chance = (share: number) => random.next() < share
  return (known: Known): FuzzFrame => {
    const [operation, { messages }] = asked[made++ % asked.length] ?? random.pick(asked)
    const { payload } = components.messages[nameOf(random.pick(messages))] ?? { payload: {} }
    const valid = valueFor(payload, random, known)
    const value = chance(0.5) ? valid : nearly(valid, random)
    const json = JSON.stringify(value) ?? 'null'
    const odd = chance(0.12) ? oddBytes(random, json) : undefined
    const large = chance(0.01)
      ? json.padEnd(random.pick([8_193, frameBytesMax, frameBytesMax + 1, 140_000]))
      : undefined
    const bytes = odd ?? Buffer.from(large ?? json)
    return { operation, bytes, isBinary: chance(0.005) }
  }
}

/** Whether API Gateway ends the connection of a frame: it is binary, too long, or no UTF-8. */
export function endsConnection({ bytes, isBinary }: FuzzFrame): boolean {
  return isBinary || bytes.length > frameBytesMax || !isUtf8(bytes)
}
