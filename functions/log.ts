/** One line of JSON per outcome, read by CloudWatch Logs Insights. Numbers of people and secrets never come here. */
export type LogFields = Record<string, string | number | boolean | undefined>

export function logOutcome(level: 'info' | 'warn' | 'error', outcome: string, fields: LogFields = {}): void {
  console.log(JSON.stringify({ level, outcome, ...fields }))
}

/** Message and cause chain of an error, bounded: what a reader of the log needs to act. */
export function describeError(error: unknown): string {
  const parts: string[] = []
  for (let e: unknown = error; e !== undefined && parts.length < 4; e = e instanceof Error ? e.cause : undefined) {
    parts.push(e instanceof Error ? `${e.name}: ${e.message}` : String(e))
  }
  return parts.join(' < ').slice(0, 500)
}
