import * as v from 'valibot'
import { textCodePointsMax } from './limits.ts'

/** Returns whether a text has at most `max` code points, as JSON Schema counts its `maxLength`. */
export function isShort(text: string, max = textCodePointsMax): boolean {
  // A code point has one or two UTF-16 units, so only lengths in between must be counted.
  if (text.length <= max) return true
  return text.length <= 2 * max && [...text].length <= max
}

/** Returns the first `max` code points of a text. Half of a surrogate pair, which UTF-8 cannot represent, becomes U+FFFD. */
export function cutText(text: string, max = textCodePointsMax): string {
  if (isShort(text, max)) return text.toWellFormed()
  // The slice limits the work for a text of megabytes: `max` code points have at most twice as many units.
  return [...text.slice(0, 2 * max)].slice(0, max).join('').toWellFormed()
}

/** A text that came from Asterisk. The bridge cuts texts by the same bound, so the cloud refuses no fact for the length of a text. */
export const BoundedText = v.pipe(v.string(), maxCodePoints(textCodePointsMax))

/** Bounds a text as the documents say it. `maxLength` of valibot counts UTF-16 units, that of JSON Schema code points. */
/* @__NO_SIDE_EFFECTS__ */
export function maxCodePoints<const N extends number>(max: N): v.MaxLengthAction<string, N, undefined>
export function maxCodePoints<const N extends number>(max: N, message: string): v.MaxLengthAction<string, N, string>
export function maxCodePoints(max: number, message?: string): v.MaxLengthAction<string, number, string | undefined> {
  const action: v.MaxLengthAction<string, number, string | undefined> = v.maxLength(max, message)
  const run: (typeof action)['~run'] = (dataset, config) =>
    dataset.typed && isShort(dataset.value, max) ? dataset : action['~run'](dataset, config)
  return { ...action, '~run': run }
}
