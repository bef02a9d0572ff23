/** What a phone does with an incoming call. */
export type Behaviour =
  /** Rings for `afterMs`, answers, echoes the caller's voice, and hangs up after `talkMs`. Without `talkMs` it never hangs up. */
  | { readonly kind: 'answer'; readonly afterMs?: number; readonly talkMs?: number }
  /** Redirects the caller to `target` without answering (SIP 302), like a phone with a forward. */
  | { readonly kind: 'forward'; readonly target: string }
  /** Answers, and after `talkMs` transfers the caller to `target`: blind (`transfer`, SIP REFER) or attended (`consult`, by keys). */
  | { readonly kind: 'transfer' | 'consult'; readonly target: string; readonly talkMs: number }
  /** Rings until the caller hangs up. */
  | { readonly kind: 'ring' }
  /** Answers 486 (busy) at once. */
  | { readonly kind: 'busy' }
  /** Answers 603 (declined) at once. */
  | { readonly kind: 'refuse' }
  /** Answers 480 (unavailable) at once. */
  | { readonly kind: 'unavailable' }

/** An outgoing call of a phone. */
export interface DialledCall {
  readonly from: string
  readonly to: string
  readonly talkMs?: number
  readonly digits?: string
  readonly pressAfterMs?: number
}
