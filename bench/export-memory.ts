import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { exportCdrs } from '../functions/http/exports/export-cdrs.ts'
import { newJob } from '../functions/http/exports/request-export.ts'
import type { LogReader } from '../functions/http/search/row-stream.ts'
import { writeExports } from '../functions/queues/write-exports/write-export.ts'
import type { StoredExportJob } from '../functions/stores/export-jobs.ts'
import { makeCdr } from '../test/support/cdrs.ts'
import { type Figure, median } from './figure.ts'

/** `npm run bench -- export-memory [--rows 1000000]`: what an export job holds in memory over few rows and over many. */
export async function measure(args: string[]): Promise<Figure[]> {
  const at = args.indexOf('--rows')
  const many = at < 0 ? 200_000 : Number(args[at + 1])
  const few = many / 10
  // Once before, so that what the code itself takes is there in both.
  await liveOf(few)
  const small = await liveOf(few)
  const large = await liveOf(many)
  return [
    { name: `live memory at a part, median, ${few} rows`, value: small.liveMb, unit: 'MB' },
    { name: `live memory at a part, median, ${many} rows`, value: large.liveMb, unit: 'MB' },
    { name: 'the most of them', value: large.mostMb, unit: 'MB' },
    { name: 'many to few', value: large.liveMb / small.liveMb, unit: '', target: 'at most 1.1' },
    { name: 'written', value: large.bytes / 1e6, unit: 'MB' },
    { name: 'rows written', value: (1000 * many) / large.ms, unit: '/s' },
  ]
}

/** Rows that no store holds, made as they are read: what is measured is the export alone. */
function madeRows(count: number): LogReader {
  const first = makeCdr(0)
  const rowOf = (n: number) => `2026-11-23T19:00:00Z#${String(n).padStart(9, '0')}`
  return {
    byTime: async (_site, _month, { after }, limit) => {
      const from = after === undefined ? 0 : Number(after.slice(after.indexOf('#') + 1)) + 1
      const until = Math.min(count, from + limit)
      const rows = Array.from({ length: until - from }, (_, n) => {
        const cdr = { ...first, sequence: from + n, uniqueid: `pbx1-1795460400.${from + n}` }
        return { row: rowOf(from + n), cdr, a: '60', b: '61' }
      })
      return { rows, more: until < count, bytes: 0 }
    },
    byParty: async () => ({ rows: [], more: false, bytes: 0 }),
    byPrefix: async () => ({ rows: [], more: false, bytes: 0 }),
  }
}

async function liveOf(rows: number): Promise<{ liveMb: number; mostMb: number; bytes: number; ms: number }> {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  const listing = {
    log: madeRows(rows),
    cursorKey: 'k'.repeat(32),
    numbering: { country: 'FR', zone: 'Europe/Paris', language: 'fr' } as const,
    now: Date.now,
  }
  const period = { from: '2026-11-23T00:00:00Z', to: '2026-11-24T00:00:00Z' }
  let job: StoredExportJob = newJob('bench', { format: 'jsonl', order: 'oldest', ...period }, true, Date.now(), 'job')
  const live: number[] = []
  let bytes = 0
  const started = performance.now()
  await writeExports({
    jobs: {
      running: async () => [job],
      save: async (_seen, next) => {
        job = { ...job, ...next, turn: job.turn + 1 }
        return job
      },
    },
    files: {
      begin: async () => 'upload',
      putPart: async (_file, _upload, part, body) => {
        // What is alive while a part is in hand; garbage is the collector's matter.
        collect()
        const { heapUsed, arrayBuffers } = process.memoryUsage()
        live.push((heapUsed + arrayBuffers) / 1e6)
        bytes += body.length
        return `part ${part}`
      },
      complete: async () => undefined,
    },
    read: (one, query) => exportCdrs(one.site, query, { ...listing, personal: true, show: (cdr) => cdr }),
    isOver: () => false,
    now: Date.now(),
  })
  if (job.state !== 'done' || job.rows !== rows) throw new Error(`${job.rows} rows, ${job.state}`)
  return { liveMb: median(live), mostMb: Math.max(...live), bytes, ms: performance.now() - started }
}
