import * as v from 'valibot'

/** The outcome of an invocation: JSON of the answer, or of the error if `functionError` is set. */
export interface Outcome {
  payload: string
  functionError?: 'Unhandled'
  /** Lambda refused the request with 413, because it is larger than 6 MB. */
  isTooLarge?: true
}

const Failure = v.looseObject({ errorType: v.string() })

/** Returns the type of a function's error for the log. The error's message may contain personal data, and the function printed it. */
export function errorTypeOf(outcome: Outcome): string | undefined {
  if (!outcome.functionError) return undefined
  const parsed = v.safeParse(Failure, JSON.parse(outcome.payload))
  return parsed.success ? parsed.output.errorType : 'unknown'
}
