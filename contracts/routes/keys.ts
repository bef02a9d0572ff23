import * as v from 'valibot'
import { field } from '../field.ts'
import { BoardRequest, KeyInfo, KeyList, KeyMade, KeyRequest, RotateRequest } from '../key.ts'
import { keyExample, timeExample } from './examples.ts'
import { sitePath } from './parameters.ts'
import type { RouteGroup } from './route.ts'
import { rightNotHeld, scopeNotHeld } from './route-errors.ts'

const keyPath = { ...sitePath, key: field(v.string(), 'Prefix of the key: `key` in the list of keys.', keyExample.key) }
const keyUnknown = { 'key-unknown': { status: 404, when: 'The site has no such key.' } }
const made = { ...keyExample, secret: 'sh_Zk3f9a8c_c2VjcmV0' }

export const keyRoutes = {
  'POST /v1/sites/{site}/keys': {
    summary: 'Makes a key that may do no more than the calling key. Only this answer shows its secret.',
    function: 'keys',
    needs: 'keys:manage',
    orAdmin: true,
    path: sitePath,
    body: KeyRequest,
    answers: { 201: KeyMade },
    errors: { ...scopeNotHeld, ...rightNotHeld },
    example: { body: { name: keyExample.name, scopes: keyExample.scopes }, answer: made },
  },
  'GET /v1/sites/{site}/keys': {
    summary: 'Lists keys and board tokens, including those revoked in the last 30 days.',
    function: 'keys',
    needs: 'keys:manage',
    orAdmin: true,
    path: sitePath,
    answers: { 200: KeyList },
    example: { answer: { keys: [keyExample] } },
  },
  'POST /v1/sites/{site}/keys/{key}/rotate': {
    summary: 'Gives a key a new secret; the old one stays valid for a while.',
    function: 'keys',
    needs: 'keys:manage',
    orAdmin: true,
    path: keyPath,
    body: v.optional(RotateRequest, {}),
    answers: { 200: KeyMade },
    errors: {
      ...keyUnknown,
      ...scopeNotHeld,
      ...rightNotHeld,
      'rotation-running': { status: 409, when: 'The key has its maximum of valid secrets: wait until one expires.' },
      'key-changed': { status: 409, when: 'The key was changed at the same time: read it and try again.' },
    },
    example: { body: { overlapSeconds: 600 }, answer: { ...made, rotatedAt: timeExample } },
  },
  'DELETE /v1/sites/{site}/keys/{key}': {
    summary: 'Revokes a key or board token: its sockets close at once, its requests are refused within 60 seconds.',
    function: 'keys',
    needs: 'keys:manage',
    orAdmin: true,
    path: keyPath,
    answers: { 200: KeyInfo },
    errors: { ...keyUnknown, 'key-frozen': rightNotHeld['key-frozen'] },
    example: { answer: { ...keyExample, revokedAt: timeExample } },
  },
  'DELETE /v1/sites/{site}/keys/{key}/freeze': {
    summary: 'Unfreezes a key that was frozen because it reached a cap, so that it can place calls again.',
    function: 'keys',
    needs: 'keys:manage',
    orAdmin: true,
    path: keyPath,
    answers: { 200: KeyInfo },
    errors: { ...keyUnknown, ...rightNotHeld },
    example: { answer: keyExample },
  },
  'POST /v1/sites/{site}/boards': {
    summary: 'Makes a long-lived token that opens a read-only board without numbers and names.',
    function: 'keys',
    needs: 'keys:manage',
    orAdmin: true,
    path: sitePath,
    body: BoardRequest,
    answers: { 201: KeyMade },
    errors: { ...scopeNotHeld, ...rightNotHeld },
    example: {
      body: { name: 'reception' },
      answer: {
        ...made,
        kind: 'board',
        name: 'reception',
        scopes: ['presence:read'],
        secret: 'shb_Zk3f9a8c_c2VjcmV0',
      },
    },
  },
} as const satisfies RouteGroup
