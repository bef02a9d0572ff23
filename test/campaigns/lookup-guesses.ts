import { setTimeout as sleep } from 'node:timers/promises'
import { median } from '../../bench/figure.ts'
import { triesMax } from '../../functions/stores/lookup-tries.ts'
import { type Deployment, deploy, type TestSite } from '../support/deployment.ts'
import { Random } from '../support/random.ts'
import { makeSiteKey } from '../support/site-keys.ts'

const guesses = 1000
const callerCounts = [1, 5, 20, 50]
const trialsDefault = 2000
const withinMs = 5
const atOnce = 20
const pin = '4711'

interface Lookup {
  matricule: string
  caller: string
  pin?: string
}
interface LookupTiming {
  status: number
  ms: number
}

/**
 * `npm run campaign -- lookup-guesses [TRIALS]`. Goal: guessing student numbers or PINs reveals no more than the allowed tries,
 * and response times do not tell kinds of wrong lookups apart. Method: the packaged functions. First 1,000 guesses each from 1, 5,
 * 20 and 50 callers. Then trials of each kind in random order, each with its own caller and student, so that none is locked. Then
 * the same with locked students. Two identical kinds serve as a control: their difference is the noise of the machine.
 */
export async function main([trials]: string[] = []): Promise<void> {
  await using deployment = await deploy()
  const office = await deployment.makeSite('office')
  // The key's rate limit is above the load; for the site's limit, `timedLookup` waits.
  const { secret } = await makeSiteKey(deployment, office, { scopes: ['grades:lookup'], requestsMax: 2000 })
  const lookUp = (lookup: Lookup) => timedLookup(deployment, secret, lookup)
  for (const [n, callers] of callerCounts.entries()) {
    // Every second number has a mark, so half of the guesses are at a number with a mark.
    const first = 100_000 * (n + 1)
    await putMarks(
      deployment,
      office,
      Array.from({ length: guesses / 2 }, (_, i) => first + 2 * i),
    )
    await guess(callers, first, lookUp)
  }
  const count = Number(trials ?? trialsDefault)
  const known = Array.from({ length: count }, (_, n) => 5_000_000 + n)
  const recent = known.map((n) => n + 1_000_000)
  await putMarks(deployment, office, [...known, ...recent])
  for (const n of recent) await lookUp({ matricule: String(n), caller: `owner of ${n}`, pin })
  const number = (start: number) => (n: number) => ({ matricule: String(start + n), pin: '0000' })
  const wrongs = {
    unknown: number(7_000_000),
    'unknown (control)': number(8_000_000),
    'wrong PIN': number(5_000_000),
    'wrong PIN after a recent correct one': number(6_000_000),
  }
  await compare(wrongs, 404, count, lookUp)

  const locked = known.slice(0, 20)
  for (const student of locked) {
    for (let n = 0; n < triesMax; n++)
      await lookUp({ matricule: String(student), caller: `locks ${student} ${n}`, pin: '0000' })
  }
  const at = (given: string) => (n: number) => ({ matricule: String(locked[n % locked.length]), pin: given })
  await compare(
    { 'wrong PIN, locked': at('0000'), 'wrong PIN, locked (control)': at('0001'), 'correct PIN, locked': at(pin) },
    403,
    count,
    lookUp,
  )
}

async function guess(callers: number, first: number, lookUp: (lookup: Lookup) => Promise<LookupTiming>): Promise<void> {
  const statuses: number[] = []
  for (let n = 0; n < guesses; n += atOnce) {
    const batch = Array.from({ length: atOnce }, (_, i) => n + i)
    const all = batch.map((i) =>
      lookUp({ matricule: String(first + i), caller: `guesser ${callers} ${i % callers}`, pin: '0000' }),
    )
    statuses.push(...(await Promise.all(all)).map(({ status }) => status))
  }
  const counted = (wanted: number) => statuses.filter((status) => status === wanted).length
  const [evaluated, refused, correct] = [counted(404), counted(403), counted(200)]
  const allowed = Math.min(guesses, callers * triesMax)
  console.log(
    `${callers} callers: ${evaluated} of ${guesses} guesses evaluated (${allowed} allowed), ${refused} refused, ${correct} correct`,
  )
  if (evaluated > allowed || correct > 0) throw new Error('more guesses were evaluated than the tries allow')
  if (refused + evaluated !== guesses) throw new Error(`unexpected statuses: ${[...new Set(statuses)].join()}`)
}

/** Compares the response times of the kinds. The first two kinds are identical, as a control. */
async function compare(
  kinds: Record<string, (n: number) => Omit<Lookup, 'caller'>>,
  wanted: number,
  trials: number,
  lookUp: (lookup: Lookup) => Promise<LookupTiming>,
): Promise<void> {
  const random = new Random(9)
  const times = new Map<string, number[]>(Object.keys(kinds).map((kind) => [kind, []]))
  for (let n = 0; n < trials; n++) {
    const left = Object.entries(kinds)
    while (left.length > 0) {
      for (const [kind, make] of left.splice(random.below(left.length), 1)) {
        const { status, ms } = await lookUp({ ...make(n), caller: `${kind} ${n}` })
        if (status !== wanted) throw new Error(`${kind} answered ${status}`)
        times.get(kind)?.push(ms)
      }
    }
  }
  const medians = [...times].map(([kind, values]) => ({ kind, ms: median(values) }))
  const summary = medians.map(({ kind, ms }) => `${kind} ${ms.toFixed(2)} ms`).join(', ')
  const [one = 0, same = 0, ...others] = medians.map(({ ms }) => ms)
  const apart = Math.max(...others.map((ms) => Math.abs(ms - one)))
  console.log(
    `medians of ${trials} each: ${summary}; ${apart.toFixed(2)} ms apart; the identical kinds ${Math.abs(same - one).toFixed(2)} ms apart`,
  )
  if (!(apart <= withinMs)) throw new Error(`medians differ by over ${withinMs} ms`)
}

/** Returns status and time of a lookup. After 429 it waits and tries again: the lookup was not made. */
async function timedLookup({ cloud }: Deployment, key: string, lookup: Lookup): Promise<LookupTiming> {
  for (;;) {
    const began = performance.now()
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
    const url = `${cloud.httpUrl}/v1/sites/office/grade-lookups`
    const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(lookup) })
    await response.arrayBuffer()
    if (response.status !== 429) return { status: response.status, ms: performance.now() - began }
    await sleep(1000 * Number(response.headers.get('retry-after') ?? 1))
  }
}

async function putMarks(deployment: Deployment, { site }: TestSite, students: readonly number[]): Promise<void> {
  const rows = students.map((student) => ({ matricule: String(student), note: 12, pin }))
  const response = await deployment.call('POST', '/v1/sites/office/grades', { key: site.apiKey, body: { rows } })
  if (response.status !== 200) throw new Error(`answered ${response.status}: ${await response.text()}`)
}
