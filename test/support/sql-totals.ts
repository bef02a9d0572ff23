import type { Connection } from 'mariadb'
import * as v from 'valibot'
import type { Cdr } from '../../contracts/cdr.ts'
import { cdrFields } from '../../contracts/cdr.ts'

/**
 * Fills the table from which SQL computes the totals of a call log. The queries follow the rules in docs/call-log.md and share
 * no code with the product, so that they can check its roll-ups. Times are UTC; numbers are those of the sample site, France.
 */
export async function loadCdrs(db: Connection, cdrs: readonly Cdr[]): Promise<void> {
  await db.query('CREATE DATABASE IF NOT EXISTS totals')
  await db.query('USE totals')
  await db.query(
    `CREATE OR REPLACE TABLE cdr (${cdrFields
      .map((field) => `\`${field}\` ${['duration', 'billsec', 'sequence'].includes(field) ? 'INT' : 'VARCHAR(255)'}`)
      .join(', ')}, s DATETIME, a DATETIME, e DATETIME, KEY (linkedid))`,
  )
  const moment = (text: string) => (text ? new Date(text).toISOString().slice(0, 19).replace('T', ' ') : null)
  const rows = cdrs.map((cdr) => [
    ...cdrFields.map((field) => cdr[field]),
    moment(cdr.start),
    moment(cdr.answer),
    moment(cdr.end),
  ])
  const marks = Array(cdrFields.length + 3)
    .fill('?')
    .join(',')
  await db.batch(`INSERT INTO cdr VALUES (${marks})`, rows)
}

/** SQL condition of a CDR of an internal channel of Asterisk, which is no leg of a person. */
export const helper = "(channel LIKE 'Local/%' OR lastapp = 'AppDial')"
const voice = "(lastapp = 'VoiceMail')"
const spoke = `(disposition = 'ANSWERED' AND NOT ${helper} AND NOT ${voice})`

const perCall = `
  SELECT c.linkedid,
    DATE_FORMAT(IF(c.linkedid RLIKE '^(.*-)?[0-9]{9,10}[.][0-9]+$',
      FROM_UNIXTIME(SUBSTRING_INDEX(SUBSTRING_INDEX(c.linkedid, '-', -1), '.', 1)), MIN(s)), '%Y-%m-%dT%H') AS hour,
    MAX(${spoke}) AS answered,
    MAX(${voice} AND a IS NOT NULL) AS voiced,
    MAX(disposition = 'NO ANSWER') AS unanswered,
    SUM(IF(${spoke} AND uniqueid = (SELECT f.uniqueid FROM cdr f WHERE f.linkedid = c.linkedid
      ORDER BY f.uniqueid = f.linkedid DESC, f.s, f.sequence LIMIT 1), billsec, 0)) AS talk,
    MIN(s) AS s, MAX(e) AS e,
    (SELECT l.disposition FROM cdr l WHERE l.linkedid = c.linkedid AND NOT (l.channel LIKE 'Local/%' OR l.lastapp = 'AppDial')
      ORDER BY l.s DESC, l.sequence DESC LIMIT 1) AS last,
    (SELECT COALESCE(l.a, l.s) FROM cdr l WHERE l.linkedid = c.linkedid AND l.disposition = 'ANSWERED'
      AND NOT (l.channel LIKE 'Local/%' OR l.lastapp IN ('AppDial', 'VoiceMail'))
      ORDER BY l.uniqueid = l.linkedid DESC, l.s, l.sequence LIMIT 1) AS first_answer
  FROM cdr c GROUP BY c.linkedid`

const Row = v.looseObject({ hour: v.string() })
export type SqlTotal = Record<
  | 'calls'
  | 'answered'
  | 'abandoned'
  | 'busy'
  | 'failed'
  | 'voicemail'
  | 'talkSeconds'
  | 'ringSeconds'
  | 'maxConcurrent',
  number
>

/** Computes the totals of each hour, `yyyy-mm-ddThh` in UTC. */
export async function sqlTotals(db: Connection): Promise<Map<string, SqlTotal>> {
  await db.query("SET time_zone = '+00:00'")
  await db.query(`CREATE OR REPLACE TABLE calls AS ${perCall}`)
  await db.query('ALTER TABLE calls ADD KEY (s)')
  // Only calls that start within the longest duration can overlap; without this bound SQL would compare each call with all.
  const [longest]: { seconds: number }[] = await db.query(
    'SELECT 1 + MAX(TIMESTAMPDIFF(SECOND, s, e)) AS seconds FROM calls',
  )
  const rows: unknown[] = await db.query(`
    SELECT hour, COUNT(*) AS calls, SUM(answered) AS answered,
      SUM(NOT answered AND NOT voiced AND unanswered) AS abandoned,
      SUM(NOT answered AND NOT voiced AND NOT unanswered AND last = 'BUSY') AS busy,
      SUM(NOT answered AND NOT voiced AND NOT unanswered AND last <> 'BUSY') AS failed,
      SUM(NOT answered AND voiced) AS voicemail, SUM(talk) AS talkSeconds,
      SUM(TIMESTAMPDIFF(SECOND, s, COALESCE(first_answer, e))) AS ringSeconds,
      (SELECT MAX(n) FROM (SELECT x.hour AS xh, COUNT(*) AS n FROM calls x JOIN calls y
        ON y.s BETWEEN x.s - INTERVAL ${Number(longest?.seconds ?? 0)} SECOND AND x.s AND GREATEST(y.e, y.s + INTERVAL 1 SECOND) > x.s GROUP BY x.linkedid) peaks WHERE xh = calls.hour) AS maxConcurrent
    FROM calls GROUP BY hour`)
  return new Map(
    rows.map((row) => {
      const { hour, ...figures } = v.parse(Row, row)
      return [hour, Object.fromEntries(Object.entries(figures).map(([name, n]) => [name, Number(n)])) as SqlTotal]
    }),
  )
}
