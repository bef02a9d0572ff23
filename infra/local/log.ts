/** One line about one outcome: a stable event name and low-cardinality fields; never a secret, never a request's body. */
export type Log = (event: string, fields: Readonly<Record<string, unknown>>) => void
