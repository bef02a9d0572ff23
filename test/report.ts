import { DefaultReporter, type TestModule, type TestRunEndReason, type TestSpecification } from 'vitest/node'
import type { Preparation } from './prepare-process.ts'
import { type Suite, suiteOf } from './suites.ts'
import { cpuSecondsOfTree } from './support/cpu-time.ts'

interface Row {
  passed: number
  failed: number
  skipped: number
  cpuSeconds: number
  /** From the start of the suite's first file to the end of its last one, by `performance.now()`. */
  startedMs: number
  endedMs: number
}

const columns = ['seconds', 'CPU s', 'passed', 'failed', 'skipped']
const nameWidth = 12
const columnWidth = 9

/** Prints a line for each finished file, the failures, and at the end a table of the suites. */
export class Report extends DefaultReporter {
  readonly #startedMs = performance.now()
  readonly #suites: readonly Suite[]
  readonly #missing: ReadonlyMap<string, readonly string[]>
  readonly #rows = new Map<string, Row>()
  #preparation: Preparation | undefined
  #unhandledErrors = 0
  #filesDone = 0
  #files = 0

  /** `missing`: the Debian packages that a suite lacks, by its name; such a suite is not run. */
  constructor(wanted: readonly Suite[], missing: ReadonlyMap<string, readonly string[]>) {
    super({ summary: false })
    this.#suites = wanted
    this.#missing = missing
  }

  prepared(preparation: Preparation): void {
    this.#preparation = preparation
    console.log(`prepared in ${preparation.seconds.toFixed(1)} s`)
  }

  override onTestRunStart(specifications: readonly TestSpecification[]): void {
    super.onTestRunStart(specifications)
    this.#files += specifications.length
  }

  onTestModuleStart(module: TestModule): void {
    this.#rowOf(module)
  }

  override onTestModuleEnd(module: TestModule): void {
    const row = this.#rowOf(module)
    row.endedMs = performance.now()
    row.cpuSeconds += module.meta().cpuSeconds ?? 0
    this.#filesDone++
    const counts = countsOf(module)
    for (const state of ['passed', 'failed', 'skipped'] as const) row[state] += counts[state]
    super.onTestModuleEnd(module)
  }

  override onTestRunEnd(
    modules: readonly TestModule[],
    unhandledErrors: Parameters<DefaultReporter['onTestRunEnd']>[1],
    reason: TestRunEndReason,
  ): void {
    this.#unhandledErrors += unhandledErrors.length
    super.onTestRunEnd(modules, unhandledErrors, reason)
  }

  protected override printTestModule(module: TestModule): void {
    const { passed, failed, skipped } = countsOf(module)
    const counts = [`${passed} passed`, failed && `${failed} failed`, skipped && `${skipped} skipped`].filter(Boolean)
    const seconds = (module.diagnostic().duration / 1000).toFixed(1)
    const cpuSeconds = (module.meta().cpuSeconds ?? 0).toFixed(1)
    const done = `${String(this.#filesDone).padStart(String(this.#files).length)}/${this.#files}`
    this.log(
      `${clock(performance.now() - this.#startedMs)} ${done} ${failed > 0 ? 'FAILED' : 'ok'} ` +
        `${this.relative(module.moduleId)}: ${counts.join(', ')}, ${seconds} s, CPU ${cpuSeconds} s`,
    )
    for (const error of module.errors()) this.log(`    failed: ${firstLine(error.message)}`)
    for (const test of module.children.allTests('failed')) {
      const [error] = test.result().errors ?? []
      this.log(`    failed: ${test.fullName}${error ? `: ${firstLine(error.message)}` : ''}`)
    }
  }

  /** Prints the table and returns whether everything passed. */
  close(): boolean {
    const rows = this.#suites.map((suite) => this.#line(suite))
    const total = { passed: 0, failed: this.#unhandledErrors, skipped: 0 }
    for (const { row } of rows) for (const state of ['passed', 'failed', 'skipped'] as const) total[state] += row[state]
    const allCpuSeconds = cpuSecondsOfTree(process.pid) ?? 0
    const suitesCpuSeconds = rows.reduce((sum, { row }) => sum + row.cpuSeconds, 0)
    const { seconds = 0, cpuSeconds = 0 } = this.#preparation ?? {}
    const rest = Math.max(0, allCpuSeconds - suitesCpuSeconds - cpuSeconds)
    const all = (performance.now() - this.#startedMs) / 1000
    console.log(`\n${line('suite', columns)}`)
    console.log(line('preparation', [seconds.toFixed(1), cpuSeconds.toFixed(1)]))
    for (const { text } of rows) console.log(text)
    console.log(line('runner', ['', rest.toFixed(1)]))
    console.log(line('all', [all.toFixed(1), allCpuSeconds.toFixed(1), total.passed, total.failed, total.skipped]))
    console.log('Suites of a group run side by side, so that their seconds overlap.')
    if (this.#unhandledErrors > 0) console.log(`${this.#unhandledErrors} errors outside of any test; each is a failure`)
    console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
    return total.failed === 0 && total.passed > 0
  }

  /** On a developer's machine a suite whose packages are missing is skipped; in CI it fails. */
  #line({ name }: Suite): { text: string; row: Row } {
    const missing = this.#missing.get(name) ?? []
    const row = this.#rows.get(name) ?? emptyRow()
    let note = ''
    if (missing.length > 0) {
      row[process.env['CI'] === 'true' ? 'failed' : 'skipped'] += 1
      note = `  needs: apt-get install -y ${missing.join(' ')}`
    }
    const seconds = ((row.endedMs - row.startedMs) / 1000).toFixed(1)
    const figures = [seconds, row.cpuSeconds.toFixed(1), row.passed, row.failed, row.skipped]
    return { row, text: line(name, figures) + note }
  }

  #rowOf({ moduleId }: TestModule): Row {
    const { name } = suiteOf(moduleId)
    const row = this.#rows.get(name) ?? emptyRow()
    this.#rows.set(name, row)
    return row
  }
}

function emptyRow(): Row {
  const now = performance.now()
  return { passed: 0, failed: 0, skipped: 0, cpuSeconds: 0, startedMs: now, endedMs: now }
}

function countsOf(module: TestModule): { passed: number; failed: number; skipped: number } {
  const of = (state: 'passed' | 'failed' | 'skipped') => [...module.children.allTests(state)].length
  const failed = of('failed')
  // A file that cannot be loaded, or whose hook fails, has no failed test; it counts as one.
  return { passed: of('passed'), failed: failed === 0 && !module.ok() ? 1 : failed, skipped: of('skipped') }
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? ''
}

function line(name: string, figures: readonly (string | number)[]): string {
  return name.padEnd(nameWidth) + figures.map((figure) => String(figure).padStart(columnWidth)).join('')
}

function clock(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  return `${String(Math.floor(seconds / 60)).padStart(2)}:${String(seconds % 60).padStart(2, '0')}`
}
