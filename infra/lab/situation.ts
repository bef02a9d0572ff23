/** What stands between phone A and the internet. */
export type RouterKind =
  /** Nothing: the phone has a public address. */
  | 'none'
  /** A firewall without address translation, which lets in answers only. */
  | 'firewall'
  /** Address translation to another port for each connection ("symmetric"). */
  | 'random'
  /** Address translation that keeps the phone's port where it is free. */
  | 'preserving'

/** Settings of phone A's endpoint in pjsip.conf. */
export interface NatOptions {
  readonly forceRport: boolean
  readonly rewriteContact: boolean
  readonly rtpSymmetric: boolean
}

/** Received packets of one direction: `audio` is 150 or more, `none` is 0, `either` is one of both. */
export type Audio = 'audio' | 'none' | 'either'

/** What one call must show. */
export interface CallExpected {
  /** Whether the called phone is reached. The rest is not measured without that. */
  readonly arrives: boolean
  readonly heardByA?: Audio
  readonly heardByB?: Audio
  /** Whether phone A notices that B hung up. */
  readonly endReachesA?: boolean
}

/** A situation of the laboratory: phone A behind a router, phone B and Asterisk in the internet. */
export interface Situation {
  readonly id: string
  readonly name: string
  readonly router: RouterKind
  /** Seconds after which the router forgets a UDP connection; 120 if absent. */
  readonly forgetsSeconds?: number
  /** Seconds without a call between the registration and the first call. */
  readonly idleSeconds?: number
  /** Whether phone A asks for answers to the source of its requests (RFC 3581). */
  readonly rport: boolean
  /** Whether phone A names the address that a STUN server sees. */
  readonly stun: boolean
  /** `nat` of phone A in site.yaml, or single options, which site.yaml does not offer. */
  readonly nat: 'auto' | 'behind-nat' | 'public' | NatOptions
  /** `qualifySeconds` of site.yaml; 0 sends nothing between calls. */
  readonly qualifySeconds: number
  readonly registers: boolean
  /** The call from B to A, which is made first. */
  readonly toA: CallExpected
  /** The call from A to B. */
  readonly fromA: CallExpected
}

/** Each `nat` of site.yaml in options of pjsip.conf, as `pbx render` writes them. */
export const profiles = {
  auto: { forceRport: true, rewriteContact: true, rtpSymmetric: true },
  'behind-nat': { forceRport: true, rewriteContact: true, rtpSymmetric: true },
  public: { forceRport: false, rewriteContact: false, rtpSymmetric: false },
} as const satisfies Record<string, NatOptions>

/** `behind-nat` asks the phone at least this often. */
const natQualifySecondsMax = 15

export const optionsOf = ({ nat }: Pick<Situation, 'nat'>): NatOptions =>
  typeof nat === 'string' ? profiles[nat] : nat

/** Returns how often Asterisk sends the phone a request between calls; 0 is never. */
export function keepAliveSeconds({ nat, qualifySeconds }: Pick<Situation, 'nat' | 'qualifySeconds'>): number {
  return nat === 'behind-nat' ? Math.min(qualifySeconds || natQualifySecondsMax, natQualifySecondsMax) : qualifySeconds
}

/** Returns whether the router has forgotten phone A before the first call. */
export function isForgotten(situation: Situation): boolean {
  const { router, forgetsSeconds = 120, idleSeconds = 0 } = situation
  const every = keepAliveSeconds(situation)
  return router !== 'none' && idleSeconds > forgetsSeconds && (every === 0 || every >= forgetsSeconds)
}
