/** Writes one line for one outcome: a stable event name and low-cardinality fields, without secrets and request bodies. */
export type Log = (event: string, fields: Readonly<Record<string, unknown>>) => void
