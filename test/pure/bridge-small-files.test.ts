import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { realDisk } from '../../bridge/spool/disk.ts'
import { readSealed, writeSealed } from '../../bridge/spool/sealed-file.ts'
import { takeEpoch } from '../../bridge/spool/state-files.ts'
import { spoolFolder } from '../support/spool.ts'

let folder: string
beforeEach(async () => {
  folder = await spoolFolder()
})

test('a sealed file that is cut or altered anywhere reads as nothing', async () => {
  const path = join(folder, 'sealed')
  await writeSealed(realDisk, path, { offset: 123 })
  const whole = await readFile(path)
  for (let at = 0; at < whole.length - 1; at += 1) {
    await writeFile(path, whole.subarray(0, at))
    expect(await readSealed(realDisk, path)).toBeUndefined()
    const altered = Buffer.from(whole)
    altered[at] = (altered[at] ?? 0) ^ 1
    await writeFile(path, altered)
    expect(await readSealed(realDisk, path)).toBeUndefined()
  }
})

test('an epoch is above every one before it, whatever the clock says', async () => {
  expect(await takeEpoch(folder, 1_795_460_400_000)).toBe(1_795_460_400)
  expect(await takeEpoch(folder, 1_795_460_400_999)).toBe(1_795_460_401)
  expect(await takeEpoch(folder, 1_000)).toBe(1_795_460_402)
  await writeFile(join(folder, 'epoch'), 'damaged')
  expect(await takeEpoch(folder, 1_795_460_500_000)).toBe(1_795_460_500)
})
