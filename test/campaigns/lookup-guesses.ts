import { median } from '../../bench/figure.ts'
import { deploy } from '../support/deployment.ts'

/**
 * Goal: whoever guesses student numbers or PINs learns no more than five tries allow, and no time tells one wrong from another.
 * Method: the packaged functions. 1,000 guesses at once-used numbers from 1, 5, 20 and 50 callers; then unknown numbers and
 * wrong PINs in turn, each pair from callers and for students of its own, so that nobody is locked out.
 */
const guesses = 1000
const callerCounts = [1, 5, 20, 50]
const triesMax = 5
const withinMs = 5
const atOnce = 20

export async function main(args: string[]): Promise<void> {
  const trials = Number(args[0] ?? 2000)
  await using deployment = await deploy()
  const { site } = await deployment.makeSite('office')
  const post = (path: string, body: unknown) =>
    deployment.call('POST', `/v1/sites/office/${path}`, { key: site.apiKey, body })
  const lookUp = async (matricule: string, caller: string, pin?: string) => {
    const response = await post('grade-lookups', { matricule, caller, pin })
    await response.arrayBuffer()
    return response.status
  }

  // Half of all numbers have a mark, so that a guess that is let through is as likely right as wrong.
  const rows = Array.from({ length: guesses / 2 }, (_, n) => ({
    matricule: String(100_000 + 2 * n),
    note: 12,
    pin: '4711',
  }))
  await expectStatus(post('grades', { rows }), 200)
  for (const callers of callerCounts) {
    const statuses: number[] = []
    for (let n = 0; n < guesses; n += atOnce) {
      const batch = Array.from({ length: atOnce }, (_, i) => n + i)
      statuses.push(
        ...(await Promise.all(
          batch.map((i) => lookUp(String(100_000 + i), `guesser-${callers}-${i % callers}`, '0000')),
        )),
      )
    }
    const lookedAt = statuses.filter((status) => status === 404).length
    console.log(
      `${callers} callers: ${lookedAt} of ${guesses} guesses looked at, ${count(statuses, 403)} refused, ${count(statuses, 200)} right`,
    )
    if (lookedAt > callers * triesMax || count(statuses, 200) > 0) throw new Error('more was told than the tries allow')
    if (count(statuses, 403) + lookedAt !== guesses) throw new Error(`other answers: ${[...new Set(statuses)].join()}`)
  }

  const times = { unknown: [] as number[], 'wrong PIN': [] as number[] }
  for (let first = 0; first < trials; first += 5000) {
    const students = Array.from({ length: Math.min(5000, trials - first) }, (_, n) => ({
      matricule: String(5_000_000 + first + n),
      note: 12,
      pin: '4711',
    }))
    await expectStatus(post('grades', { rows: students }), 200)
  }
  for (let n = 0; n < trials; n++) {
    const kinds = n % 2 === 0 ? (['unknown', 'wrong PIN'] as const) : (['wrong PIN', 'unknown'] as const)
    for (const kind of kinds) {
      const began = performance.now()
      const status = await lookUp(String((kind === 'unknown' ? 7_000_000 : 5_000_000) + n), `${kind} ${n}`, '0000')
      times[kind].push(performance.now() - began)
      if (status !== 404) throw new Error(`${kind} answered ${status}`)
    }
  }
  const [unknown, wrong] = [median(times.unknown), median(times['wrong PIN'])]
  console.log(`medians of ${trials} trials each: unknown ${unknown.toFixed(2)} ms, wrong PIN ${wrong.toFixed(2)} ms`)
  if (Math.abs(unknown - wrong) > withinMs) throw new Error(`medians differ by over ${withinMs} ms`)
}

const count = (statuses: readonly number[], wanted: number) => statuses.filter((status) => status === wanted).length

async function expectStatus(asked: Promise<Response>, wanted: number): Promise<void> {
  const response = await asked
  if (response.status !== wanted) throw new Error(`answered ${response.status}: ${await response.text()}`)
}
