/**
 * What each scope lets a key do: the one table for keys, routes and documents. A scope that ends in `:personal` shows the numbers
 * and names that the scope before it shows hidden.
 */
export const scopes = {
  'sites:read': "read the site's name, settings and limits",
  'sites:write': "change the site's name and settings",
  'presence:read': 'read endpoints, live calls and queues, and subscribe to them, without numbers and names',
  'presence:personal': 'see the numbers and names of endpoints, live calls and queues',
  'calls:read': 'read calls, their states and time lines, without numbers and names',
  'calls:write': 'place calls, cancel them and hang up',
  'cdrs:read': 'read the call log and its figures, without numbers and names',
  'cdrs:personal': 'see and search for the numbers and names in calls, call log and exports',
  'cdrs:write': 'import call records and verify days',
  'forwards:write': 'set and clear forwarding and do not disturb',
  'grades:lookup': 'look up one mark, as the voice menu does',
  'grades:read': 'list and export marks',
  'grades:write': 'upload, change and delete marks',
  'webhooks:manage': 'make, change and replay webhooks',
  'keys:manage': 'make, rotate and revoke keys and board tokens',
  'bridge:manage': 'enrol and revoke bridges',
  'audit:read': 'read the audit',
  'people:erase': "erase a person's number everywhere",
} as const
export type Scope = keyof typeof scopes

export const allScopes: readonly Scope[] = Object.keys(scopes).filter(isScope)

export function isScope(text: string): text is Scope {
  return Object.hasOwn(scopes, text)
}

const viewer = ['sites:read', 'presence:read', 'calls:read', 'cdrs:read'] as const satisfies Scope[]
const operator = [
  ...viewer,
  'presence:personal',
  'cdrs:personal',
  'calls:write',
  'forwards:write',
  'grades:lookup',
] as const satisfies Scope[]

/** Named sets of scopes for new keys. A key stores its scopes, so a change of a role here does not change existing keys. */
export const roles = { viewer, operator, admin: allScopes } as const satisfies Record<string, readonly Scope[]>
export type Role = keyof typeof roles

/** The scope that shows the personal data of each area. */
export const personalAreas = {
  presence: 'presence:personal',
  calls: 'cdrs:personal',
  cdrs: 'cdrs:personal',
  grades: 'grades:read',
} as const satisfies Record<string, Scope>
export type PersonalArea = keyof typeof personalAreas
