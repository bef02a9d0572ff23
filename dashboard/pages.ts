import type { Scope } from '../contracts/scopes.ts'
import type { PageName } from './router.ts'
import type { Session } from './session.ts'

/** A page is in the menu if the key has one of these scopes. */
const needs: Readonly<Record<PageName, readonly Scope[]>> = {
  board: ['presence:read'],
  calls: ['calls:read'],
  stats: ['cdrs:read'],
  extensions: ['presence:read'],
  system: ['presence:read'],
  webhooks: ['webhooks:manage'],
  settings: ['sites:read', 'keys:manage', 'audit:read'],
  marks: ['grades:read', 'grades:write'],
  wall: ['presence:read'],
}

/** The second key of the pair that goes to a page: `g b`. */
export const pageKeys: Readonly<Record<PageName, string>> = {
  board: 'b',
  calls: 'l',
  stats: 's',
  extensions: 'e',
  system: 'y',
  webhooks: 'h',
  settings: ',',
  marks: 'm',
  wall: 'w',
}

export function mayOpen(page: PageName, { may, isWall }: Pick<Session, 'may' | 'isWall'>): boolean {
  return isWall ? page === 'wall' || page === 'board' : needs[page].some(may)
}
