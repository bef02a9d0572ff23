import * as v from 'valibot'
import { CallResult } from '../../../contracts/call-result.ts'
import { Direction } from '../../../contracts/calls.ts'
import { Timestamp } from '../../../contracts/names.ts'

/** A parsed search. A cursor contains it, so that the next page belongs to the same search. */
export const Search = v.object({
  from: Timestamp,
  to: Timestamp,
  newestFirst: v.boolean(),
  /** The party whose calls are searched; absent for all calls of the period. */
  party: v.optional(
    v.object({
      sides: v.array(v.picklist(['caller', 'called'])),
      /** One exact number, or the prefixes that the typed digits may stand for. */
      exact: v.optional(v.string()),
      prefixes: v.optional(v.array(v.string())),
    }),
  ),
  disposition: v.optional(v.string()),
  /** A call with one of them fits. */
  results: v.optional(v.array(CallResult)),
  direction: v.optional(Direction),
  minDuration: v.optional(v.number()),
  accountcode: v.optional(v.string()),
  /** Part of the caller's name, folded. */
  name: v.optional(v.string()),
})
export type Search = v.InferOutput<typeof Search>
