import { spawn } from 'node:child_process'
import path from 'node:path'
import { expect, test } from 'vitest'

const tools = [
  {
    name: 'formatter and linter',
    command: ['biome', 'check', '.'],
    mend: 'Run `npm run format`; mend by hand what it still lists.',
  },
  {
    name: 'compiler',
    // Each of its four checkers would resolve the shared types for itself: one takes 13 s of processor time, four take 19 s.
    command: ['tsc', '--noEmit', '--checkers', '1'],
    mend: 'Run `npx tsc --noEmit` and mend the types that it lists.',
  },
]

test.each(tools)('the $name reports no error in the source tree', async ({ command: [tool = '', ...args], mend }) => {
  const { status, output } = await run(tool, args)
  expect(status, `${mend}\n${output}`).toBe(0)
})

/** Runs one of the project's own tools and returns what it printed. */
function run(tool: string, args: string[]): Promise<{ status: number; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(path.resolve('node_modules/.bin', tool), args, { stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
    child.once('error', reject)
    child.once('close', (status) => resolve({ status: status ?? 1, output }))
  })
}
