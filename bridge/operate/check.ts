/** One entry of the catalogue of checks: what the bridge found about its PBX, and what repairs it. */
export interface Check {
  /** Stable, for logs and documents: `cdr-file`. */
  id: string
  state: 'ok' | 'warning' | 'failed'
  /** One sentence: what was found. */
  reason: string
  /** What to do or to paste, for a state that is not ok. */
  repair?: string
}
