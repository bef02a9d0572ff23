import { randomInt } from 'node:crypto'
import path from 'node:path'
import { startVitest } from 'vitest/node'
import { prepareInChild } from './prepare-process.ts'
import { Report } from './report.ts'
import { missingPackages, projectOf, type Suite, suites } from './suites.ts'

/**
 * `npm test [-- SUITE ...]` builds what the tests need, runs the suites, and prints the time, the processor time and the
 * counts of each. No test is run twice.
 */
export async function main(args: string[]): Promise<void> {
  const unknown = args.filter((name) => !suites.some((suite) => suite.name === name))
  if (unknown.length > 0) {
    console.error(`No suite ${unknown.join(', ')}; there are ${suites.map((suite) => suite.name).join(', ')}.`)
    process.exit(64)
  }
  const wanted = args.length > 0 ? suites.filter((suite) => args.includes(suite.name)) : suites
  const missing = new Map(wanted.map((suite) => [suite.name, missingPackages(suite)]))
  const run = wanted.filter(({ name }) => missing.get(name)?.length === 0)
  // Child processes too keep the compiled code of modules for the next process that loads them.
  process.env['NODE_COMPILE_CACHE'] ??= path.resolve('node_modules/.cache/compile')
  process.env['TEST_SEED'] ??= String(randomInt(2 ** 31))
  console.log(`seed of random cases: ${process.env['TEST_SEED']} (TEST_SEED=... npm test repeats them)`)
  const report = new Report(wanted, missing)
  // What computes needs nothing built, so it runs while the mirror of Debian and the disk are waited for.
  const preparing = prepareInChild(run)
  // Its failure is thrown below, after the tests that run meanwhile.
  preparing.catch(() => undefined)
  const isComputing = ({ group }: Suite) => group === 'computing'
  await runSuites(run.filter(isComputing), report)
  report.prepared(await preparing)
  await runSuites(
    run.filter((suite) => !isComputing(suite)),
    report,
  )
  process.exitCode = report.close() && !process.exitCode ? 0 : 1
}

async function runSuites(run: Suite[], report: Report): Promise<void> {
  if (run.length === 0) return
  const files = run.map(({ name }) => `test/${name}/`)
  const vitest = await startVitest(files, { watch: false, project: run.map(projectOf), reporters: [report] })
  await vitest.close()
}
