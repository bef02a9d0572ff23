import { generateKeyPairSync, sign } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ReconnectPolicy } from '../../bridge/asterisk/reconnect-policy.ts'
import { Backoff } from '../../bridge/backoff.ts'
import { AckCursor } from '../../bridge/forward/ack-cursor.ts'
import { Packer } from '../../bridge/forward/pack.ts'
import { bodyCountForCall } from '../../bridge/forward/sender.ts'
import { Stamp } from '../../bridge/normalise/stamp.ts'
import { packedBodyBytesTarget } from '../../contracts/limits.ts'
import { openBody } from '../../contracts/packed-body.ts'

test('AckCursor advances only over a contiguous run of completed ranges, in any order of completion', () => {
  const cuts = fc.uniqueArray(fc.integer({ min: 2, max: 60 }), { maxLength: 20 })
  fc.assert(
    fc.property(cuts, fc.infiniteStream(fc.nat()), (at, random) => {
      const edges = [1, ...at.sort((a, b) => a - b), 61]
      const ranges = edges.slice(1).map((to, index): [number, number] => [edges[index] ?? 1, to])
      const done = new Set<number>()
      const cursor = new AckCursor(1)
      while (ranges.length > 0) {
        const [range] = ranges.splice((random.next().value ?? 0) % ranges.length, 1)
        if (!range) break
        cursor.complete(...range)
        for (let number = range[0]; number < range[1]; number += 1) done.add(number)
        let next = 1
        while (done.has(next)) next += 1
        expect(cursor.next).toBe(next)
      }
      expect(cursor.next).toBe(61)
    }),
  )
})

const { privateKey, publicKey } = generateKeyPairSync('ed25519')
const packer = () => new Packer({ site: 'lyon-1', key: 'k1', sign: (bytes) => sign(null, bytes, privateKey) })

test('Packer packs every line in order into bodies that nearly fill 64 KiB and never exceed it', async () => {
  const lines = Array.from({ length: 5000 }, (_, index) => JSON.stringify({ index, noise: Math.random() }))
  const bytes = lines.map((line) => Buffer.from(line))
  const found: string[] = []
  const sizes: number[] = []
  const one = packer()
  while (found.length < lines.length) {
    const { body, count } = one.pack('records', bytes.slice(found.length))
    const opened = await openBody(body, async () => publicKey)
    expect(opened.lines).toHaveLength(count)
    found.push(...opened.lines)
    sizes.push(body.length)
  }
  expect(found).toEqual(lines)
  expect(Math.max(...sizes)).toBeLessThanOrEqual(packedBodyBytesTarget)
  // The first estimate is careful and the last body is a remainder; those between are nearly full.
  for (const size of sizes.slice(1, -1)) expect(size).toBeGreaterThan(packedBodyBytesTarget * 0.7)
})

test('Packer puts a line that fills a body into a body of its own', () => {
  const noise = Buffer.from(Array.from({ length: 60_000 }, () => Math.random() * 256))
  const long = Buffer.from(noise.toString('base64'))
  expect(packer().pack('live', [long, long])).toMatchObject({ count: 1 })
})

test('one SQS call takes at most ten bodies and at most 1 MiB', () => {
  expect(bodyCountForCall(Array.from({ length: 25 }, () => 'x'))).toBe(10)
  expect(bodyCountForCall(['x'.repeat(600_000), 'x'.repeat(600_000)])).toBe(1)
  expect(bodyCountForCall(['x'])).toBe(1)
})

test('Backoff doubles its bound up to the longest wait, and starts again after reset', () => {
  const longest = new Backoff({ firstMs: 100, longestMs: 1000 }, () => 1)
  expect(Array.from({ length: 6 }, () => longest.nextMs())).toEqual([100, 200, 400, 800, 1000, 1000])
  longest.reset()
  expect(longest.nextMs()).toBe(100)
  expect(new Backoff({ firstMs: 100, longestMs: 1000 }, () => 0).nextMs()).toBe(0)
})

test('ReconnectPolicy waits up to 30 s if connections drop at once, and 500 ms after a connection that lasted', () => {
  const policy = new ReconnectPolicy(() => 1)
  const flapping = Array.from({ length: 8 }, () => policy.nextMs(100))
  expect(flapping.at(-1)).toBe(30_000)
  expect(policy.nextMs(60_000)).toBe(500)
})

test('Stamp numbers the facts of each kind without holes in k, and all facts together in the version', () => {
  const stamp = new Stamp('lyon-1', 7)
  const time = '2026-11-23T19:03:12.604Z'
  const endpoint = {
    endpoint: 'PJSIP/1',
    technology: 'PJSIP',
    resource: '1',
    deviceState: 'INUSE',
    reachability: 'online',
    since: time,
  } as const
  const gap = { from: time, to: time, reason: 'x' }
  const events = [
    stamp.event({ kind: 'endpoint', state: endpoint }, time),
    stamp.event({ kind: 'gap', state: gap }, time),
    stamp.event({ kind: 'endpoint', state: endpoint }, time),
  ]
  expect(events.map((event) => ('k' in event ? event.k : undefined))).toEqual([1, undefined, 2])
  expect(events.map(({ id }) => id)).toEqual([1, 2, 3].map((seq) => `lyon-1/0000000007.000000000${seq}`))
})
