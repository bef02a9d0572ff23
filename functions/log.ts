/** Fields of a log line, which CloudWatch Logs Insights reads. Never pass a person's number or a secret. */
export type LogFields = Record<string, string | number | boolean | undefined>

/** Logs one line of JSON for one outcome. */
export function logOutcome(level: 'info' | 'warn' | 'error', outcome: string, fields: LogFields = {}): void {
  print({ level, outcome, ...fields })
}

/** Logs counts of a site as metrics (Embedded Metric Format): CloudWatch reads them from the log, without a request. */
export function logMetrics(site: string, counts: Record<string, number>): void {
  const Metrics = Object.keys(counts).map((Name) => ({ Name, Unit: 'Count' }))
  const CloudWatchMetrics = [{ Namespace: 'Switchhook', Dimensions: [['site']], Metrics }]
  print({ _aws: { Timestamp: Date.now(), CloudWatchMetrics }, site, ...counts })
}

/** Writes a line without `console`, since Lambda's runtime puts time and request id before its lines, so they are not JSON. */
function print(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`)
}

/** Returns names and messages of an error and its causes, 500 characters at most. */
export function describeError(error: unknown): string {
  const parts: string[] = []
  for (let e: unknown = error; e !== undefined && parts.length < 4; e = e instanceof Error ? e.cause : undefined) {
    parts.push(e instanceof Error ? `${e.name}: ${e.message}` : String(e))
  }
  return parts.join(' < ').slice(0, 500)
}
