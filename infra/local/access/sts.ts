import { createHmac, timingSafeEqual } from 'node:crypto'
import * as v from 'valibot'
import type { EmulatorAnswer } from '../services/emulator.ts'
import { denialOf } from './authorization.ts'
import type { Credentials, Principal, Roles } from './roles.ts'

const Session = v.object({
  role: v.string(),
  session: v.string(),
  tags: v.record(v.string(), v.string()),
  /** Unix milliseconds. */
  until: v.number(),
})
type Session = v.InferOutput<typeof Session>

const durationSecondsDefault = 3_600
const prefix = 'sts.'

/**
 * Simulates the part of AWS STS that bridges use: `AssumeRole` with session tags in the query protocol ("AWS Security Token
 * Service API reference"). The caller's policies and the role's trust policy must both allow it; AWS requires only one of them
 * within an account. The token contains the whole session, signed with the data folder's key, so that a session survives a
 * restart of the local cloud.
 */
export class Sts {
  readonly #roles: Roles
  readonly #key: Buffer
  constructor(roles: Roles, key: Buffer) {
    this.#roles = roles
    this.#key = key
  }

  /** Returns the form of a request to STS, or undefined if the request is for another service. */
  static form(contentType: string | undefined, body: Buffer): URLSearchParams | undefined {
    if (!contentType?.startsWith('application/x-www-form-urlencoded')) return undefined
    const form = new URLSearchParams(body.toString())
    return form.get('Version') === '2011-06-15' ? form : undefined
  }

  /** Answers a request to STS. */
  answer(principal: Principal, form: URLSearchParams): EmulatorAnswer {
    if (form.get('Action') !== 'AssumeRole')
      return failure(400, 'InvalidAction', `The local cloud does not support ${form.get('Action')}.`)
    const role = form.get('RoleArn') ?? ''
    const tags = tagsOf(form)
    const actions = Object.keys(tags).length > 0 ? ['sts:AssumeRole', 'sts:TagSession'] : ['sts:AssumeRole']
    const denial = denialOf(
      principal,
      actions.map((action) => ({ action, resource: role })),
    )
    if (denial !== undefined) return failure(403, 'AccessDenied', denial)
    const untrusted = actions.find((action) => !this.#roles.trusts(role, principal, action))
    if (untrusted !== undefined) {
      const why = `User: ${principal.arn} is not authorized to perform: ${untrusted} on resource: ${role}`
      return failure(403, 'AccessDenied', `${why} because the role's trust policy does not allow it`)
    }
    const seconds = Number(form.get('DurationSeconds') ?? durationSecondsDefault)
    const name = form.get('RoleSessionName') ?? ''
    if (!/^[\w+=,.@-]{2,64}$/.test(name)) return failure(400, 'ValidationError', 'The session name is not valid.')
    const until = Date.now() + seconds * 1000
    return xml(200, assumed(this.#credentials({ role, session: name, tags, until }), until))
  }

  /** Returns the session of a token, 'expired' if its time is over, or undefined if STS did not issue it. */
  principal(accessKeyId: string, token: string | undefined): Principal | 'expired' | undefined {
    const [text, signature] = token?.startsWith(prefix) ? token.slice(prefix.length).split('.') : []
    if (text === undefined || signature === undefined) return undefined
    const wanted = Buffer.from(this.#sign(text))
    const given = Buffer.from(signature)
    if (wanted.length !== given.length || !timingSafeEqual(wanted, given)) return undefined
    if (accessKeyId !== accessKeyIdOf(signature)) return undefined
    const { role, session, tags, until } = v.parse(Session, JSON.parse(Buffer.from(text, 'base64url').toString()))
    return until > Date.now() ? this.#roles.assumed(role, session, tags) : 'expired'
  }

  #credentials(session: Session): Credentials {
    const text = Buffer.from(JSON.stringify(session)).toString('base64url')
    const signature = this.#sign(text)
    const sessionToken = `${prefix}${text}.${signature}`
    return { accessKeyId: accessKeyIdOf(signature), secretAccessKey: this.#sign(`secret ${text}`), sessionToken }
  }

  #sign(text: string): string {
    return createHmac('sha256', this.#key).update(`sts\n${text}`).digest('hex')
  }
}

function accessKeyIdOf(signature: string): string {
  return `ASIA${signature.slice(0, 16).toUpperCase()}`
}

/** Reads `Tags.member.1.Key`, `Tags.member.1.Value` and so on, at most 50. */
function tagsOf(form: URLSearchParams): Record<string, string> {
  const tags: Record<string, string> = {}
  for (let n = 1; n <= 50; n++) {
    const key = form.get(`Tags.member.${n}.Key`)
    if (key !== null) tags[key] = form.get(`Tags.member.${n}.Value`) ?? ''
  }
  return tags
}

function assumed({ accessKeyId, secretAccessKey, sessionToken }: Credentials, until: number): string {
  const fields = { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, SessionToken: sessionToken }
  const inner = Object.entries(fields).map(([name, value]) => `<${name}>${value}</${name}>`)
  const expiration = `<Expiration>${new Date(until).toISOString()}</Expiration>`
  const credentials = `<Credentials>${inner.join('')}${expiration}</Credentials>`
  return `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>${credentials}</AssumeRoleResult></AssumeRoleResponse>`
}

function failure(status: number, code: string, message: string): EmulatorAnswer {
  const escaped = message.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
  return xml(
    status,
    `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>${code}</Code><Message>${escaped}</Message></Error></ErrorResponse>`,
  )
}

function xml(status: number, text: string): EmulatorAnswer {
  return { status, headers: { 'content-type': 'text/xml' }, body: Buffer.from(text) }
}
