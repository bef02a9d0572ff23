/** The build replaces it by the version in package.json. */
declare const SWITCHHOOK_VERSION: string | undefined

/** Version of this program; `undefined` if it runs from its sources. */
export const programVersion = typeof SWITCHHOOK_VERSION === 'string' ? SWITCHHOOK_VERSION : undefined
