import { type KeyObject, sign, verify } from 'node:crypto'
import * as v from 'valibot'
import { SwitchhookError } from './errors.ts'
import { paceMsMin } from './limits.ts'
import { ErasureId, SiteId, Timestamp } from './names.ts'

/**
 * Commands that the cloud sends to a bridge: one an SQS message, signed by the deployment's Ed25519 key (RFC 8032), so that
 * access to the queue alone cannot ring a phone. The bridge ignores a command that it has not started by its deadline.
 */

/** Id of a call placed by API, `sh-<unix seconds>.<10 random digits>`: the ARI channel id of the caller's leg and the linkedid. */
export const PlacedCallId = v.pipe(v.string(), v.regex(/^sh-\d{10}\.\d{10}$/, 'sh-SECONDS.DIGITS'))

const times = { issuedAt: Timestamp, deadline: Timestamp }

export const PlaceCommand = v.looseObject({
  ...times,
  command: v.literal('place'),
  call: PlacedCallId,
  /** The phone that rings first. */
  endpoint: v.pipe(v.string(), v.regex(/^(PJSIP|SIP|IAX2)\/[A-Za-z0-9_.-]{1,60}$/, 'PJSIP/NAME')),
  /** The number to dial once that phone is answered, always in the dial plan's context for calls by API. */
  extension: v.pipe(v.string(), v.regex(/^\d{1,32}$/, 'digits')),
  /** Digits that the called side sees. */
  callerId: v.optional(v.pipe(v.string(), v.regex(/^\+?\d{1,20}$/, 'digits'))),
  ringSeconds: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(300)),
})
export type PlaceCommand = v.InferOutput<typeof PlaceCommand>

/** Ends a call, or prevents it from starting. */
export const HangUpCommand = v.looseObject({
  ...times,
  command: v.literal('hang-up'),
  call: v.pipe(v.string(), v.regex(/^[\w.-]{1,150}$/, 'a linkedid')),
})
export type HangUpCommand = v.InferOutput<typeof HangUpCommand>

/** Asks for a digest of the CDRs that the PBX's own file has of a day; with `resend`, the bridge sends those CDRs again too. */
export const VerifyDayCommand = v.looseObject({
  ...times,
  command: v.literal('verify-day'),
  run: v.pipe(v.string(), v.minLength(1), v.maxLength(64)),
  day: v.pipe(v.string(), v.maxLength(10)),
  from: Timestamp,
  to: Timestamp,
  resend: v.boolean(),
})
export type VerifyDayCommand = v.InferOutput<typeof VerifyDayCommand>

/** Limits the live lane to one message in this time, because the site has too many subscribers for more. */
export const PaceCommand = v.looseObject({
  ...times,
  command: v.literal('pace'),
  paceMs: v.pipe(v.number(), v.integer(), v.minValue(paceMsMin), v.maxValue(60_000)),
})
export type PaceCommand = v.InferOutput<typeof PaceCommand>

/** Names of the settings of an extension in astDB. */
export const SettingName = v.picklist(['always', 'busy', 'no-answer', 'unavailable', 'dnd'])
export type SettingName = v.InferOutput<typeof SettingName>

/** Sets or clears call forwarding, or do not disturb, of one extension. */
export const SetCommand = v.looseObject({
  ...times,
  command: v.literal('set'),
  /** Id by which the bridge executes the command once, however often SQS delivers it. It has the form of a call id. */
  order: PlacedCallId,
  extension: v.pipe(v.string(), v.regex(/^[1-9]\d{0,7}$/, 'digits')),
  setting: SettingName,
  /** Digits for the dial plan; `1` for do not disturb; empty to clear. */
  target: v.pipe(v.string(), v.regex(/^\d{0,32}$/, 'digits')),
})
export type SetCommand = v.InferOutput<typeof SetCommand>

/** Erases a number from the bridge's folder; the bridge answers with an event `switchhook.erased.v1`. */
export const EraseCommand = v.looseObject({
  ...times,
  command: v.literal('erase'),
  erasure: ErasureId,
  /** As it was dialled. */
  number: v.pipe(v.string(), v.minLength(1), v.maxLength(40)),
  /** How the site's users dial: their country (ISO 3166-1), and what they dial before outside numbers. */
  country: v.pipe(v.string(), v.regex(/^[A-Z]{2}$/, 'a country')),
  outsidePrefix: v.optional(v.pipe(v.string(), v.regex(/^\d{0,3}$/, 'digits'))),
})
export type EraseCommand = v.InferOutput<typeof EraseCommand>

export const Command = v.variant('command', [
  PlaceCommand,
  HangUpCommand,
  PaceCommand,
  VerifyDayCommand,
  SetCommand,
  EraseCommand,
])
export type Command = v.InferOutput<typeof Command>

/** A command is a few hundred bytes. Longer bodies are rejected. */
export const commandCharsMax = 4_096
/** Time from the request until the phone must ring. */
export const callDeadlineMs = 15_000

/** Returns the times of a command from Unix milliseconds. */
export function commandTimes(issuedAt: number, deadline: number): { issuedAt: string; deadline: string } {
  return { issuedAt: new Date(issuedAt).toISOString(), deadline: new Date(deadline).toISOString() }
}

const Signed = v.looseObject({
  format: v.literal(1),
  site: SiteId,
  signature: v.pipe(v.string(), v.maxLength(128), v.base64()),
  data: v.pipe(v.string(), v.base64()),
})

/** The body is not a command of this deployment for this site. */
export class CommandRefusedError extends SwitchhookError {
  readonly errorId: 'command-malformed' | 'command-signature-invalid'
  constructor(errorId: CommandRefusedError['errorId'], detail: string, options?: ErrorOptions) {
    super(detail, options)
    this.errorId = errorId
  }
}

function signedBytes(site: SiteId, data: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(`switchhook.command.1\n${site}\n`), data])
}

export function signCommand(site: SiteId, command: Command, privateKey: KeyObject): string {
  const data = Buffer.from(JSON.stringify(command))
  const signature = sign(null, signedBytes(site, data), privateKey).toString('base64')
  return JSON.stringify({ format: 1, site, signature, data: data.toString('base64') })
}

/** Verifies and parses the body of a command for `site`. @throws CommandRefusedError */
export function openCommand(text: string, site: SiteId, publicKey: KeyObject): Command {
  const signed = parse(Signed, text.slice(0, commandCharsMax + 1))
  const data = Buffer.from(signed.data, 'base64')
  const signature = Buffer.from(signed.signature, 'base64')
  if (signed.site !== site || !verify(null, signedBytes(site, data), publicKey, signature)) {
    throw new CommandRefusedError(
      'command-signature-invalid',
      `The command is not signed by the deployment for the site ${site}.`,
    )
  }
  return parse(Command, data.toString('utf8'))
}

function parse<S extends v.GenericSchema>(schema: S, text: string): v.InferOutput<S> {
  try {
    return v.parse(schema, JSON.parse(text))
  } catch (cause) {
    throw new CommandRefusedError('command-malformed', 'The body is not a command of format 1.', { cause })
  }
}
