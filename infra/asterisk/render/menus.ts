/** The bridge's Stasis application for menus; pressed digits do not reach the application that forwards events. */
export const menuApplication = 'switchhook-menus'
/** Time in which a connected bridge must answer a caller; after it the fallback answers. */
const answerSecondsMax = 4

/**
 * Renders the voice menus. Without a connected bridge, `Stasis` continues at once. A bridge extends the time limit while it runs;
 * if it crashes, the limit expires and the call continues at `T`. In both cases the fallback plays an announcement.
 */
export function renderMenus(numbers: readonly string[]): string {
  const menus = numbers.map(
    (number) => `exten => ${number},1,Answer()
  same => n,Set(TIMEOUT(absolute)=${answerSecondsMax})
  same => n,Stasis(${menuApplication},${number})
  same => n,Goto(menu-fallback,${number},1)
`,
  )
  const fallbacks = numbers.map((number) => `exten => ${number},1,Set(TIMEOUT(absolute)=0)\n${SORRY}`)
  return [
    '[menus]',
    ...menus,
    // T is searched in the context of the call: `internes` includes this one.
    `exten => T,1,Goto(menu-fallback,T,1)\n`,
    '[menu-fallback]',
    ...fallbacks,
    `exten => T,1,NoOp()\n${SORRY}`,
  ].join('\n')
}

/** Plays sounds that every Asterisk has, since the sounds of the bridge may be missing. */
const SORRY = `  same => n,Playback(im-sorry&please-try-call-later&goodbye)
  same => n,Hangup()
`
