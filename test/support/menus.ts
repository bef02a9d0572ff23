import type { Menu } from '../../bridge/menus/menu.ts'
import { checkMenu } from '../../bridge/menus/menu-check.ts'
import { shippedMenus } from '../../bridge/menus/shipped.ts'

const menus = new Map(
  shippedMenus.map((json) => {
    const { menu, faults } = checkMenu(json)
    if (!menu) throw new Error(JSON.stringify(faults))
    return [menu.extension, menu]
  }),
)

/** The shipped menu of that extension. */
export const menuOf = (extension: string): Menu => {
  const menu = menus.get(extension)
  if (!menu) throw new Error(`no menu ${extension}`)
  return menu
}
