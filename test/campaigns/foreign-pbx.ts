import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startBridgeSide, startForeignPbx } from '../pbx/support/foreign-pbx.ts'

const calls = 100
/** 100 minutes in all. */
const halfMinutesPerCall = 2

/**
 * An hour of idling and 100 calls on an Asterisk that has no context of Switchhook. The bridge must cause no CDR, no warning in
 * Asterisk's log and no refused request. The bridge's clock runs ahead; Asterisk's does not.
 */
export async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'foreign-'))
  await using stack = new AsyncDisposableStack()
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  const pbx = stack.use(await startForeignPbx())
  const { it } = pbx
  const bridge = stack.use(await startBridgeSide(it, folder))
  await it.phones.setBehaviour('61', { kind: 'answer', talkMs: 100 })
  for (let at = 0; at < calls; at += 1) {
    await bridge.idle(halfMinutesPerCall)
    await (await it.phones.call({ from: '60', to: '61', talkMs: 100 })).ended
  }
  const records = await it.takeRecords(calls)
  const found = {
    records: records.length,
    byBridge: records.filter(({ channel }) => !String(channel).startsWith('PJSIP/5860-')).length,
    complaints: await pbx.complaints(),
    refused: [...bridge.refused, ...Array(bridge.counters.get('ami-refused')).fill('AMI')],
    connections: bridge.connections,
  }
  console.log(JSON.stringify(found))
  const isRight = found.records === calls && found.byBridge === 0 && found.complaints.length === 0
  if (!isRight || found.refused.length > 0 || found.connections !== 1)
    throw new Error('the bridge left a trace in the PBX')
}
