import { open } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { type Figure, median, quantile } from '../figure.ts'
import type { BenchBridge, Rig } from './rig.ts'

/** A lane is idle when the pace of 100 ms has passed. */
const everyMs = 160

export interface Way {
  /** Unix milliseconds with fractions. */
  sentMs: number
  ms: number
}

/** From Asterisk's event on its socket to SQS's answer, one at a time. */
export async function wayToSqs(rig: Rig, events: number): Promise<Way[]> {
  await rig.counts({ forget: true })
  const { sentMs } = await rig.play({ events, rate: 1000 / everyMs, only: 'DeviceStateChanged' })
  await delay(500)
  const answeredMs = (await rig.counts())['live']?.answeredMs ?? []
  // The first may be told with what the connection itself tells.
  return sentMs.slice(2).flatMap((sent, index) => {
    const answered = answeredMs.find((at) => at >= sent)
    const next = sentMs[index + 3] ?? Number.POSITIVE_INFINITY
    return answered !== undefined && answered < next ? [{ sentMs: sent, ms: answered - sent }] : []
  })
}

/** What no durable bridge can do without: an append, its fdatasync, and a SendMessage of the same bytes. */
async function bare(rig: Rig, events: number): Promise<number[]> {
  const client = new SQSClient({ region: 'eu-west-3' })
  const file = await open(path.join(rig.folder, 'bare'), 'a')
  const MessageBody = JSON.stringify({ some: 'x'.repeat(600) })
  const times: number[] = []
  for (let event = 0; event < events; event += 1) {
    await delay(everyMs)
    const begun = performance.now()
    await file.write(MessageBody)
    await file.datasync()
    await client.send(new SendMessageCommand({ QueueUrl: rig.queue('bare'), MessageBody }))
    times.push(performance.now() - begun)
  }
  await file.close()
  client.destroy()
  return times
}

export async function measureIdleLane(rig: Rig, bridge: BenchBridge, events: number): Promise<Figure[]> {
  if ((await bridge.health()).components.spool.unsent > 0) await delay(2000)
  const [least, ways] = await Promise.all([bare(rig, events), wayToSqs(rig, events)])
  const ours = ways.map(({ ms }) => ms)
  if (ours.length < events / 2) throw new Error(`only ${ours.length} of ${events} events could be followed`)
  return [
    { name: 'fdatasync and SendMessage, p50', value: median(least), unit: 'ms' },
    { name: 'event to SQS on an idle lane, p50', value: median(ours), unit: 'ms' },
    {
      name: 'event to SQS on an idle lane, p50',
      value: median(ours) / median(least),
      unit: '',
      target: 'at most 2',
      ratioTo: 'fdatasync and SendMessage',
    },
    { name: 'event to SQS on an idle lane, p99', value: quantile(ours, 0.99), unit: 'ms' },
  ]
}
