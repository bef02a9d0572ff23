import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test, vi } from 'vitest'
import { ask, packagedFixture, patiently, runFixture } from './local-fixture/packaged-fixture.ts'

/** Returns the state letter of a process: T if it is stopped, undefined if it does not exist. */
async function stateOf(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
  return stat?.slice(stat.lastIndexOf(')') + 2)[0]
}

test('a process of a function runs one invocation at a time and is used again for the next one', async () => {
  await using fixture = await runFixture()
  const first = await ask(fixture.cloud, 'echo', { pid: true })
  expect(await ask(fixture.cloud, 'echo', { pid: true })).toBe(first)
  // Longer than the start of three processes takes on a busy machine, so that the three invocations overlap.
  const together = await Promise.all([1, 2, 3].map(() => ask(fixture.cloud, 'frozen', { wait: 3_000 })))
  expect(new Set(together).size).toBe(3)
})

test('freezes the process of a function after its answer; work that remains continues at the next invocation', async () => {
  // Goal: work that AWS would freeze is frozen here too. Method: a function leaves a timer that writes a file after 1 s. The process
  // is stopped and the file absent during 1.5 s of invocations of other functions; the file appears when the same process is invoked again.
  await using fixture = await runFixture()
  const path = join(fixture.dataFolder, 'thawed')
  const pid = await ask(fixture.cloud, 'frozen', { path, ms: 1_000 })
  await expect.poll(() => stateOf(pid), patiently).toBe('T')
  const startedAt = Date.now()
  while (Date.now() - startedAt < 1_500) await ask(fixture.cloud, 'echo', { pid: true })
  expect(existsSync(path)).toBe(false)
  expect(await ask(fixture.cloud, 'frozen', { wait: 100 })).toBe(pid)
  expect(existsSync(path)).toBe(true)
})

test('ends the process of an invocation that times out, and starts another process for the next invocation', async () => {
  await using fixture = await runFixture()
  const startedAt = performance.now()
  const outcome = await fixture.cloud.invoke('slow', {})
  expect(performance.now() - startedAt).toBeGreaterThan(1000)
  expect(outcome.functionError).toBe('Unhandled')
  const errorMessage = `RequestId: ${outcome.requestId} Error: Task timed out after 1.00 seconds`
  expect(JSON.parse(outcome.payload)).toEqual({ errorType: 'Sandbox.Timedout', errorMessage })
  expect(await ask(fixture.cloud, 'slow', { ms: 0 })).toBe('late')
})

test('reports a thrown error and an exit of a function in the form that Lambda uses', async () => {
  await using fixture = await runFixture()
  const thrown = await fixture.cloud.invoke('echo', { throw: 'oops' })
  expect(thrown.functionError).toBe('Unhandled')
  expect(JSON.parse(thrown.payload)).toMatchObject({ errorType: 'TypeError', errorMessage: 'oops' })
  expect(JSON.parse(thrown.payload).trace[0]).toBe('TypeError: oops')
  await expect
    .poll(() => fixture.lines.some((line) => line.includes('Invoke Error') && line.includes('oops')), patiently)
    .toBe(true)
  const exited = await fixture.cloud.invoke('echo', { exit: 7 })
  expect(JSON.parse(exited.payload)).toEqual({
    errorType: 'Runtime.ExitError',
    errorMessage: `RequestId: ${exited.requestId} Error: Runtime exited with error: exit status 7`,
  })
  expect(await ask(fixture.cloud, 'echo', { pid: true })).toEqual(expect.any(Number))
})

test('rejects invocations with a request or a response over 6 MB', async () => {
  await using fixture = await runFixture()
  const tooLarge = await ask(fixture.cloud, 'echo', { large: 6 * 1024 * 1024 + 200 })
  expect(tooLarge.errorType).toBe('Function.ResponseSizeTooLarge')
  expect(await ask(fixture.cloud, 'echo', { large: 5 * 1024 * 1024 })).toHaveLength(5 * 1024 * 1024)
  const request = await ask(fixture.cloud, 'echo', { padding: 'x'.repeat(6 * 1024 * 1024 + 200) })
  expect(request.errorType).toBe('RequestEntityTooLargeException')
})

test('runs at most as many processes of a function as its reserved concurrency; further invocations wait', async () => {
  await using fixture = await runFixture()
  const startedAt = performance.now()
  await Promise.all([1, 2, 3].map(() => ask(fixture.cloud, 'single', { ms: 100 })))
  expect(performance.now() - startedAt).toBeGreaterThan(300)
})

test('ends the process of a function that was idle for too long, and every process when the local cloud stops', async () => {
  const pids: number[] = []
  {
    await using fixture = await runFixture({ limits: { idleMsMax: 100 } })
    const idle = await ask(fixture.cloud, 'echo', { pid: true })
    await expect.poll(() => stateOf(idle), patiently).toBeUndefined()
    pids.push(await ask(fixture.cloud, 'echo', { pid: true }))
  }
  expect(await Promise.all(pids.map(stateOf))).toEqual([undefined])
})

test('if the local cloud is killed, no process of a function stays behind, neither a frozen nor a busy one', async () => {
  const dataFolder = await mkdtemp(join(tmpdir(), 'local-cloud-'))
  const runner = spawn(
    process.execPath,
    [fileURLToPath(new URL('local-fixture/runner.ts', import.meta.url)), dataFolder],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, PACKAGE_FOLDER: await packagedFixture() },
    },
  )
  const [text] = await once(runner.stdout, 'data')
  const { frozen, busy } = JSON.parse(String(text))
  try {
    await expect.poll(() => stateOf(frozen), patiently).toBe('T')
    expect(await stateOf(busy)).toMatch(/[SR]/)
  } finally {
    runner.kill('SIGKILL')
  }
  await vi.waitFor(async () => expect([await stateOf(frozen), await stateOf(busy)]).toEqual([undefined, undefined]))
  await rm(dataFolder, { recursive: true })
})
