import { blockFor, hasBlock } from './hand-kept.ts'
import { joinBlock, ownerOf, splitAtBlock, withHead } from './marks.ts'

/** How files that someone else wrote are treated: refused, given a marked block, or replaced (and kept beside). */
export type Manner = 'refuse' | 'blocks' | 'replace'

export interface WritePlan {
  /** New text by file name; files that would not change are left out. */
  readonly writes: ReadonlyMap<string, string>
  /** Files of the folder that are replaced though this program did not write them. */
  readonly replaced: readonly string[]
  /** Why nothing may be written: one sentence a file. */
  readonly conflicts: readonly string[]
}

/** Decides what to write into a folder with the files `existing`. A folder that has marked blocks keeps them. */
export function planFiles(
  existing: ReadonlyMap<string, string>,
  rendered: ReadonlyMap<string, string>,
  asked: Manner,
): WritePlan {
  const keepsBlocks = [...rendered.keys()].some((name) => splitAtBlock(existing.get(name) ?? '')?.block !== undefined)
  const manner = keepsBlocks ? 'blocks' : asked
  const writes = new Map<string, string>()
  const replaced: string[] = []
  const conflicts: string[] = []
  for (const [name, text] of rendered) {
    const now = existing.get(name)
    if (manner === 'blocks' && !hasBlock(name)) continue
    const owner = now === undefined ? 'own' : ownerOf(now)
    if (owner === 'own') writes.set(name, withHead(text))
    else if (manner === 'replace') {
      writes.set(name, withHead(text))
      replaced.push(name)
    } else if (manner === 'blocks' && now !== undefined) {
      const outcome = withBlock(name, text, now)
      if ('conflict' in outcome) conflicts.push(outcome.conflict)
      else if (outcome.text !== undefined) writes.set(name, outcome.text)
    } else conflicts.push(`${name} ${owner === 'edited' ? 'was changed by hand' : 'is not ours'}`)
  }
  for (const [name, text] of writes) if (existing.get(name) === text) writes.delete(name)
  return { writes, replaced, conflicts }
}

function withBlock(name: string, text: string, now: string): { text: string | undefined } | { conflict: string } {
  const parts = splitAtBlock(now)
  if (!parts) return { conflict: `${name} has damaged marks: it needs one BEGIN and one END line, or neither` }
  const outcome = blockFor(name, text, `${parts.before}\n${parts.after}`)
  if ('clashes' in outcome)
    return { conflict: `${name} already has the sections ${outcome.clashes.slice(0, 5).join(', ')}` }
  if (outcome.block.trim() === '') return { text: parts.block === undefined ? undefined : joinBlock(parts, '') }
  return { text: joinBlock(parts, outcome.block) }
}
