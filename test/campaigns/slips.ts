import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { projectOf, suiteOf } from '../suites.ts'
import { slips } from './slips/all.ts'
import { occurrences, type Slip } from './slips/slip.ts'

/** Long on a busy machine: files of `packaged` build the functions and start a cloud. */
const runMsMax = 15 * 60_000
/** What a copy for tests does not need, or must have of its own. */
const notCopied = new Set(['.git', 'node_modules', '.serverless', '.cache', 'coverage'])

/**
 * `npm run campaign -- slips [--pure] [TEXT ...]`. Goal: no plausible mistake passes the tests. Method: each slip of
 * `test/campaigns/slips/` is planted alone in a copy of the project, and its tests run there; without a slip they pass. TEXT chooses
 * the slips whose name or file contains one of the texts, `--pure` those whose tests all belong to the suite `pure`, which take a second each.
 */
export async function main(args: string[] = []): Promise<void> {
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options: { pure: { type: 'boolean' } } })
  const texts = positionals.length > 0 ? positionals : ['']
  const named = slips.filter(({ what, file }) => texts.some((text) => what.includes(text) || file.includes(text)))
  const chosen = values.pure ? named.filter(isQuick) : named
  for (const slip of chosen) checkPlace(slip)
  const copy = mkdtempSync(path.join(tmpdir(), 'sh-slips-'))
  try {
    cpSync(process.cwd(), copy, {
      recursive: true,
      filter: (file) => !notCopied.has(path.relative(process.cwd(), file)),
    })
    symlinkSync(path.join(process.cwd(), 'node_modules'), path.join(copy, 'node_modules'))
    const passing = new Set<string>()
    const missed = quickFirst(chosen).filter((slip, n) => {
      checkBaseline(copy, slip.tests, passing)
      const isFound = isNoticed(copy, slip)
      console.log(`${n + 1} of ${chosen.length} ${isFound ? 'found ' : 'MISSED'} ${slip.what} (${slip.file})`)
      return !isFound
    })
    console.log(`${chosen.length - missed.length} of ${chosen.length} slips found`)
    if (missed.length > 0) throw new Error(`${missed.length} slips pass the tests`)
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

/** @throws if the text of the slip is not there: then the code has changed, and the list must follow. */
function checkPlace({ what, file, before }: Slip): void {
  const count = occurrences(readFileSync(file, 'utf8'), before)
  if (count !== 1) {
    throw new Error(
      `The slip "${what}" finds its text ${count} times in ${file}, not once. Write its \`before\` anew from the file.`,
    )
  }
}

function isQuick({ tests }: Slip): boolean {
  return tests.every((name) => name.startsWith('test/pure/'))
}

/** Slips that pure tests notice come first: the others build and start more. */
function quickFirst(chosen: readonly Slip[]): Slip[] {
  return [...chosen.filter(isQuick), ...chosen.filter((slip) => !isQuick(slip))]
}

/** @throws if a file fails without any slip: it would seem to find each. Each file is tried once. */
function checkBaseline(copy: string, tests: readonly string[], passing: Set<string>): void {
  const untried = tests.filter((name) => !passing.has(name))
  if (!runTests(copy, untried)) throw new Error(`without any slip, one of ${untried.join(', ')} fails`)
  for (const name of untried) passing.add(name)
}

function isNoticed(copy: string, { file, before, after, tests }: Slip): boolean {
  const place = path.join(copy, file)
  const text = readFileSync(place, 'utf8')
  try {
    writeFileSync(
      place,
      text.replace(before, () => after),
    )
    return !runTests(copy, tests)
  } finally {
    writeFileSync(place, text)
  }
}

/** Returns whether all tests of the files pass, each project in a run of its own; the first that fails decides. */
function runTests(copy: string, files: readonly string[]): boolean {
  const byProject = Map.groupBy(files, (file) => projectOf(suiteOf(path.resolve(file))))
  return [...byProject].every(([project, own]) => {
    const args = ['run', '--project', project, '--bail', '1', ...own]
    const { status, error } = spawnSync('vitest', args, { cwd: copy, stdio: 'ignore', timeout: runMsMax })
    if (error) throw error
    return status === 0
  })
}
