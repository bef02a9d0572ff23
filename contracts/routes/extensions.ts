import * as v from 'valibot'
import { Timestamp } from '../names.ts'

const target = v.pipe(
  v.string(),
  v.maxLength(40),
  v.regex(/^\+?[0-9][0-9 ().-]{0,30}$/, 'digits, spaces, dots, hyphens, a + before them'),
)
/** Which calls are sent on: all of them, or those that find the phone busy, unanswered, or not registered. */
export const ForwardWhen = v.picklist(['always', 'busy', 'no-answer', 'unavailable'])
export type ForwardWhen = v.InferOutput<typeof ForwardWhen>

const Forward = v.looseObject({ target: v.string(), since: Timestamp })
const forwards = {
  always: v.optional(Forward),
  busy: v.optional(Forward),
  'no-answer': v.optional(Forward),
  unavailable: v.optional(Forward),
}
/** Where calls to an extension go; what is not set is absent. */
export const Forwards = v.looseObject({ extension: v.string(), ...forwards })
export type Forwards = v.InferOutput<typeof Forwards>
export const DoNotDisturb = v.looseObject({
  extension: v.string(),
  dnd: v.boolean(),
  since: v.optional(Timestamp),
})
export type DoNotDisturb = v.InferOutput<typeof DoNotDisturb>
export const ForwardList = v.looseObject({
  lastHeard: v.optional(v.string()),
  extensions: v.array(v.looseObject({ ...Forwards.entries, dnd: v.boolean() })),
})
export type ForwardList = v.InferOutput<typeof ForwardList>
export const MailboxList = v.looseObject({
  lastHeard: v.optional(v.string()),
  mailboxes: v.array(v.looseObject({ extension: v.string(), new: v.number(), old: v.number(), since: Timestamp })),
})
export type MailboxList = v.InferOutput<typeof MailboxList>

const When = v.looseObject({ when: v.optional(ForwardWhen) })

export const extensionRoutes = {
  'GET /v1/sites/{site}/extensions/{extension}/forward': {
    function: 'extensions',
    needs: 'presence:read',
    personal: 'presence',
    summary: 'Where calls to an extension are sent on to.',
    answers: { 200: Forwards },
  },
  'PUT /v1/sites/{site}/extensions/{extension}/forward': {
    function: 'extensions',
    needs: 'forwards:write',
    dials: true,
    summary: 'Sends calls on: 200 once the PBX has it, 202 if it has not said so within four seconds.',
    body: v.strictObject({ target, when: v.optional(ForwardWhen, 'always') }),
    answers: { 200: Forwards, 202: Forwards },
  },
  'DELETE /v1/sites/{site}/extensions/{extension}/forward': {
    function: 'extensions',
    needs: 'forwards:write',
    summary: 'Clears one kind of forwarding, or all of them.',
    query: When,
    answers: { 200: Forwards, 202: Forwards },
  },
  'GET /v1/sites/{site}/extensions/{extension}/dnd': {
    function: 'extensions',
    needs: 'presence:read',
    summary: 'Whether an extension is not to be disturbed.',
    answers: { 200: DoNotDisturb },
  },
  'PUT /v1/sites/{site}/extensions/{extension}/dnd': {
    function: 'extensions',
    needs: 'forwards:write',
    summary: 'Lets the phone ring no more.',
    answers: { 200: DoNotDisturb, 202: DoNotDisturb },
  },
  'DELETE /v1/sites/{site}/extensions/{extension}/dnd': {
    function: 'extensions',
    needs: 'forwards:write',
    summary: 'Lets the phone ring again.',
    answers: { 200: DoNotDisturb, 202: DoNotDisturb },
  },
  'GET /v1/sites/{site}/forwards': {
    function: 'extensions',
    needs: 'presence:read',
    personal: 'presence',
    summary: 'Every extension with forwarding or do not disturb.',
    answers: { 200: ForwardList },
  },
  'DELETE /v1/sites/{site}/forwards': {
    function: 'extensions',
    needs: 'forwards:write',
    summary: 'Clears forwarding and do not disturb of every extension.',
    answers: { 200: ForwardList, 202: ForwardList },
  },
  'GET /v1/sites/{site}/mailboxes': {
    function: 'extensions',
    needs: 'presence:read',
    summary: 'Messages that wait, by extension.',
    answers: { 200: MailboxList },
  },
} as const
