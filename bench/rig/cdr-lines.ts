import { appendFile, readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs'
import { CdrCheckpoint } from '../../bridge/asterisk/cdr-checkpoint.ts'
import { CdrFile } from '../../bridge/asterisk/cdr-file.ts'
import { CdrLane } from '../../bridge/forward/cdr-lane.ts'
import { Delivery } from '../../bridge/forward/delivery.ts'
import { Packer } from '../../bridge/forward/pack.ts'
import { Sender } from '../../bridge/forward/sender.ts'
import { readSigningKey } from '../../bridge/forward/signing-key.ts'
import { Counters } from '../../bridge/operate/counters.ts'
import { createLog } from '../../bridge/operate/log.ts'
import { Quarantine } from '../../bridge/spool/quarantine.ts'
import { RefusedRecords } from '../../bridge/spool/refused-records.ts'
import { recordingsFolder } from '../../infra/replay/recording.ts'
import { type Figure, median } from '../figure.ts'
import type { Rig } from './rig.ts'

const rounds = 3

interface Run {
  linesPerSecond: number
  cpuUsPerLine: number
  requests: number
}

/** Call records from their file to SQS: the bridge's lane, against a loop that sends the same lines in tens by the AWS SDK. */
export async function measureCdrLines(rig: Rig, lines: number): Promise<Figure[]> {
  const file = path.join(rig.folder, 'backlog.jsonl')
  await writeBacklog(file, lines)
  const tens: Run[] = []
  const ours: Run[] = []
  for (let round = 0; round < rounds; round += 1) {
    tens.push(await measured(rig, lines, () => sendTens(rig, file)))
    ours.push(await measured(rig, lines, () => runLane(rig, file, lines, round)))
  }
  const of = (runs: Run[], key: keyof Run) => median(runs.map((run) => run[key]))
  const ratioTo = 'AWS SDK sending tens'
  const ratio = (key: keyof Run) => of(ours, key) / of(tens, key)
  return [
    { name: 'AWS SDK sending tens', value: of(tens, 'linesPerSecond'), unit: 'lines/s' },
    { name: 'call records to SQS', value: of(ours, 'linesPerSecond'), unit: 'lines/s' },
    {
      name: 'call records to SQS, lines a second',
      value: ratio('linesPerSecond'),
      unit: '',
      target: 'at least 5',
      ratioTo,
    },
    { name: 'CPU of a line', value: of(ours, 'cpuUsPerLine'), unit: 'µs' },
    { name: 'CPU of a line, in parts', value: ratio('cpuUsPerLine'), unit: '', target: 'at most 0.25', ratioTo },
    { name: 'requests', value: ratio('requests'), unit: '', target: 'at most 0.033', ratioTo },
  ]
}

async function writeBacklog(file: string, lines: number): Promise<void> {
  await rm(file, { force: true })
  const samples = (await readFile(path.join(recordingsFolder, 'cdr_adv_sample.jsonl'), 'utf8')).trimEnd().split('\n')
  const rows = samples.map((line) => JSON.parse(line))
  for (let from = 0; from < lines; from += 1000) {
    const some = Array.from({ length: Math.min(1000, lines - from) }, (_, index) => {
      const row = rows[(from + index) % rows.length]
      const seconds = 1_795_460_594 + Math.floor((from + index) / 7)
      return JSON.stringify({ ...row, uniqueid: `pbx1-${seconds}.${from + index}`, sequence: from + index })
    })
    await appendFile(file, `${some.join('\n')}\n`)
  }
}

async function measured(rig: Rig, lines: number, send: () => Promise<void>): Promise<Run> {
  await rig.counts({ forget: true })
  const cpu = process.cpuUsage()
  const begun = performance.now()
  await send()
  const seconds = (performance.now() - begun) / 1000
  const { user, system } = process.cpuUsage(cpu)
  const { records } = await rig.counts()
  return { linesPerSecond: lines / seconds, cpuUsPerLine: (user + system) / lines, requests: records?.requests ?? 0 }
}

async function sendTens(rig: Rig, file: string): Promise<void> {
  const client = new SQSClient({ region: 'eu-west-3' })
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n')
  for (let from = 0; from < lines.length; from += 10) {
    const Entries = lines.slice(from, from + 10).map((MessageBody, index) => ({ Id: `${index}`, MessageBody }))
    await client.send(new SendMessageBatchCommand({ QueueUrl: rig.queue('records'), Entries }))
  }
  client.destroy()
}

async function runLane(rig: Rig, path_: string, lines: number, round: number): Promise<void> {
  const folder = path.join(rig.folder, `cdr-${round}`)
  const operation = { counters: new Counters(), log: createLog({ level: 'error', write: () => undefined }) }
  const quarantine = new Quarantine(folder)
  await quarantine.open()
  const file = new CdrFile({ path: path_, checkpoint: new CdrCheckpoint(folder), onCount: () => undefined })
  await file.open()
  const sender = new Sender('eu-west-3')
  const lane = new CdrLane({
    ...operation,
    site: 'bench',
    to: { lane: 'records', queueUrl: rig.queue('records') },
    file,
    refused: new RefusedRecords(folder),
    packer: new Packer({ site: 'bench', key: 'k1', sign: await readSigningKey(path.join(rig.folder, 'bridge.key')) }),
    delivery: new Delivery({ sender, quarantine, ...operation }),
  })
  const stop = new AbortController()
  const running = lane.run(stop.signal)
  while (operation.counters.get('cdrs-sent') < lines) await new Promise((resolve) => setTimeout(resolve, 2))
  stop.abort()
  await running
  await file.close()
  sender.stop()
}
