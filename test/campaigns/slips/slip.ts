/** A plausible mistake: one text of a file replaced by another, and the narrowest test files that should notice. */
export interface Slip {
  /** What is wrong then, as a noun phrase. */
  what: string
  file: string
  /** Exact text, which the file has once. */
  before: string
  after: string
  tests: readonly string[]
}

/** Returns how often a text has another one. */
export function occurrences(text: string, part: string): number {
  return text.split(part).length - 1
}
