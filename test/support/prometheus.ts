/*
 * Reads Prometheus's text format 0.0.4 by its grammar
 * (https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format), and refuses what Prometheus refuses.
 */

export interface ParsedSample {
  name: string
  labels: Record<string, string>
  value: number
}
export interface ParsedFamily {
  type: string
  help: string
  samples: ParsedSample[]
}

const metricName = /^[a-zA-Z_:][a-zA-Z0-9_:]*/
const labelName = /^[a-zA-Z_][a-zA-Z0-9_]*/
const numberPattern = /^(?:[+-]?Inf|NaN|[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)$/
const suffixes: Readonly<Record<string, readonly string[]>> = {
  counter: [''],
  gauge: [''],
  histogram: ['_bucket', '_sum', '_count'],
}

/** Returns the families by name. Throws an error that names the line and what is wrong with it. */
export function parseMetrics(text: string): Map<string, ParsedFamily> {
  if (!text.endsWith('\n')) throw new Error('the last line does not end with a line feed')
  const families = new Map<string, ParsedFamily>()
  const seen = new Set<string>()
  let current: { name: string; family: ParsedFamily } | undefined
  for (const [index, line] of text.slice(0, -1).split('\n').entries()) {
    const fail = (why: string): never => {
      throw new Error(`line ${index + 1}: ${why}: ${line}`)
    }
    const comment = /^# (HELP|TYPE) (\S+) (.*)$/s.exec(line)
    if (comment) {
      const [, kind, name = '', rest = ''] = comment
      if (metricName.exec(name)?.[0] !== name) fail('not a metric name')
      if (kind === 'HELP') {
        if (families.has(name)) fail('the lines of a metric are not together')
        if (/\\(?![\\n])/.test(rest)) fail('a backslash that escapes nothing')
        current = { name, family: { type: 'untyped', help: rest, samples: [] } }
        families.set(name, current.family)
      } else {
        if (current?.name !== name || current.family.samples.length > 0) fail('TYPE must stand before the first sample')
        if (!(rest in suffixes)) fail('an unknown type')
        if (current) current.family.type = rest
      }
      continue
    }
    if (line === '' || line.startsWith('#')) continue
    const sample = parseSample(line, fail)
    const family = current
    const suffix = family && (suffixes[family.family.type] ?? []).find((end) => sample.name === `${family.name}${end}`)
    if (!family || suffix === undefined) return fail('a sample of another metric')
    const key = `${sample.name} ${JSON.stringify(Object.entries(sample.labels).sort())}`
    if (seen.has(key)) fail('the same metric and labels twice')
    seen.add(key)
    family.family.samples.push(sample)
  }
  for (const [name, family] of families) if (family.type === 'histogram') checkHistogram(name, family)
  return families
}

function parseSample(line: string, fail: (why: string) => never): ParsedSample {
  const name = metricName.exec(line)?.[0] ?? fail('not a metric name')
  const labels: Record<string, string> = {}
  let rest = line.slice(name.length)
  if (rest.startsWith('{')) {
    rest = rest.slice(1)
    while (!rest.startsWith('}')) {
      const label = labelName.exec(rest)?.[0] ?? fail('not a label name')
      const value = /^="((?:[^"\\\n]|\\["\\n])*)"/.exec(rest.slice(label.length)) ?? fail('not a label value')
      if (Object.hasOwn(labels, label)) fail('a label twice')
      labels[label] = (value[1] ?? '').replace(/\\(.)/g, (_, one: string) => (one === 'n' ? '\n' : one))
      rest = rest.slice(label.length + value[0].length)
      if (rest.startsWith(',')) rest = rest.slice(1)
      else if (!rest.startsWith('}')) fail('labels are not separated by commas')
    }
    rest = rest.slice(1)
  }
  const number = rest.trim()
  if (!/^[ \t]/.test(rest) || !numberPattern.test(number)) fail('not a value')
  return { name, labels, value: Number(number.replace('Inf', 'Infinity')) }
}

/** Buckets grow, end with `+Inf`, and that one equals `_count`. */
function checkHistogram(name: string, { samples }: ParsedFamily): void {
  const keyOf = ({ labels: { le: _, ...others } }: ParsedSample) => JSON.stringify(others)
  for (const [key, group] of Map.groupBy(samples, keyOf)) {
    const buckets = group.filter((sample) => sample.name === `${name}_bucket`)
    const bounds = buckets.map(({ labels }) => Number(labels['le']?.replace('Inf', 'Infinity')))
    const counts = buckets.map(({ value }) => value)
    const isGrowing = (list: number[], isEqual: boolean) =>
      list.every((one, at) => at === 0 || one > (list[at - 1] ?? 0) || (isEqual && one === list[at - 1]))
    const count = group.find((sample) => sample.name === `${name}_count`)?.value
    const hasSum = group.some((sample) => sample.name === `${name}_sum`)
    if (!isGrowing(bounds, false) || bounds.at(-1) !== Number.POSITIVE_INFINITY)
      throw new Error(`${name}${key}: bounds`)
    if (!isGrowing(counts, true) || counts.at(-1) !== count || !hasSum) throw new Error(`${name}${key}: counts`)
  }
}
