import grades from './shipped/514.json' with { type: 'json' }
import welcome from './shipped/999.json' with { type: 'json' }

/** The JSON of the menus that come with the bridge; `checkMenu` parses it. */
export const shippedMenus: readonly unknown[] = [grades, welcome]
