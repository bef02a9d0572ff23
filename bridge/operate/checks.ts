import type { CheckResult } from '../../contracts/facts.ts'
import { repairCodePointsMax } from '../../contracts/limits.ts'
import { cutText } from '../../contracts/text.ts'
import type { Log } from './log.ts'

/**
 * The catalogue of checks: what the bridge looks at, by stable id. `docs/operate.md` lists them. A running bridge shows some in
 * `/healthz` and its log; `switchhook-bridge check` looks at nearly all.
 */
export const checkIds = [
  'config',
  'bridge',
  'state-folder',
  'disk',
  'key',
  'clock',
  'session',
  'sqs',
  'ari',
  'asterisk-version',
  'asterisk-modules',
  'ami',
  'menus',
  'cdr-back-end',
  'cdr-settings',
  'cdr-unanswered',
  'cdr-batch',
  'cdr-mapping',
  'cdr-database',
  'cdr-rights',
  'cdr-file',
  'cdr-zone',
  'cdr-growth',
  'cdr-quarantine',
  'mailboxes',
  'queues',
] as const
export type CheckId = (typeof checkIds)[number]

/** Checks of Asterisk's configuration files, by `switchhook pbx check`; `docs/pbx.md` lists them. */
export const pbxCheckIds = [
  'conf-syntax',
  'conf-include',
  'ami-exposed',
  'ami-permit-all',
  'ami-no-acl',
  'ami-rights',
  'ami-web',
  'ari-exposed',
  'ari-origins',
  'http-exposed',
  'http-static',
  'page-password',
  'secret-weak',
  'secret-shared',
  'voicemail-pin',
  'live-dangerously',
  'acl-open',
  'rtp-strict',
  'rtp-range',
  'guest-access',
  'endpoint-no-auth',
  'identify-any',
  'sip-insecure',
  'sip-names',
  'tls-off',
  'tls-old',
  'tls-certificate',
  'srtp-off',
  'reference-missing',
  'context-missing',
  'context-unreachable',
  'context-loop',
  'dialplan-loop',
  'goto-missing',
  'exten-repeated',
  'hop-guard',
  'dial-missing',
  'dial-from-outside',
  'dial-premium',
  'dial-unfiltered',
  'disa-open',
  'shell-input',
  'mailbox-missing',
  'queue-missing',
  'cdr-output',
] as const
export type PbxCheckId = (typeof pbxCheckIds)[number]

export interface Check<Id extends CheckId | PbxCheckId = CheckId> {
  id: Id
  /** `failed`: a part of the bridge waits until it is repaired. `warning`: it works, but a person should look. */
  state: 'ok' | 'warning' | 'failed'
  /** What was found, in one sentence without a phone number. */
  reason: string
  /** What to do, or the configuration to paste, unless the state is `ok`. */
  repair?: string
}

/** Returns the results as a heartbeat carries them: short, since a bridge without a fault sends the same each time. */
export function checkResults(checks: readonly Check[]): CheckResult[] {
  return checks.map(({ id, state, reason, repair }) => ({
    id,
    state,
    ...(state !== 'ok' && {
      reason: cutText(reason),
      ...(repair !== undefined && { repair: cutText(repair, repairCodePointsMax) }),
    }),
  }))
}

/** The newest result of each check. */
export class Checks {
  readonly #log: Log
  readonly #results = new Map<CheckId, Check>()

  constructor(log: Log) {
    this.#log = log
  }

  /** Stores a result, and logs it if it is new. */
  set(check: Check): void {
    const before = this.#results.get(check.id)
    this.#results.set(check.id, check)
    if (before?.state === check.state && before.reason === check.reason) return
    const { id, ...found } = check
    this.#log[check.state === 'ok' ? 'info' : 'warn']('check', { check: id, ...found })
  }

  get(id: CheckId): Check | undefined {
    return this.#results.get(id)
  }

  /** Forgets a result that no longer holds. */
  clear(id: CheckId): void {
    this.#results.delete(id)
  }

  all(): Check[] {
    return checkIds.flatMap((id) => this.#results.get(id) ?? [])
  }

  get hasFailed(): boolean {
    return this.all().some(({ state }) => state === 'failed')
  }
}
