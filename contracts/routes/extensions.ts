import * as v from 'valibot'
import { DialNumber } from '../dial-number.ts'
import { field } from '../field.ts'
import { Timestamp } from '../names.ts'
import { timeExample } from './examples.ts'
import { sitePath } from './parameters.ts'
import type { RouteGroup } from './route.ts'
import { bridgeOffline, dialDenied } from './route-errors.ts'

/** Which calls are forwarded: all of them, or those that find the phone busy, unanswered or not registered. */
export const ForwardWhen = v.picklist(
  ['always', 'busy', 'no-answer', 'unavailable'],
  'Not one of always, busy, no-answer and unavailable.',
)
export type ForwardWhen = v.InferOutput<typeof ForwardWhen>

const Forward = v.looseObject({
  target: field(v.string(), 'Where calls go.'),
  since: field(Timestamp, 'When it was set.'),
})
const forwards = {
  always: v.optional(field(Forward, 'All calls.')),
  busy: v.optional(field(Forward, 'Calls that find the phone busy.')),
  'no-answer': v.optional(field(Forward, 'Calls that nobody answers.')),
  unavailable: v.optional(field(Forward, 'Calls while the phone is not registered.')),
}
const extension = field(v.string(), 'Number of the extension.', '60')
const lastHeard = v.optional(field(v.string(), 'When the bridge of the site last sent a message.'))

/** Where calls to an extension are forwarded. A kind that is not set is absent. */
export const Forwards = v.looseObject({ extension, ...forwards })
export type Forwards = v.InferOutput<typeof Forwards>
export const DoNotDisturb = v.looseObject({
  extension,
  dnd: field(v.boolean(), 'Whether do not disturb is on.'),
  since: v.optional(field(Timestamp, 'When it was set.')),
})
export type DoNotDisturb = v.InferOutput<typeof DoNotDisturb>
export const ForwardList = v.looseObject({
  lastHeard,
  extensions: v.array(v.looseObject({ ...Forwards.entries, dnd: field(v.boolean(), 'Whether do not disturb is on.') })),
})
export type ForwardList = v.InferOutput<typeof ForwardList>
export const Mailbox = v.looseObject({
  extension,
  new: field(v.number(), 'New messages.'),
  old: field(v.number(), 'Messages that were heard and kept.'),
  since: field(Timestamp, 'When the counts last changed.'),
})
export type Mailbox = v.InferOutput<typeof Mailbox>
export const MailboxList = v.looseObject({ lastHeard, mailboxes: v.array(Mailbox) })
export type MailboxList = v.InferOutput<typeof MailboxList>

const When = v.looseObject({
  when: v.optional(field(ForwardWhen, 'The kind of forwarding to clear; all kinds by default.', 'busy')),
})
const ForwardRequest = v.strictObject({
  target: field(DialNumber, 'Extension or telephone number that receives the calls.', '+33 6 12 34 56 78'),
  when: v.optional(field(ForwardWhen, 'Which calls are forwarded; `always` by default.', 'busy'), 'always'),
})

const extensionPath = { ...sitePath, extension }
const extensionUnknown = { 'extension-unknown': { status: 404, when: 'No phone of the site has this extension.' } }
const settingErrors = {
  ...bridgeOffline,
  'forwarding-missing': {
    status: 409,
    when: 'The dial plan of the PBX does not follow forwarding; docs/call-control.md says how to install it.',
  },
}
const forwarded = { extension: '60', busy: { target: '0612345678', since: timeExample } }
const undisturbed = { extension: '60', dnd: true, since: timeExample }

export const extensionRoutes = {
  'GET /v1/sites/{site}/extensions/{extension}/forward': {
    summary: 'Answers where calls to an extension are forwarded.',
    function: 'extensions',
    needs: 'presence:read',
    personal: 'presence',
    path: extensionPath,
    answers: { 200: Forwards },
    errors: extensionUnknown,
    example: { answer: forwarded },
  },
  'PUT /v1/sites/{site}/extensions/{extension}/forward': {
    summary: 'Forwards calls: 200 once the PBX confirms it, 202 if it does not confirm within four seconds.',
    function: 'extensions',
    needs: 'forwards:write',
    dials: true,
    path: extensionPath,
    body: ForwardRequest,
    answers: { 200: Forwards, 202: Forwards },
    errors: {
      ...extensionUnknown,
      ...settingErrors,
      ...dialDenied,
      'forward-loop': { status: 409, when: 'The target forwards back to the extension; the detail shows the loop.' },
    },
    example: { body: { target: '+33 6 12 34 56 78', when: 'busy' }, answer: forwarded },
  },
  'DELETE /v1/sites/{site}/extensions/{extension}/forward': {
    summary: 'Clears one kind of forwarding, or all kinds.',
    function: 'extensions',
    needs: 'forwards:write',
    path: extensionPath,
    query: When,
    answers: { 200: Forwards, 202: Forwards },
    errors: { ...extensionUnknown, ...settingErrors },
    example: { answer: { extension: '60' } },
  },
  'GET /v1/sites/{site}/extensions/{extension}/dnd': {
    summary: 'Answers whether do not disturb is on for an extension.',
    function: 'extensions',
    needs: 'presence:read',
    path: extensionPath,
    answers: { 200: DoNotDisturb },
    errors: extensionUnknown,
    example: { answer: undisturbed },
  },
  'PUT /v1/sites/{site}/extensions/{extension}/dnd': {
    summary: 'Turns do not disturb on: calls no longer ring the phone.',
    function: 'extensions',
    needs: 'forwards:write',
    path: extensionPath,
    answers: { 200: DoNotDisturb, 202: DoNotDisturb },
    errors: { ...extensionUnknown, ...settingErrors },
    example: { answer: undisturbed },
  },
  'DELETE /v1/sites/{site}/extensions/{extension}/dnd': {
    summary: 'Turns do not disturb off.',
    function: 'extensions',
    needs: 'forwards:write',
    path: extensionPath,
    answers: { 200: DoNotDisturb, 202: DoNotDisturb },
    errors: { ...extensionUnknown, ...settingErrors },
    example: { answer: { extension: '60', dnd: false } },
  },
  'GET /v1/sites/{site}/forwards': {
    summary: 'Lists the extensions that have forwarding or do not disturb.',
    function: 'extensions',
    needs: 'presence:read',
    personal: 'presence',
    path: sitePath,
    answers: { 200: ForwardList },
    example: { answer: { lastHeard: timeExample, extensions: [{ ...forwarded, dnd: false }] } },
  },
  'DELETE /v1/sites/{site}/forwards': {
    summary: 'Clears forwarding and do not disturb of every extension.',
    function: 'extensions',
    needs: 'forwards:write',
    path: sitePath,
    answers: { 200: ForwardList, 202: ForwardList },
    errors: settingErrors,
    example: { answer: { lastHeard: timeExample, extensions: [] } },
  },
  'GET /v1/sites/{site}/mailboxes': {
    summary: 'Lists the numbers of voicemail messages by extension.',
    function: 'extensions',
    needs: 'presence:read',
    path: sitePath,
    answers: { 200: MailboxList },
    example: {
      answer: { lastHeard: timeExample, mailboxes: [{ extension: '60', new: 2, old: 1, since: timeExample }] },
    },
  },
} as const satisfies RouteGroup
