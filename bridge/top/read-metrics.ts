/** A line of Prometheus's text format. */
export interface MetricLine {
  name: string
  labels: Readonly<Record<string, string>>
  value: number
}

const linePattern = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/
const labelPattern = /(\w+)="((?:[^"\\]|\\.)*)"/g

/** Reads what `/metrics` of a bridge answers; leaves out what it does not understand, as a newer bridge may have it. */
export function readMetrics(text: string): MetricLine[] {
  return text.split('\n').flatMap((line) => {
    const [, name, labels = '', number = ''] = linePattern.exec(line) ?? []
    const value = Number(number.replace('Inf', 'Infinity'))
    if (name === undefined || Number.isNaN(value)) return []
    const pairs = [...labels.matchAll(labelPattern)].map(([, key = '', text = '']) => [key, unescaped(text)] as const)
    return { name, labels: Object.fromEntries(pairs), value }
  })
}

const unescaped = (text: string) => text.replace(/\\(.)/g, (_, one: string) => (one === 'n' ? '\n' : one))

/** What a bridge answered at one moment. */
export class Metrics {
  readonly #lines: readonly MetricLine[]

  constructor(lines: readonly MetricLine[]) {
    this.#lines = lines
  }

  /** Returns the value of the line with these labels; undefined if there is none. */
  value(name: string, labels: Readonly<Record<string, string>> = {}): number | undefined {
    return this.#matching(name, labels).find((line) => Object.keys(line.labels).length === Object.keys(labels).length)
      ?.value
  }

  /** Returns the sum of a metric over its labels. */
  sum(name: string): number {
    return this.#lines.reduce((sum, line) => (line.name === name ? sum + line.value : sum), 0)
  }

  /** Returns every line of the names that a pattern matches. */
  all(pattern: RegExp): readonly MetricLine[] {
    return this.#lines.filter(({ name }) => pattern.test(name))
  }

  /** Returns the cumulative counts of a histogram by upper bound, in growing order. */
  buckets(name: string, labels: Readonly<Record<string, string>> = {}): { bound: number; count: number }[] {
    return this.#matching(`${name}_bucket`, labels)
      .map(({ labels: { le = '' }, value }) => ({ bound: Number(le.replace('Inf', 'Infinity')), count: value }))
      .sort((a, b) => a.bound - b.bound)
  }

  #matching(name: string, labels: Readonly<Record<string, string>>): MetricLine[] {
    const wanted = Object.entries(labels)
    return this.#lines.filter((line) => line.name === name && wanted.every(([key, text]) => line.labels[key] === text))
  }
}

/**
 * Returns the value below which this share of the observations lies, as `histogram_quantile` of Prometheus: linear within a bucket,
 * and the greatest finite bound for what lies above it. Undefined without an observation.
 */
export function quantile(buckets: readonly { bound: number; count: number }[], share: number): number | undefined {
  const total = buckets.at(-1)?.count ?? 0
  if (total <= 0) return undefined
  const rank = share * total
  const at = buckets.findIndex(({ count }) => count >= rank)
  const { bound, count } = buckets[at] ?? { bound: 0, count: 0 }
  const below = buckets[at - 1] ?? { bound: 0, count: 0 }
  if (!Number.isFinite(bound)) return below.bound
  return below.bound + (bound - below.bound) * ((rank - below.count) / (count - below.count))
}
