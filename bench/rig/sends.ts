import { appendFile, readFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { recordingsFolder } from '../../infra/replay/recording.ts'
import type { Figure } from '../figure.ts'
import type { Rig } from './rig.ts'

const eventsPerCall = 86
const callsPerSecond = 20

/** What SQS bills for, heartbeats apart: at 20 calls a second, and for single calls. */
export async function measureSends(rig: Rig, seconds: number, calls: number): Promise<Figure[]> {
  const bridge = await rig.bridge('sends')
  await delay(1500)
  await rig.counts({ forget: true })
  const busy = await withRecords(rig, seconds * callsPerSecond, 1000 / callsPerSecond, () =>
    rig.play({ events: seconds * callsPerSecond * eventsPerCall, rate: callsPerSecond * eventsPerCall }),
  )
  let single = 0
  for (let call = 0; call < calls; call += 1) {
    await delay(1500)
    await rig.counts({ forget: true })
    single += await withRecords(rig, 1, 0, () => rig.play({ events: eventsPerCall, asRecorded: true }))
  }
  await bridge.stop()
  return [
    {
      name: `requests of a raw event at ${callsPerSecond} calls a second`,
      value: busy / (seconds * callsPerSecond * eventsPerCall),
      unit: '',
      target: 'at most 0.00667',
    },
    { name: 'requests of a single call', value: single / calls, unit: '', target: 'at most 8' },
  ]
}

async function withRecords(rig: Rig, records: number, everyMs: number, play: () => Promise<unknown>): Promise<number> {
  const [sample = ''] = (await readFile(path.join(recordingsFolder, 'cdr_adv_sample.jsonl'), 'utf8')).split('\n')
  const row = JSON.parse(sample)
  const writing = (async () => {
    for (let record = 0; record < records; record += 1) {
      await delay(everyMs)
      const line = { ...row, sequence: Math.floor(performance.now() * 1000) }
      await appendFile(path.join(rig.folder, 'cdr.jsonl'), `${JSON.stringify(line)}\n`)
    }
  })()
  await Promise.all([writing, play()])
  // Both lanes' pace, and a look at the file.
  await delay(2500)
  const counts = await rig.counts()
  return (counts['live']?.requests ?? 0) + (counts['records']?.requests ?? 0)
}
