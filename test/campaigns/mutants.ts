import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

/** The score at which the campaign holds, in per cent of the mutants that are not errors. */
const scoreMin = 85
const version = '10.1.1'
const folders = ['functions/domain', 'bridge/normalise', 'contracts', 'client']
/** What the copy gets anew or does not need. */
const notCopied = new Set(['.git', 'node_modules', '.serverless', '.cache', 'coverage'])

/**
 * `npm run campaign -- mutants [FILE ...]`. Goal: a change of the pure logic fails a pure test. Method: Stryker changes each expression of
 * the files in turn and runs the pure tests that reach it; it prints the changes that no test notices. Without FILE it takes all of the
 * pure logic, for hours; a file takes a minute or more. Stryker is installed into a copy of the project (docs/decisions/0042-mutants.md).
 */
export async function main(files: string[]): Promise<void> {
  const copy = mkdtempSync(path.join(tmpdir(), 'sh-mutants-'))
  const run = (command: string, args: readonly string[]) => {
    const { status, error } = spawnSync(command, args, { cwd: copy, stdio: 'inherit' })
    if (error) throw error
    if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with status ${status}`)
  }
  try {
    const filter = (file: string) => !notCopied.has(path.relative(process.cwd(), file))
    cpSync(process.cwd(), copy, { recursive: true, filter })
    run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'])
    const packages = ['core', 'vitest-runner'].map((name) => `@stryker-mutator/${name}@${version}`)
    run('npm', ['install', '--no-save', '--ignore-scripts', '--no-audit', '--no-fund', ...packages])
    writeFileSync(path.join(copy, 'vitest.mutants.ts'), testConfig)
    const mutate = files.length > 0 ? files : folders.map((folder) => `${folder}/**/*.ts`)
    writeFileSync(path.join(copy, 'stryker.config.json'), JSON.stringify(strykerConfig(mutate)))
    run(process.execPath, ['node_modules/@stryker-mutator/core/bin/stryker.js', 'run', 'stryker.config.json'])
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

const testConfig = `import { defineConfig } from 'vitest/config'
export default defineConfig({
  test: {
    include: ['test/pure/**/*.test.ts'],
    setupFiles: ['test/support/setup.ts', 'test/support/pure-setup.ts'],
    isolate: false,
    testTimeout: 300_000,
    silent: true,
  },
})
`

function strykerConfig(mutate: readonly string[]) {
  return {
    testRunner: 'vitest',
    plugins: ['@stryker-mutator/vitest-runner'],
    vitest: { configFile: 'vitest.mutants.ts' },
    mutate,
    // The copy is thrown away.
    inPlace: true,
    // A constant of a module is read once for all tests of a worker.
    ignoreStatic: true,
    concurrency: 1,
    timeoutMS: 60_000,
    reporters: ['clear-text'],
    thresholds: { high: scoreMin, low: scoreMin, break: scoreMin },
  }
}
