import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import * as v from 'valibot'
import { Verification } from '../../contracts/routes/verifications.ts'
import { callApi } from '../api.ts'
import { type Connection, connectionOf, connectionOptions, UsageError } from '../config.ts'
import { print } from '../output.ts'

export const usage = `switchhook cdrs verify --day yyyy-mm-dd [--repair] [--json]
    holds a day of the call log against the PBX's own file: counts, checksums, what is missing or extra by key
    --repair  has the PBX send the day again where something is missing, and looks once more`

/** The bridge answers within seconds; one that is away does not answer at all. */
const answerMsMax = 60_000
const lookMs = 500
/** After a repair its CDRs may still be on their way when the day is looked at. */
const looksAfterRepair = 5

/** Exit status 0 where both sides are equal, 3 where they are not. */
export async function run([action = '', ...args]: string[]): Promise<number> {
  const options = {
    ...connectionOptions,
    day: { type: 'string' },
    repair: { type: 'boolean' },
    json: { type: 'boolean' },
  } as const
  const { values } = parseArgs({ args, options })
  const { day, repair, json } = values
  if (action !== 'verify' || day === undefined) throw new UsageError(usage)
  const connection = connectionOf(values)
  let found = await verify(connection, day, false)
  if (repair && found.missing && found.missing.count > 0) {
    found = await verify(connection, day, true)
    for (let look = 0; look < looksAfterRepair && found.missing?.count; look += 1) {
      await sleep(lookMs * 2 ** look)
      found = await verify(connection, day, false)
    }
  }
  print(found, { json })
  return found.isEqual ? 0 : 3
}

async function verify(connection: Connection, day: string, repair: boolean): Promise<Verification> {
  const asked = v.parse(Verification, await callApi(connection, 'POST', 'cdrs/verifications', { day, repair }))
  for (let waited = 0; waited < answerMsMax; waited += lookMs) {
    const found = v.parse(Verification, await callApi(connection, 'GET', `cdrs/verifications/${day}`))
    if (found.run !== asked.run) throw new Error('someone else has asked for the same day meanwhile: try again')
    if (found.state === 'done') return found
    await sleep(lookMs)
  }
  throw new Error(`the bridge did not answer within ${answerMsMax / 1000} s: is it running?`)
}
