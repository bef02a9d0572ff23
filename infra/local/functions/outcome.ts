import * as v from 'valibot'

/** What an invocation came to: the answer's JSON, or the error's with AWS's word for it. */
export interface Outcome {
  payload: string
  functionError?: 'Unhandled'
}

const Failure = v.looseObject({ errorType: v.string() })

/** The kind of a failure, for the log: its message may hold what a log must not, and stands among the function's own lines. */
export function errorTypeOf(outcome: Outcome): string | undefined {
  if (!outcome.functionError) return undefined
  const parsed = v.safeParse(Failure, JSON.parse(outcome.payload))
  return parsed.success ? parsed.output.errorType : 'unknown'
}
