import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import { checkStateFormat, stateFormat } from '../../bridge/operate/state-folder.ts'
import { realDisk } from '../../bridge/spool/disk.ts'
import { readSealed, writeSealed } from '../../bridge/spool/sealed-file.ts'
import { takeEpoch } from '../../bridge/spool/state-files.ts'
import { spoolFolder } from '../support/spool.ts'

let folder: string
beforeEach(async () => {
  folder = await spoolFolder()
})

test('readSealed returns undefined for a file that is cut or altered at any byte', async () => {
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

test('takeEpoch returns a greater epoch than every earlier one, even if the clock was set back', async () => {
  expect(await takeEpoch(folder, 1_795_460_400_000)).toBe(1_795_460_400)
  expect(await takeEpoch(folder, 1_795_460_400_999)).toBe(1_795_460_401)
  expect(await takeEpoch(folder, 1_000)).toBe(1_795_460_402)
  await writeFile(join(folder, 'epoch'), 'damaged')
  expect(await takeEpoch(folder, 1_795_460_500_000)).toBe(1_795_460_500)
})

test.each([
  ['none', undefined],
  ['an empty one', ''],
  ['a damaged one', 'x2\n'],
  ['one that was cut', '2'],
  ['its own', `${stateFormat}\n`],
])('a state folder with %s has the first format, and is marked with it', async (_, content) => {
  const path = join(folder, 'format')
  if (content !== undefined) await writeFile(path, content)
  await checkStateFormat(folder)
  expect(await readFile(path, 'utf8')).toBe(`${stateFormat}\n`)
})

test('a state folder of a newer version is refused before anything in it is read, and stays as it is', async () => {
  const path = join(folder, 'format')
  await writeFile(path, '2\nwhatever it says besides')
  await expect(checkStateFormat(folder)).rejects.toMatchObject({
    errorId: 'state-format-newer',
    exitStatus: 78,
    message: expect.stringContaining('install that version again'),
  })
  expect(await readFile(path, 'utf8')).toBe('2\nwhatever it says besides')
})
