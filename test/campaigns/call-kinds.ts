import { isDeepStrictEqual } from 'node:util'
import * as v from 'valibot'
import { type Cdr, cdrFields } from '../../contracts/cdr.ts'
import { Stats } from '../../contracts/routes/stats.ts'
import { Verification } from '../../contracts/routes/verifications.ts'
import { callKinds, siteOfKinds } from '../pbx/support/call-kinds.ts'
import { startStack } from '../pbx/support/stack.ts'
import { startMariaDb } from '../support/mariadb.ts'
import { compareLines } from '../support/sql-lines.ts'
import { loadCdrs, sqlTotals } from '../support/sql-totals.ts'
import { until } from '../support/until.ts'

/**
 * Goal: the call log has the same fields as the CDR file of Asterisk for 200 real calls of 17 kinds, and the same totals as SQL
 * computes from that file.
 * Method: calls are made one after the other, every third pair concurrently; then both sides are compared completely.
 */
export async function main(args: string[]): Promise<void> {
  const calls = Number(args[0] ?? 200)
  await using stack = await startStack({ changeSite: siteOfKinds })
  const { deployment } = stack
  const kinds = callKinds(calls)
  for (const [n, kind] of kinds.entries()) {
    await kind.make(stack.pbx, n)
    if (n % 20 === 19) console.log(`${n + 1} calls`)
  }
  await until('no live call', async () =>
    (await stack.pbx.pbx.cli('core show channels count')).includes('0 active channels'),
  )
  const written = (await stack.pbx.allRecords()) as unknown as Cdr[]
  await until('every CDR in the store', async () => (await stack.storedCdrs()).length >= written.length, 60_000)
  const stored = await stack.storedCdrs()
  const plain = (cdr: Cdr) => Object.fromEntries(cdrFields.map((field) => [field, cdr[field]]))
  const byKey = (a: Cdr, b: Cdr) => (`${a.uniqueid}/${a.sequence}` < `${b.uniqueid}/${b.sequence}` ? -1 : 1)
  if (!isDeepStrictEqual(stored.sort(byKey).map(plain), written.sort(byKey).map(plain))) {
    throw new Error(`the store's ${stored.length} CDRs are not the file's ${written.length}`)
  }
  console.log(
    `${calls} calls of ${new Set(kinds.map(({ kind }) => kind)).size} kinds: ${stored.length} CDRs, the store equals the file`,
  )

  const day = written[0]?.start.slice(0, 10) ?? ''
  const key = stack.site.apiKey
  await deployment.call('POST', '/v1/sites/office/cdrs/verifications', { key, body: { day } })
  const path = `/v1/sites/office/cdrs/verifications/${day}`
  const verified = await until('the bridge to tell the day', async () => {
    const found = v.parse(Verification, await (await deployment.call('GET', path, { key })).json())
    return found.state === 'done' && found
  })
  if (!verified.isEqual) throw new Error(`the day differs: ${JSON.stringify(verified)}`)
  console.log(`${day} verified by the bridge: ${JSON.stringify(verified.pbx)} on both sides`)

  await using sql = await startMariaDb()
  await loadCdrs(sql.db, written)
  const expected = await sqlTotals(sql.db)
  // The roll-up of an hour marks the next hour if a call continues into it, so a few ticks are needed for all hours.
  for (let tick = 0; tick < 4; tick += 1) await deployment.cloud.invoke('watch', { Records: [{ body: '{"part":0}' }] })
  for (const [hour, figures] of expected) {
    const [from, to] = [`${hour}:00:00Z`, new Date(Date.parse(`${hour}:00:00Z`) + 3_600_000).toISOString()]
    const response = await deployment.call('GET', `/v1/sites/office/stats?from=${from}&to=${to}&by=day`, { key })
    const { total } = v.parse(Stats, await response.json())
    for (const [name, value] of Object.entries(figures)) {
      if (total[name] !== value) throw new Error(`${hour} ${name}: the cloud says ${total[name]}, SQL says ${value}`)
    }
    console.log(`${hour}: equal to SQL: ${JSON.stringify(figures)}`)
  }
  const count = await compareLines(sql.db, async (by) => {
    const response = await deployment.call('GET', `/v1/sites/office/stats?from=${day}&to=${day}&by=${by}`, { key })
    return v.parse(Stats, await response.json())
  })
  console.log(`${count} extensions and trunks: equal to SQL`)
}
