/** The bridge's own Stasis application for menus: digits never reach the one that forwards events. */
export const menuApplication = 'switchhook-menus'
/** How long a bridge that is connected has for taking a caller; then it counts as hanging, and the fallback answers. */
const takeSecondsMax = 4

/**
 * Voice menus. `Stasis` goes on at once where no bridge is connected; where one takes the caller and dies, the time limit
 * that it prolonged while it lived ends the menu, and the call comes to `T`. Either way the fallback says so.
 */
export function renderMenus(numbers: readonly string[]): string {
  const menus = numbers.map(
    (number) => `exten => ${number},1,Answer()
  same => n,Set(TIMEOUT(absolute)=${takeSecondsMax})
  same => n,Stasis(${menuApplication},${number})
  same => n,Goto(menu-fallback,${number},1)
`,
  )
  const fallbacks = numbers.map((number) => `exten => ${number},1,Set(TIMEOUT(absolute)=0)\n${SORRY}`)
  return [
    '[menus]',
    ...menus,
    // T belongs to a context, and `internes` looks for it here.
    `exten => T,1,Goto(menu-fallback,T,1)\n`,
    '[menu-fallback]',
    ...fallbacks,
    `exten => T,1,NoOp()\n${SORRY}`,
  ].join('\n')
}

/** Sounds that every Asterisk has, since the bridge's own may be what is missing. */
const SORRY = `  same => n,Playback(im-sorry&please-try-call-later&goodbye)
  same => n,Hangup()
`
