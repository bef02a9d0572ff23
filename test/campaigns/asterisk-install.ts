import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { installAsterisk } from '../../infra/asterisk/install.ts'

/**
 * `npm run campaign -- asterisk-install`: two callers install Asterisk into one folder at the same time, which happens once; a third
 * finds it there. `npm test` installs it once while it prepares, and tests the failures.
 */
export async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'install-'))
  try {
    const steps: string[] = []
    const progress = (step: string) => {
      steps.push(step)
      console.log(step)
    }
    const install = () => installAsterisk({ folder, progress })
    const [one, other] = await Promise.all([install(), install()])
    assert.match(one.version, /^22\./)
    assert.deepEqual(other, one)
    assert.equal(steps.filter((step) => step.includes('is ready')).length, 1)
    for (const name of ['asterisk', 'libc6', 'asterisk-core-sounds-en-gsm']) assert.ok(name in one.packages, name)
    assert.deepEqual(await readdir(folder), ['current'])
    steps.length = 0
    assert.deepEqual(await install(), one)
    assert.deepEqual(steps, [])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
