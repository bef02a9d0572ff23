import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { buildFunctions } from '../infra/build/functions.ts'
import { packageService } from '../infra/build/package.ts'
import { sourceFiles } from '../test/support/source-files.ts'
import { type Figure, median, secondsOf } from './figure.ts'

/** `npm run bench -- house`: space and packaging time of a fresh clone, and the sizes of its files. */
export async function measure(): Promise<Figure[]> {
  const root = process.cwd()
  const bundled = await secondsOf(() => buildFunctions(root))
  let packaged = ''
  const seconds = await secondsOf(async () => {
    packaged = await packageService(root)
  })
  const zips = readdirSync(packaged).filter((name) => name.endsWith('.zip'))
  const zipBytes = zips.map((name) => statSync(`${packaged}/${name}`).size)
  const installed = Number(execFileSync('du', ['-sm', 'node_modules'], { encoding: 'utf8' }).split('\t')[0])
  const lines = sourceFiles(['contracts', 'bridge', 'functions', 'client', 'dashboard', 'infra', 'bench', 'cli']).map(
    (file) => readFileSync(file, 'utf8').trimEnd().split('\n').length,
  )
  return [
    { name: 'node_modules', value: installed, unit: 'MB', target: 'at most 650' },
    { name: 'esbuild of all functions', value: bundled, unit: 's' },
    { name: 'serverless package', value: seconds, unit: 's' },
    {
      name: 'serverless package',
      value: seconds / bundled,
      unit: '',
      target: 'at most 6',
      ratioTo: 'esbuild of all functions',
    },
    { name: 'largest function zip', value: Math.max(...zipBytes) / 1000, unit: 'KB', target: 'at most 600' },
    { name: 'source files', value: lines.length, unit: 'files' },
    { name: 'median source file', value: median(lines), unit: 'lines', target: 'at most 110' },
    { name: 'longest source file', value: Math.max(...lines), unit: 'lines', target: 'at most 250' },
  ]
}
