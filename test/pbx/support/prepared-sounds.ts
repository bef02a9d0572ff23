import { copyFile, mkdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { spokenMarks, staticParts } from '../../../bridge/menus/menu-runner.ts'
import { Speech } from '../../../bridge/menus/speech.ts'
import { takeLock } from '../../../infra/asterisk/install/lock.ts'
import { menuOf } from '../../support/menus.ts'

const folder = fileURLToPath(new URL('../../../.switchhook/sounds', import.meta.url))
const menus = ['514', '999'].map(menuOf)

/**
 * Makes all prompts and marks of the shipped menus, unless an earlier run has; returns their folder. A sound is named by
 * the hash of its content and of how it is made, so an existing file is never stale.
 */
export async function preparedSounds(): Promise<string> {
  const speech = new Speech(folder)
  await speech.start()
  // The first of several test files makes them; the others wait.
  await using _lock = await takeLock(join(folder, 'lock'))
  const never = new AbortController().signal
  for (const menu of menus) await speech.prepare(staticParts(menu), menu.language, never)
  await speech.prepare(spokenMarks('fr'), 'fr', never)
  return folder
}

/** Puts the prepared marks where a bridge keeps its sounds; the prompts are left for the bridge to make. */
export async function copyPreparedMarks(to: string): Promise<void> {
  await mkdir(to, { recursive: true, mode: 0o700 })
  const speech = new Speech(await preparedSounds())
  for (const part of spokenMarks('fr')) {
    const file = `${await speech.say(part, 'fr')}.wav`
    await copyFile(file, join(to, basename(file)))
  }
}
