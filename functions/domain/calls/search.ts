import * as v from 'valibot'
import { CallResult, Direction } from '../../../contracts/calls.ts'
import { Timestamp } from '../../../contracts/names.ts'

/** A search once it is understood: what a cursor carries, so that the next page is of the same one. */
export const Search = v.object({
  from: Timestamp,
  to: Timestamp,
  newestFirst: v.boolean(),
  /** Whose number; without it all rows of the period. */
  party: v.optional(
    v.object({
      sides: v.array(v.picklist(['caller', 'called'])),
      /** One exact number, or each beginning that what was typed may mean. */
      exact: v.optional(v.string()),
      prefixes: v.optional(v.array(v.string())),
    }),
  ),
  disposition: v.optional(v.string()),
  result: v.optional(CallResult),
  direction: v.optional(Direction),
  minDuration: v.optional(v.number()),
  accountcode: v.optional(v.string()),
})
export type Search = v.InferOutput<typeof Search>
