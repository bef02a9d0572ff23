import { readFile } from 'node:fs/promises'
import { exitStatus, FatalError } from '../failure.ts'
import { describeError } from '../operate/log.ts'
import type { Menu } from './menu.ts'
import { checkMenu } from './menu-check.ts'
import { shippedMenus } from './shipped.ts'

/**
 * Returns the shipped menus and those of the files, by extension. A file's menu replaces a shipped one of the same extension.
 * @throws FatalError that names every fault of a menu with its place
 */
export async function readMenus(files: readonly string[]): Promise<Map<string, Menu>> {
  const menus = new Map<string, Menu>()
  for (const json of shippedMenus) {
    const menu = checkedMenu('shipped', json)
    menus.set(menu.extension, menu)
  }
  for (const { file, json } of await Promise.all(files.map(readMenuFile))) {
    const menu = checkedMenu(file, json)
    menus.set(menu.extension, menu)
  }
  return menus
}

function checkedMenu(source: string, json: unknown): Menu {
  const { menu, faults } = checkMenu(json)
  if (menu) return menu
  const list = faults.map(({ place, reason }) => `${place}: ${reason}`).join('; ')
  throw invalidMenus(`the menu ${source} has faults: ${list}`)
}

async function readMenuFile(file: string): Promise<{ file: string; json: unknown }> {
  try {
    return { file, json: JSON.parse(await readFile(file, 'utf8')) }
  } catch (cause) {
    throw invalidMenus(`the menu ${file} cannot be read: ${describeError(cause)}`, cause)
  }
}

export function invalidMenus(sentence: string, cause?: unknown): FatalError {
  return new FatalError('menus-invalid', exitStatus.config, sentence, { cause })
}
