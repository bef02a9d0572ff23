import { readFileSync } from 'node:fs'
import * as v from 'valibot'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { counterCatalogue, isCounterId } from '../../bridge/operate/metrics/counter-catalogue.ts'
import { counterName, metricCatalogue } from '../../bridge/operate/metrics/metric-catalogue.ts'

const catalogue = metricCatalogue()
const Dashboard = v.looseObject({
  panels: v.array(
    v.looseObject({
      id: v.number(),
      title: v.string(),
      gridPos: v.object({ x: v.number(), y: v.number(), w: v.number(), h: v.number() }),
      targets: v.array(v.looseObject({ expr: v.string(), legendFormat: v.string() })),
    }),
  ),
})
const Rules = v.object({
  groups: v.array(v.looseObject({ rules: v.array(v.looseObject({ alert: v.string(), expr: v.string() })) })),
})
const { panels } = v.parse(Dashboard, JSON.parse(readFileSync('examples/grafana/switchhook-bridge.json', 'utf8')))
const rules = v
  .parse(Rules, parse(readFileSync('examples/grafana/switchhook-rules.yml', 'utf8')))
  .groups.flatMap((group) => group.rules)
const queries = [
  ...panels.flatMap(({ title, targets }) =>
    targets.map(({ expr, legendFormat }) => [title, expr, legendFormat] as const),
  ),
  ...rules.map(({ alert, expr }) => [alert, expr, ''] as const),
]

/** The metrics in a query, each without the suffix of a histogram. */
function metricsIn(query: string): string[] {
  const names = query.match(/\b(?:switchhook_bridge|process)_\w+/g) ?? []
  return names.map((name) => {
    const base = name.replace(/_(bucket|sum|count)$/, '')
    return catalogue.get(base)?.type === 'histogram' ? base : name
  })
}

test.each(queries)('%s asks for metrics and labels that the bridge has: %s', (_, query, legend) => {
  const names = metricsIn(query)
  if (!/^up\{/.test(query)) expect(names.length).toBeGreaterThan(0)
  for (const name of names) expect([...catalogue.keys()]).toContain(name)
  // Prometheus adds `job` and `instance`.
  const known = new Set(['job', 'instance', 'le', ...names.flatMap((name) => catalogue.get(name)?.labels ?? [])])
  const used = [
    ...[...query.matchAll(/\{([^}]*)\}/g)].flatMap(([, inside = '']) => inside.match(/\w+(?==)/g) ?? []),
    ...[...query.matchAll(/by \(([^)]*)\)/g)].flatMap(([, inside = '']) => inside.split(/,\s*/)),
    ...[...legend.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label),
  ]
  for (const label of used) expect(known).toContain(label)
})

test.each(queries)('%s takes rates of counters alone, and names values that labels have: %s', (_, query) => {
  for (const [, name = ''] of query.matchAll(/\b(?:rate|increase)\((\w+)/g)) {
    const entry = catalogue.get(metricsIn(name)[0] ?? '')
    expect(entry?.type).not.toBe('gauge')
  }
  for (const [, name = '', pattern = ''] of query.matchAll(/(\w+)\{[^}]*event=~?"([^"]*)"/g)) {
    for (const one of pattern.split('|')) {
      const matching = Object.keys(counterCatalogue)
        .filter(isCounterId)
        .filter((id) => new RegExp(`^(?:${one})$`).test(id))
      expect(matching.length).toBeGreaterThan(0)
      expect(matching.map((id) => counterName(counterCatalogue[id].kind))).toContain(name)
    }
  }
})

test('every metric stands in the dashboard', () => {
  const shown = new Set(queries.flatMap(([, query]) => metricsIn(query)))
  // `since` is for a query by hand; /healthz shows it.
  const missing = [...catalogue.keys()].filter((name) => !shown.has(name))
  expect(missing).toEqual(['switchhook_bridge_component_since_timestamp_seconds'])
})

test('panels have numbers of their own, and none overlaps another', () => {
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
  const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, n) => `${x + (n % w)},${y + Math.floor(n / w)}`),
  )
  expect(new Set(cells).size).toBe(cells.length)
  expect(Math.max(...panels.map(({ gridPos: { x, w } }) => x + w))).toBeLessThanOrEqual(24)
})
