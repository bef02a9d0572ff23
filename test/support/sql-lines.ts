import type { Connection } from 'mariadb'
import * as v from 'valibot'
import type { TotalReader } from '../../functions/http/stats/get-stats.ts'
import { getStats } from '../../functions/http/stats/get-stats.ts'
import { helper } from './sql-totals.ts'

/**
 * SQL for the totals by extension and trunk, from the table `calls` of `sqlTotals` and by the rules in docs/call-log.md.
 */
const isOutside = (number: string) => `(${number} RLIKE '^[+]?[0-9]+$' AND LENGTH(${number}) > 6)`
const isNobody = `(src IN ('', 'anonymous', 'unknown', 'private'))`
const outsideContext = `(dcontext RLIKE 'entrant|trunk|pstn|extern|incoming|inbound|did')`
const endpoint = (channel: string) => `REGEXP_REPLACE(${channel}, '-[0-9a-f]{8,}(;[0-9])?$', '')`

const lines = `
  SELECT linkedid, CONCAT('ext:', number) AS line FROM (
    SELECT c.linkedid, (SELECT f.src FROM cdr f WHERE f.linkedid = c.linkedid AND NOT ${helper}
      ORDER BY f.uniqueid = f.linkedid DESC, f.s, f.sequence LIMIT 1) AS number FROM cdr c GROUP BY c.linkedid
    UNION SELECT linkedid, dst FROM cdr WHERE NOT ${helper}
  ) parties WHERE number RLIKE '^[0-9]{1,6}$'
  UNION SELECT linkedid, CONCAT('trunk:', far) FROM (
    SELECT linkedid, CASE
      WHEN ${isOutside('src')} OR (${isNobody} AND ${outsideContext}) THEN ${endpoint('channel')}
      WHEN ${isOutside('dst')} THEN ${endpoint('dstchannel')} END AS far FROM cdr
  ) ends WHERE far LIKE '%/%' AND far NOT LIKE 'Local/%'`

const Row = v.looseObject({ line: v.string() })

async function sqlLines(db: Connection): Promise<Map<string, Record<string, number>>> {
  await db.query(
    `CREATE OR REPLACE TABLE call_lines (linkedid VARCHAR(255), line VARCHAR(60), KEY (line), KEY (linkedid)) AS ${lines}`,
  )
  await db.query(`CREATE OR REPLACE TABLE line_calls (line VARCHAR(60), s DATETIME, KEY (line, s)) AS
    SELECT l.line, c.* FROM call_lines l JOIN calls c ON c.linkedid = l.linkedid`)
  const rows: unknown[] = await db.query(`
    SELECT c.line, COUNT(*) AS calls, SUM(answered) AS answered,
      SUM(NOT answered AND NOT voiced AND unanswered) AS abandoned,
      SUM(NOT answered AND NOT voiced AND NOT unanswered AND last = 'BUSY') AS busy,
      SUM(NOT answered AND NOT voiced AND NOT unanswered AND last <> 'BUSY') AS failed,
      SUM(NOT answered AND voiced) AS voicemail, SUM(talk) AS talkSeconds,
      SUM(TIMESTAMPDIFF(SECOND, s, COALESCE(first_answer, e))) AS ringSeconds, MAX(p.most) AS maxConcurrent
    FROM line_calls c JOIN (SELECT line, MAX(n) AS most FROM (
      SELECT line, SUM(step) OVER (PARTITION BY line ORDER BY t, step ROWS UNBOUNDED PRECEDING) AS n FROM (
        SELECT line, s AS t, 1 AS step FROM line_calls
        UNION ALL SELECT line, GREATEST(e, s + INTERVAL 1 SECOND), -1 FROM line_calls) steps) sums GROUP BY line) p
      ON p.line = c.line GROUP BY c.line`)
  return new Map(
    rows.map((row) => {
      const { line, ...figures } = v.parse(Row, row)
      return [line, Object.fromEntries(Object.entries(figures).map(([name, n]) => [name, Number(n)]))]
    }),
  )
}

/** Compares `GET /stats` by extension and by trunk with SQL; throws at the first difference. Returns the number of lines. */
export async function compareLines(
  db: Connection,
  stats: (by: 'extension' | 'trunk') => Promise<Awaited<ReturnType<typeof getStats>>>,
): Promise<number> {
  const expected = await sqlLines(db)
  const found = new Map<string, Record<string, unknown>>()
  for (const by of ['extension', 'trunk'] as const) {
    const prefix = by === 'trunk' ? 'trunk:' : 'ext:'
    for (const row of (await stats(by)).rows) if (row.calls > 0) found.set(prefix + row.key, row)
  }
  if ([...found.keys()].sort().join() !== [...expected.keys()].sort().join()) {
    throw new Error(`the lines are ${[...found.keys()].sort()}, by SQL ${[...expected.keys()].sort()}`)
  }
  for (const [line, figures] of expected) {
    for (const [name, value] of Object.entries(figures)) {
      const is = found.get(line)?.[name]
      if (is !== value) throw new Error(`${line} ${name}: the total is ${is}, SQL says ${value}`)
    }
  }
  return expected.size
}

/** Returns statistics for `compareLines` that are read from the stored totals, for the days `from` to `to`. */
export function lineStats(totals: TotalReader, site: string, from: string, to: string) {
  return (by: 'extension' | 'trunk') => getStats(site, { from, to, by }, { totals, zone: 'UTC' })
}
