import grades from './shipped/514.json' with { type: 'json' }
import welcome from './shipped/999.json' with { type: 'json' }

/** Menus that come with the bridge, unchecked as any other: `checkMenu` makes them menus. */
export const shippedMenus: readonly unknown[] = [grades, welcome]
