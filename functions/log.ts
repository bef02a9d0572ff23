/** One line of JSON per outcome, read by CloudWatch Logs Insights. Numbers of people and secrets never come here. */
export type LogFields = Record<string, string | number | boolean | undefined>

export function logOutcome(level: 'info' | 'warn' | 'error', outcome: string, fields: LogFields = {}): void {
  print({ level, outcome, ...fields })
}

/** A metric of a site, read by CloudWatch from the log (Embedded Metric Format): no request is made for it. */
export function logMetrics(site: string, counts: Record<string, number>): void {
  const Metrics = Object.keys(counts).map((Name) => ({ Name, Unit: 'Count' }))
  const CloudWatchMetrics = [{ Namespace: 'Switchhook', Dimensions: [['site']], Metrics }]
  print({ _aws: { Timestamp: Date.now(), CloudWatchMetrics }, site, ...counts })
}

/** Not by `console`: AWS's runtime client puts time and request id before its lines, and then CloudWatch finds no JSON in them. */
function print(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

/** Message and cause chain of an error, bounded: what a reader of the log needs to act. */
export function describeError(error: unknown): string {
  const parts: string[] = []
  for (let e: unknown = error; e !== undefined && parts.length < 4; e = e instanceof Error ? e.cause : undefined) {
    parts.push(e instanceof Error ? `${e.name}: ${e.message}` : String(e))
  }
  return parts.join(' < ').slice(0, 500)
}
