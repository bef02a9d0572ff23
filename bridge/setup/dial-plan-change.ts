import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { readAsteriskConf } from '../check/asterisk-conf.ts'
import { errorCode } from '../failure.ts'
import { type Block, placeBlock, textOf } from './conf-place.ts'
import type { FoundAsterisk } from './find-asterisk.ts'
import type { SetupOptions } from './options.ts'
import type { PbxKind } from './pbx-kind.ts'
import { SetupRefusedError } from './setup-error.ts'

export const forwardingFile = 'switchhook_forwarding.conf'
const freepbxFile = 'switchhook_freepbx.conf'

/**
 * Returns the contexts that the API needs in the dial plan: on FreePBX and Issabel those of calls, forwarding and do not disturb, which
 * write the PBX's own keys; on a plain Asterisk those of forwarding, if they are wanted. Throws SetupRefusedError.
 */
export async function planDialPlan(
  asterisk: FoundAsterisk,
  kind: PbxKind,
  { forwarding, noDialPlan }: Pick<SetupOptions, 'forwarding' | 'noDialPlan'>,
): Promise<Block[]> {
  if (kind === 'plain') return forwarding === undefined ? [] : planForwarding(asterisk, forwarding)
  if (forwarding !== undefined) {
    const sentence =
      'this PBX has call forwarding of its own, which setup makes settable without --forwarding: leave that option out'
    throw new SetupRefusedError('forwarding-unsupported', sentence)
  }
  return noDialPlan ? [] : planFreepbx(asterisk)
}

/** Contexts that somebody has written by hand stay as they are. */
async function planFreepbx({ etc }: FoundAsterisk): Promise<Block[]> {
  const known = await readAsteriskConf(etc, 'extensions.conf')
  const [head = '', ...contexts] = (await snippetOf('freepbx.conf')).split(/^(?=\[)/m)
  const wanted = contexts.filter((context) => !known?.has(nameOf(context)))
  if (wanted.length === 0) return []
  const last = nameOf(wanted.at(-1) ?? '')
  return included(etc, freepbxFile, [head, ...wanted].join(''), last)
}

const nameOf = (context: string) => /^\[([^\]]*)\]/.exec(context)?.[1] ?? ''

async function planForwarding({ etc }: FoundAsterisk, context: string): Promise<Block[]> {
  const text = (await snippetOf('forwarding.conf')).replaceAll('internes', context)
  return included(etc, forwardingFile, text, 'renvoi-api')
}

/** Returns a file of our own, and the line that includes it. `context` is in it. */
async function included(etc: string, file: string, text: string, context: string): Promise<Block[]> {
  const path = join(etc, file)
  const snippet: Block = { path, before: await textOf(path), text }
  const lines = [`#include "${file}"`]
  const holds = (conf: ReadonlyMap<string, unknown>) => conf.has(context)
  return [snippet, await placeBlock(etc, { file: 'extensions.conf', lines, holds }, [snippet])]
}

/** Beside the bundled program, or in the sources. */
async function snippetOf(name: string): Promise<string> {
  const places = [join(import.meta.dirname, name), join(import.meta.dirname, '../../infra/asterisk/snippets', name)]
  for (const place of places) {
    try {
      return await readFile(place, 'utf8')
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error
    }
  }
  throw new SetupRefusedError('snippet-absent', `${dirname(places[0] ?? '')} has no ${name}: install the package again`)
}
