import { generateKeyPairSync, type KeyObject, randomUUID, sign } from 'node:crypto'
import * as v from 'valibot'
import { SwitchhookError } from '../../../contracts/errors.ts'
import type { SiteId } from '../../../contracts/names.ts'
import {
  BodyRefusedError,
  openBody,
  PackedBody,
  type Packing,
  packBody,
  unverifiedLines,
} from '../../../contracts/packed-body.ts'
import { eraseLine } from '../../domain/personal/erase-line.ts'
import type { Erasing } from '../../domain/personal/erasing.ts'
import type { Position } from '../../stores/position.ts'
import { OutOfTimeError } from '../../stores/table.ts'
import { rewriteEvents } from './erase-event-letters.ts'
import type { Pass } from './pass.ts'

interface DeadLetter {
  body: string
  line: number | undefined
}
export interface DeadLetterQueue {
  name: string
  /** Bodies that bridges signed, or messages of the queue of webhook events. */
  holds: 'bodies' | 'events'
  /** Messages that a search cannot see now. */
  hidden(): Promise<number>
  each(rewrite: (letter: DeadLetter) => Promise<'keep' | 'delete' | DeadLetter>): Promise<boolean>
}
export interface DeadLetterDependencies {
  queues: readonly DeadLetterQueue[]
  bridges: {
    bridgeKey(site: SiteId, key: string): Promise<KeyObject | undefined>
    /** Registers a key for bodies that are signed now, and never again. */
    putErasureKey(site: SiteId, key: string, publicKey: string, now: number): Promise<void>
  }
  now(): number
}

/** A search hides letters for ten minutes if an invocation has no time to show them again. */
const hiddenMsMax = 660_000
/** So many letters fit into one invocation: after an interruption another pass sees them. */
const hiddenFew = 1_000

/** A search begins when the letters that an earlier one has hidden are visible again. */
export class LettersHiddenError extends SwitchhookError {
  readonly errorId = 'dead-letters-hidden'
  override shouldRetry(): boolean {
    return true
  }
}

/**
 * Erases a number from the dead letters of a site. A body that its bridge signed is packed again without the number, so that a
 * redrive stores everything else of it; its signature is that of a new key, whose private half ends with this call. Bodies that
 * no redrive can store are deleted if they hold the number. Those of other sites are not touched.
 * @throws LettersHiddenError while many letters are hidden, for eleven minutes at most: a search that cannot see all of them would
 * make another pass follow each time, because a long search hides letters from the next one
 */
export async function eraseDeadLetters(
  site: SiteId,
  erasing: Erasing,
  pass: Pass,
  { queues, bridges, now }: DeadLetterDependencies,
): Promise<void> {
  const signer = newSigner(site, bridges, now)
  for (const queue of queues) {
    await pass.step('dead letters', `other/dead letters/${queue.name}`, async ({ after, reached }) => {
      if (after?.sk !== searching) {
        await waitForHidden(queue, after?.sk, pass, { reached, now })
        await reached({ pk: queue.name, sk: searching })
      }
      const rewrite = async (letter: DeadLetter) => {
        const outcome =
          queue.holds === 'events'
            ? rewriteEvents(site, letter, erasing)
            : await rewriteLetter(site, letter, erasing, bridges, signer)
        if (outcome !== 'keep') pass.count('dead letters', 1)
        return outcome
      }
      if (!(await queue.each(rewrite))) throw new OutOfTimeError('the invocation has no time left')
    })
  }
}

/** What the position of the step says when the search has begun: an invocation that goes on finds letters hidden by itself. */
const searching = 'searching'

/** `since` is when an earlier invocation began to wait. */
async function waitForHidden(
  { name, hidden }: DeadLetterQueue,
  since: string | undefined,
  pass: Pass,
  { reached, now }: Pick<Position, 'reached'> & Pick<DeadLetterDependencies, 'now'>,
): Promise<void> {
  const letters = await hidden()
  if (letters === 0) return
  if (letters <= hiddenFew) return pass.repeat()
  if (since === undefined) await reached({ pk: name, sk: new Date(now()).toISOString() })
  if (since === undefined || now() < Date.parse(since) + hiddenMsMax) {
    throw new LettersHiddenError(`${letters} dead letters of ${name} are hidden from the search`)
  }
  // Somebody else hides letters again and again. A later pass sees those.
  pass.repeat()
}

async function rewriteLetter(
  site: SiteId,
  { body, line }: DeadLetter,
  erasing: Erasing,
  bridges: DeadLetterDependencies['bridges'],
  signer: () => Promise<Signer>,
): Promise<'keep' | 'delete' | DeadLetter> {
  const { search } = erasing
  const seen = unverifiedLines(body)
  if (!seen) return search.holds(body) ? 'delete' : 'keep'
  if (siteOf(body) !== site) return 'keep'
  const lines = seen.map((one) => eraseLine(one, erasing))
  if (lines.every((one, n) => one === seen[n])) return 'keep'
  const opened = await openBody(body, (named, key) => bridges.bridgeKey(named, key)).catch((error: unknown) => {
    if (error instanceof BodyRefusedError) return undefined
    throw error
  })
  const left = lines.filter((one) => one !== undefined)
  // All lines but one of a body with such a line are stored: without it there is nothing to redrive.
  const isLineGone = line !== undefined && lines[line] === undefined
  if (!opened || left.length === 0 || isLineGone) return 'delete'
  const at = line === undefined ? undefined : lines.slice(0, line).filter((one) => one !== undefined).length
  const { key, sign: signBytes } = await signer()
  const packing: Packing = { site, key, lane: opened.lane }
  return {
    body: packBody(
      packing,
      left.map((one) => Buffer.from(one)),
      signBytes,
    ),
    line: at,
  }
}

function siteOf(body: string): SiteId {
  return v.parse(PackedBody, JSON.parse(body)).site
}

interface Signer {
  key: string
  sign(bytes: Uint8Array): Uint8Array
}

/** Returns a function that makes a key at its first call. `~` sorts these keys behind those of bridges. */
function newSigner(site: SiteId, bridges: DeadLetterDependencies['bridges'], now: () => number): () => Promise<Signer> {
  let made: Promise<Signer> | undefined
  const make = async (): Promise<Signer> => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519')
    const key = `~erasure-${randomUUID()}`
    await bridges.putErasureKey(site, key, publicKey.export({ type: 'spki', format: 'pem' }).toString(), now())
    return { key, sign: (bytes) => sign(null, bytes, privateKey) }
  }
  return () => {
    made ??= make()
    return made
  }
}
