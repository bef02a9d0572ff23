import * as v from 'valibot'

/** Columns of the statistics. Each call counts in exactly one. */
export type ResultFigure = 'answered' | 'voicemail' | 'abandoned' | 'busy' | 'failed'

interface ResultRow {
  /** When a call has this result. */
  when: string
  /** The column of the statistics in which it counts. */
  figure: ResultFigure
}

export const CallResult = v.picklist([
  'answered',
  'voicemail',
  'no-answer',
  'cancelled',
  'busy',
  'refused',
  'unreachable',
  'failed',
  'expired',
  'unknown',
])
export type CallResult = v.InferOutput<typeof CallResult>

/**
 * How a call can end, from the caller's side: the one list of words for the API, the search, the statistics, pushed events and the
 * page. `docs/call-log.md` has the same table. A missed call is one that counts as `abandoned`.
 */
export const callResults: Readonly<Record<CallResult, ResultRow>> = {
  answered: {
    when: 'A phone, a trunk or a room answered; or a menu, where no phone was dialled.',
    figure: 'answered',
  },
  voicemail: { when: 'Only voicemail answered.', figure: 'voicemail' },
  'no-answer': { when: 'Phones rang until their time was over.', figure: 'abandoned' },
  cancelled: { when: 'The caller, or who placed the call, gave up before an answer.', figure: 'abandoned' },
  busy: { when: 'Every phone that was tried was busy.', figure: 'busy' },
  refused: { when: 'The called person declined. Known for calls by API alone.', figure: 'failed' },
  unreachable: { when: 'There was no phone to ring: unknown number, or not registered.', figure: 'failed' },
  failed: { when: 'The call could not be set up: no free line, no common codec, a fault.', figure: 'failed' },
  expired: { when: 'A call by API that its bridge got too late to dial.', figure: 'failed' },
  unknown: { when: 'Nothing that says how the call ended has arrived.', figure: 'failed' },
}
