import * as v from 'valibot'
import {
  Account,
  Digits,
  Endpoint,
  Extension,
  FilePath,
  Holiday,
  Host,
  HostAndPort,
  Ipv4,
  Key,
  Language,
  Name,
  Network,
  OutsideNumber,
  oneOf,
  Pattern,
  Person,
  Port,
  Prefix,
  Sound,
  Time,
  WebSocketUrl,
  whole,
  YesNo,
  Zone,
} from './texts.ts'

const Nat = oneOf(['auto', 'behind-nat', 'public'])
const Codecs = v.pipe(v.array(oneOf(['ulaw', 'alaw', 'g722', 'gsm'])), v.minLength(1, 'must have one entry or more'))

/** Settings of a phone, of one extension or of a range. */
const phoneEntries = {
  /** How the phone is reached: see docs/pbx.md. The default is the site's `nat`. */
  nat: v.optional(Nat),
  /** `tls` also encrypts the audio (SRTP); `webrtc` is a browser. */
  connect: v.optional(oneOf(['udp', 'tcp', 'tls', 'webrtc'])),
  codecs: v.optional(Codecs),
  language: v.optional(Language),
  /** Whether the phone may call outside numbers. Emergency numbers are always allowed. */
  outside: v.optional(YesNo),
}

export const ExtensionEntry = v.strictObject({
  /** The number that colleagues dial. */
  number: Extension,
  /** The phone's SIP account, `PJSIP/<endpoint>`. */
  endpoint: Endpoint,
  name: Person,
  /** Mailbox in the voicemail context `voicemail`. Without one, an unanswered call ends with the phone's status. */
  mailbox: v.optional(Digits),
  ...phoneEntries,
})

/** Many equal extensions, from the first number to the last. `{number}` in a text stands for the number. */
const Range = v.strictObject({
  from: Extension,
  to: Extension,
  endpoint: v.optional(v.string(), '{number}'),
  name: v.optional(v.string(), 'Phone {number}'),
  mailbox: v.optional(v.string()),
  ...phoneEntries,
})

/** Where a call goes: to a number of the site, or to a mailbox. */
const Target = v.pipe(
  v.strictObject({ extension: v.optional(Extension), mailbox: v.optional(Digits) }),
  v.check(
    ({ extension, mailbox }) => (extension === undefined) !== (mailbox === undefined),
    'must have either extension or mailbox',
  ),
)

const Trunk = v.strictObject({
  name: Endpoint,
  host: Host,
  port: v.optional(Port, 5060),
  connect: v.optional(oneOf(['udp', 'tcp', 'tls'])),
  /** The account at the provider. Without it, both sides know each other by address. */
  register: v.optional(v.strictObject({ user: Account })),
  /** Addresses that the provider calls from. The default is `host`. */
  from: v.optional(v.array(v.union([Network, Host], 'must be an address, a network or a host name'))),
  /** The number that outgoing calls show. */
  callerId: v.optional(OutsideNumber),
  codecs: v.optional(Codecs),
  stripDigits: v.optional(whole(0, 3), 1),
  qualifySeconds: v.optional(whole(0, 3600), 30),
  /** The provider's numbers, and the number of the site that each one reaches. */
  numbers: v.optional(v.array(v.strictObject({ number: OutsideNumber, extension: Extension })), []),
})

/** A number that rings several phones at the same time or in turn; the first phone that answers gets the call. */
const Group = v.strictObject({
  number: Extension,
  extensions: v.pipe(v.array(Extension), v.minLength(2, 'must name two extensions or more')),
  inTurn: v.optional(YesNo),
  /** Where a call goes that nobody answers. */
  otherwise: v.optional(Target),
})

/** A number whose callers wait until a member is free. */
const Queue = v.strictObject({
  number: Extension,
  name: v.optional(Person),
  strategy: v.optional(oneOf(['ringall', 'leastrecent', 'fewestcalls', 'random', 'rrmemory', 'linear']), 'ringall'),
  extensions: v.pipe(v.array(Extension), v.minLength(1, 'must have one entry or more')),
  ringSeconds: v.optional(whole(3, 300), 15),
  waitSeconds: v.optional(whole(5, 7200), 300),
  otherwise: v.optional(Target),
})

/** A number that leads elsewhere within and outside of office hours. */
const Hours = v.strictObject({
  number: Extension,
  zone: v.optional(Zone),
  open: v.pipe(
    v.array(
      v.strictObject({
        days: v.pipe(
          v.array(oneOf(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'])),
          v.minLength(1, 'must have one entry or more'),
        ),
        from: Time,
        to: Time,
      }),
    ),
    v.minLength(1, 'must have one entry or more'),
  ),
  holidays: v.optional(v.array(Holiday), []),
  during: Target,
  outside: Target,
})

/** A voice menu that Asterisk runs by itself. */
const Ivr = v.strictObject({
  number: Extension,
  greeting: Sound,
  keys: v.record(Key, Target),
  seconds: v.optional(whole(1, 60), 5),
  tries: v.optional(whole(1, 10), 3),
  otherwise: v.optional(Target),
})

/** Outside calls. */
const Outside = v.strictObject({
  /** Digits before an outside number, which are not sent to the provider. */
  prefix: v.optional(Prefix, '0'),
  /** Tried in the order of the trunks; the next one follows if a trunk cannot take the call. */
  routes: v.pipe(
    v.array(
      v.strictObject({
        name: Name,
        numbers: v.pipe(v.array(Pattern), v.minLength(1, 'must have one entry or more')),
        trunks: v.pipe(v.array(Endpoint), v.minLength(1, 'must have one entry or more')),
      }),
    ),
    v.minLength(1, 'must have one entry or more'),
  ),
  /** Numbers that every phone may dial, with and without the prefix. */
  emergency: v.optional(v.array(Digits), []),
  /** Beginnings of numbers that no phone may dial, besides the premium numbers of the country. */
  refused: v.optional(v.array(Digits), []),
  /** Whether phones may dial premium numbers. */
  premium: v.optional(YesNo, false),
})

const Sip = v.strictObject({
  /** IPv4 address that SIP listens on. */
  address: v.optional(Ipv4, '0.0.0.0'),
  /** Whether phones may also connect by TCP. */
  tcp: v.optional(YesNo, false),
  /** This PBX's address in the internet, if a router is between. */
  externalAddress: v.optional(Host),
  /** Networks that reach this PBX without that router. */
  localNetworks: v.optional(v.array(Network), []),
  /** The only networks that phones may connect from. */
  phonesFrom: v.optional(v.array(Network), []),
})

const siteEntries = {
  site: Name,
  systemName: Name,
  ringSeconds: v.optional(whole(1, 300), 20),
  qualifySeconds: v.optional(whole(0, 3600), 15),
  nat: v.optional(Nat, 'auto'),
  codecs: v.optional(Codecs),
  /** Language of Asterisk's own announcements. */
  language: v.optional(Language),
  /** Tones and premium numbers. */
  country: v.optional(oneOf(['fr', 'be', 'ch', 'de', 'gb', 'us']), 'fr'),
  sip: v.optional(Sip),
  ports: v.optional(
    v.strictObject({
      sip: v.optional(Port, 5060),
      tls: v.optional(Port, 5061),
      http: v.optional(Port, 8088),
      ami: v.optional(Port, 5038),
      rtpFirst: v.optional(whole(1024, 65534), 10_000),
      rtpLast: v.optional(whole(1025, 65535), 20_000),
    }),
  ),
  tls: v.optional(v.strictObject({ certificate: FilePath, key: FilePath })),
  webrtc: v.optional(v.strictObject({ stun: v.optional(HostAndPort) })),
  extensions: v.optional(v.array(ExtensionEntry), []),
  ranges: v.optional(v.array(Range), []),
  groups: v.optional(v.array(Group), []),
  queues: v.optional(v.array(Queue), []),
  hours: v.optional(v.array(Hours), []),
  ivrs: v.optional(v.array(Ivr), []),
  /** Numbers of the voice menus that the bridge runs. */
  menus: v.optional(v.array(Extension), []),
  voicemail: v.optional(
    v.strictObject({
      /** The number at which a phone hears its messages. */
      number: Extension,
      messageSecondsMax: v.optional(whole(10, 3600), 180),
    }),
  ),
  /** Whether both parties may transfer a call by keys: ## blind, *2 attended. Phones can always transfer by SIP. */
  transferKeys: v.optional(YesNo, false),
  /** The only trunk, which takes every number after a 0. `trunks` and `outside` are the long form. */
  trunk: v.optional(Trunk),
  trunks: v.optional(v.array(Trunk), []),
  outside: v.optional(Outside),
  /** Where Asterisk dials the bridge: `ari.listen` of its configuration. */
  bridge: v.optional(v.strictObject({ listener: WebSocketUrl, application: v.optional(Name, 'switchhook-events') })),
}

export const SiteShape = v.strictObject(siteEntries)
/** A telephone system as described in `site.yaml`, with its ranges expanded to extensions. */
export type Site = v.InferOutput<typeof SiteShape>
export type ExtensionOfSite = Site['extensions'][number]
export type RangeOfSite = Site['ranges'][number]
export type GroupOfSite = Site['groups'][number]
export type QueueOfSite = Site['queues'][number]
export type HoursOfSite = Site['hours'][number]
export type IvrOfSite = Site['ivrs'][number]
export type TrunkOfSite = Site['trunks'][number]
export type TargetOfCall = v.InferOutput<typeof Target>
