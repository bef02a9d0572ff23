/** What a key may do, by name. One table for keys, routes and documents. */
export const scopes = {
  'cdrs:read': 'read the call log',
  'presence:read': 'read endpoints and live calls, and subscribe to them',
} as const
export type Scope = keyof typeof scopes

export const allScopes: readonly Scope[] = Object.keys(scopes).filter(isScope)

export function isScope(text: string): text is Scope {
  return Object.hasOwn(scopes, text)
}
