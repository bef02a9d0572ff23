import type { CdrRow } from '../pbx/support/pbx.ts'
import { complaintsOf } from '../pbx/support/rendered-pbx.ts'
import { hasSipp } from '../pbx/support/trunk.ts'
import { until } from '../support/until.ts'
import { type Row, rows } from './pbx-calls/rows.ts'
import { startWorld, type World } from './pbx-calls/world.ts'

/**
 * Goal: every way of a call that site.yaml can describe works on the real Asterisk with what `switchhook pbx render` wrote, and both
 * parties hear each other.
 * Method: phones and provider are real SIP agents (a second and a third Asterisk; sipp for strangers). Each row makes one call, waits
 * until every party has heard a second and more, and says what must stand in Asterisk's call records, and with which cause the
 * caller's phone was released. Messages are left, counted and heard, and must be what was said.
 *
 *     npm run campaign -- pbx-calls [TEXT]
 *
 * With TEXT only the rows whose names contain it.
 */
export async function main([text = '']: string[]): Promise<void> {
  if (!hasSipp) throw new Error('the campaign needs sipp: install the package sip-tester')
  await using world = await startWorld()
  const faults: string[] = []
  const all = rows(world).filter(({ name }) => name.includes(text))
  for (const row of all) {
    const fault = await faultOf(world, row).catch((error: unknown) => String(error))
    console.log(`${fault === undefined ? 'ok   ' : 'WRONG'} ${row.name}${fault === undefined ? '' : `: ${fault}`}`)
    if (fault !== undefined) faults.push(`${row.name}: ${fault}`)
  }
  const complaints = (await complaintsOf(world.pbx)).filter(
    (line) => !/outbound_registration|Unable to (create|find)|No dial/.test(line),
  )
  for (const line of complaints) console.log(`note  ${line}`)
  console.log(`${all.length} calls, ${faults.length} wrong`)
  if (faults.length > 0) throw new Error(faults.join('\n'))
}

async function faultOf(world: World, row: Row): Promise<string | undefined> {
  const before = (await world.records()).length
  const cause = await row.call()
  await until('the calls to end', async () =>
    (await world.pbx.cli('core show channels count')).includes('0 active channels'),
  )
  const wanted = row.talkedTo?.length ?? row.records.length
  let count = 0
  await until('the records', async () => {
    // How many a transfer leaves is not known: wait until none is added.
    const isSettled = row.talkedTo === undefined || (await world.records()).length === count
    count = (await world.records()).length
    return count >= before + wanted && isSettled
  })
  const found = (await world.records()).slice(before)
  if (row.cause !== undefined && cause !== row.cause) return `the cause is ${cause} instead of ${row.cause}`
  if (row.talkedTo) return transferFault(row.talkedTo, found)
  if (found.length !== row.records.length)
    return `${found.length} records instead of ${row.records.length}: ${JSON.stringify(found)}`
  for (const [n, wanted] of row.records.entries())
    for (const [field, value] of Object.entries(wanted))
      if (found[n]?.[field] !== value) return `${field} is ${found[n]?.[field]} instead of ${value} in record ${n + 1}`
  return undefined
}

function transferFault(talkedTo: readonly string[], found: readonly CdrRow[]): string | undefined {
  const isTo = (endpoint: string) => (record: CdrRow) =>
    String(record['dstchannel']).startsWith(`PJSIP/${endpoint}-`) && record['disposition'] === 'ANSWERED'
  const missing = talkedTo.filter((endpoint) => !found.some(isTo(endpoint)))
  if (missing.length > 0) return `no answered record of ${missing.join(', ')}: ${JSON.stringify(found)}`
  const calls = new Set(found.map(({ linkedid }) => linkedid))
  return calls.size === 1 ? undefined : `the records have ${calls.size} linkedids instead of one`
}
