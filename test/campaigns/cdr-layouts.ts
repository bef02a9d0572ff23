import { generateKeyPairSync, sign } from 'node:crypto'
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { CdrCheckpoint } from '../../bridge/asterisk/cdr-checkpoint.ts'
import { CdrFile } from '../../bridge/asterisk/cdr-file.ts'
import { CdrLane } from '../../bridge/forward/cdr-lane.ts'
import { Delivery } from '../../bridge/forward/delivery.ts'
import { Packer } from '../../bridge/forward/pack.ts'
import { cdrFormat } from '../../bridge/normalise/cdr-record.ts'
import { realClock } from '../../bridge/operate/clock.ts'
import { Counters } from '../../bridge/operate/counters.ts'
import { createLog } from '../../bridge/operate/log.ts'
import { Quarantine } from '../../bridge/spool/quarantine.ts'
import { RefusedRecords } from '../../bridge/spool/refused-records.ts'
import { openBody } from '../../contracts/packed-body.ts'
import { type GeneratedFile, generatedLayouts, generateFile } from '../support/generated-cdrs.ts'
import { Random } from '../support/random.ts'
import { until } from '../support/until.ts'

const recordsDefault = 10_000
const { privateKey, publicKey } = generateKeyPairSync('ed25519')

/**
 * `npm run campaign -- cdr-layouts [RECORDS]`: writes RECORDS hostile records in each layout to a file, in pieces that end
 * anywhere, and reads them with the bridge's lane. What reaches the queue and what is in quarantine with a reason must add up to
 * what was written, also after the lane is stopped and started again.
 */
export async function main([records = String(recordsDefault)]: string[]): Promise<void> {
  if (!/^[1-9]\d*$/.test(records))
    throw new Error(`RECORDS must be a whole number, for example 10000, not "${records}"`)
  const seed = Number(process.env['TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 31))
  console.log(`${records} records a layout, seed ${seed} (TEST_SEED=${seed} repeats them)`)
  for (const [name, write] of Object.entries(generatedLayouts)) {
    const random = new Random(seed)
    const file = generateFile(write, Number(records), random)
    const { sent, listed, reasons } = await readByLane(file, random)
    console.log(`${name}: ${file.cdrs.length} written, ${sent} sent, ${listed} listed: ${[...reasons].join('; ')}`)
    if (sent + listed !== file.cdrs.length) throw new Error(`${name}: the sum is ${sent + listed}`)
    if (reasons.has('')) throw new Error(`${name}: a record is listed without a reason`)
  }
}

async function readByLane({ bytes, cdrs }: GeneratedFile, random: Random) {
  const folder = await mkdtemp(path.join(tmpdir(), 'cdr-layouts-'))
  try {
    const file = path.join(folder, 'cdr.csv')
    await writeFile(file, '')
    const refused = new RefusedRecords(path.join(folder, 'quarantine'))
    await refused.open()
    // Each start of the lane may send again what it had not committed.
    const sent = new Set<string>()
    const pieces = piecesOf(bytes, random)
    for (const some of [pieces.slice(0, pieces.length / 2), pieces.slice(pieces.length / 2)]) {
      const lane = await startLane(folder, file, refused, sent)
      for (const piece of some) await appendFile(file, piece)
      if (some.at(-1) === pieces.at(-1)) {
        await until('every record', async () => sent.size + refused.records >= cdrs.length, 60_000)
      }
      await lane.stop()
    }
    const names = await refused.names()
    const listed = (await Promise.all(names.map((name) => refused.read(name)))).flat()
    return { sent: sent.size, listed: listed.length, reasons: new Set(listed.map(({ reason }) => reason)) }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function piecesOf(bytes: Buffer, random: Random): Buffer[] {
  const pieces: Buffer[] = []
  for (let at = 0; at < bytes.length; ) {
    const length = 1 + random.below(500_000)
    pieces.push(bytes.subarray(at, at + length))
    at += length
  }
  return pieces
}

async function startLane(folder: string, path_: string, refused: RefusedRecords, sent: Set<string>) {
  const operation = { counters: new Counters(), log: createLog({ level: 'error', write: console.error }) }
  const checkpoint = new CdrCheckpoint(folder)
  const file = new CdrFile({ path: path_, checkpoint, onCount: (errorId) => operation.counters.add(errorId) })
  await file.open()
  const quarantine = new Quarantine(path.join(folder, 'bodies'))
  await quarantine.open()
  const sender = {
    send: async (_queue: string, bodies: readonly string[]) => {
      for (const body of bodies) {
        for (const line of (await openBody(body, async () => publicKey)).lines)
          sent.add(JSON.stringify(JSON.parse(line).data.cdr))
      }
      return bodies.map(() => ({ kind: 'accepted' as const }))
    },
  }
  // No pauses between batches; a record that never ends is still waited for.
  const clock = { ...realClock, after: (ms: number, call: () => void) => realClock.after(Math.min(ms, 5), call) }
  const lane = new CdrLane({
    ...operation,
    site: 'campaign',
    to: { lane: 'records', queueUrl: '' },
    file,
    refused,
    clock,
    packer: new Packer({ site: 'campaign', key: 'k1', sign: (body) => sign(null, body, privateKey) }),
    delivery: new Delivery({ sender, quarantine, ...operation }),
    format: cdrFormat({ zone: 'UTC' }),
  })
  const stopping = new AbortController()
  const running = lane.run(stopping.signal)
  return {
    async stop() {
      stopping.abort()
      await running
      await file.close()
    },
  }
}
