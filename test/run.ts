import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import * as v from 'valibot'
import { missingPackages, type Suite, suites } from './suites.ts'

/** `npm test [-- SUITE ...]` runs the suites in order and prints seconds and counts of each. No file is run twice. */
const Report = v.looseObject({
  testResults: v.array(
    v.looseObject({
      name: v.string(),
      status: v.string(),
      assertionResults: v.array(v.looseObject({ status: v.string() })),
    }),
  ),
})
type Report = v.InferOutput<typeof Report>

interface Outcome {
  name: string
  passed: number
  failed: number
  skipped: number
  seconds: number
  note?: string
}

export async function main(args: string[]): Promise<void> {
  const wanted = args.length > 0 ? suites.filter((suite) => args.includes(suite.name)) : suites
  const unknown = args.filter((name) => !suites.some((suite) => suite.name === name))
  if (unknown.length > 0) {
    console.error(`No suite ${unknown.join(', ')}; there are ${suites.map((suite) => suite.name).join(', ')}.`)
    process.exit(64)
  }
  const outcomes: Outcome[] = []
  for (const suite of wanted) outcomes.push(await runSuite(suite))
  closeWith(outcomes)
}

function closeWith(outcomes: Outcome[]): void {
  const total = { passed: 0, failed: 0, skipped: 0 }
  console.log('\nsuite      seconds   passed  failed  skipped')
  for (const one of outcomes) {
    const figures = [one.seconds.toFixed(1), one.passed, one.failed, one.skipped]
    console.log(one.name.padEnd(8) + figures.map((figure) => String(figure).padStart(9)).join(''), one.note ?? '')
    total.passed += one.passed
    total.failed += one.failed
    total.skipped += one.skipped
  }
  console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
  process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0
}

async function runSuite(suite: Suite): Promise<Outcome> {
  console.log(`\n== ${suite.name}: ${suite.what}`)
  const missing = missingPackages(suite)
  if (missing.length > 0) return skipSuite(suite, missing)
  const started = performance.now()
  return { name: suite.name, ...countOf(await runFiles(suite)), seconds: since(started) }
}

async function runFiles(suite: Suite): Promise<Report> {
  const folder = await mkdtemp(path.join(tmpdir(), 'switchhook-report-'))
  try {
    const report = path.join(folder, 'report.json')
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
    await run('vitest', ['run', '--project', suite.name, ...reporters])
    return v.parse(Report, JSON.parse(await readFile(report, 'utf8')))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function countOf({ testResults }: Report): { passed: number; failed: number; skipped: number } {
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults)
  const of = (...wanted: string[]) => tests.filter(({ status }) => wanted.includes(status)).length
  const hasBroken = testResults.some(({ status }) => status === 'failed')
  // A file that does not load has no test to fail; it counts as one.
  return {
    passed: of('passed'),
    failed: Math.max(of('failed'), hasBroken ? 1 : 0),
    skipped: of('skipped', 'pending', 'todo'),
  }
}

/** On a person's machine a missing package skips its suite and says how to have it; in CI it is a failure. */
function skipSuite(suite: Suite, missing: string[]): Outcome {
  const note = `needs: apt-get install -y ${missing.join(' ')}`
  console.log(`skipped, ${note}`)
  const ci = process.env['CI'] === 'true'
  return { name: suite.name, passed: 0, failed: ci ? 1 : 0, skipped: ci ? 0 : 1, seconds: 0, note }
}

/** Runs one of the project's own tools and shows what it prints. */
function run(tool: string, args: string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(path.join('node_modules/.bin', tool), args, { stdio: 'inherit' })
    child.once('error', reject)
    child.once('close', (status) => resolve(status ?? 1))
  })
}

function since(started: number): number {
  return (performance.now() - started) / 1000
}
