import { EMPTY_FILES } from '../render.ts'
import type { Secrets } from '../secrets.ts'
import type { Site } from '../site.ts'
import { renderAsterisk, renderLogger, renderRtp } from './core.ts'
import { renderIndications } from './indications.ts'
import { renderAri, renderHttp } from './interfaces.ts'
import type { AsteriskPorts } from './layout.ts'
import { MODULES, renderModules } from './modules.ts'
import { mediaAddress, renderGlobal, renderTransport, type SipAddress } from './pjsip.ts'

export interface RenderPhonesOptions {
  readonly root: string
  readonly folder: string
  readonly ports: AsteriskPorts
  /** ARI passwords of the phones' Asterisk. */
  readonly secrets: Pick<Secrets, 'ariBridge' | 'ariReader'>
  /** SIP passwords of the PBX, by endpoint. */
  readonly passwords: Readonly<Record<string, string>>
  /** Address of the PBX. */
  readonly exchange: SipAddress
  /** TLS port of the PBX: the phones then connect by TLS and encrypt their audio (SRTP). */
  readonly tlsPort?: number | undefined
  /** False: with `tlsPort`, the phones do not encrypt their audio. */
  readonly encryptsAudio?: boolean | undefined
}

/** Modules that simulated phones do not need: call records, voicemail, CURL. */
const NOT_FOR_PHONES = /^(cdr_|res_cdrel|app_cdr|func_cdr|app_voicemail|res_pjsip_mwi|res_curl|func_curl)/

/** Records what a phone hears; the PBX does not load this module. */
const RECORDER = 'app_mixmonitor'

/** Renders all configuration files of a second Asterisk whose endpoints simulate the phones of a site. */
export function renderPhones(site: Site, options: RenderPhonesOptions): Map<string, string> {
  const { root, folder, ports, secrets, exchange, tlsPort } = options
  return new Map([
    ...EMPTY_FILES.map((name): [string, string] => [name, '']),
    ['asterisk.conf', renderAsterisk({ root, folder, systemName: 'phones', identity: `${site.site}/phones` })],
    ['logger.conf', renderLogger()],
    ['indications.conf', renderIndications()],
    [
      'modules.conf',
      renderModules([
        ...MODULES.filter((name) => !NOT_FOR_PHONES.test(name)),
        RECORDER,
        ...(tlsPort === undefined ? [] : ['res_srtp']),
      ]),
    ],
    ['rtp.conf', renderRtp(ports)],
    ['http.conf', renderHttp(ports)],
    ['ari.conf', renderAri(secrets)],
    ['cdr.conf', '[general]\nenable = no\n'],
    ['manager.conf', '[general]\nenabled = no\n'],
    ['pjsip.conf', renderPhonesPjsip(site, options)],
    ['extensions.conf', renderPhonesDialPlan(site, exchange)],
  ])
}

function renderPhonesPjsip(site: Site, options: RenderPhonesOptions): string {
  const { ports, passwords, exchange, tlsPort, encryptsAudio = true } = options
  const sip = { address: exchange.address, port: ports.sip }
  const server: Server =
    tlsPort === undefined
      ? { ...exchange, transport: 'udp', encryptsAudio: false }
      : { ...exchange, transport: 'tls', port: tlsPort, encryptsAudio }
  return [
    renderGlobal('ip'),
    renderTransport(sip),
    // A client of TLS needs no certificate.
    ...(tlsPort === undefined
      ? []
      : [`[tls]\ntype = transport\nprotocol = tls\nbind = ${sip.address}:${ports.ami}\nmethod = tlsv1_2\n`]),
    // Calls from the PBX name the called phone in the request URI, so one endpoint receives them all.
    `${endpoint('exchange', sip, server)}\n[exchange]\ntype = identify\nendpoint = exchange\nmatch = ${exchange.address}\n`,
    ...site.extensions.map((extension) =>
      renderPhone(extension.endpoint, passwords[extension.endpoint] ?? '', sip, server),
    ),
  ].join('\n')
}

/** Where the phones register. */
interface Server extends SipAddress {
  readonly transport: 'udp' | 'tls'
  readonly encryptsAudio: boolean
}

function endpoint(name: string, sip: SipAddress, { transport, encryptsAudio }: Server): string {
  return `[${name}]
type = endpoint
context = phones
transport = ${transport}
disallow = all
allow = ulaw,alaw
rtp_symmetric = yes
direct_media = no
${encryptsAudio ? 'media_encryption = sdes\n' : ''}${mediaAddress(sip)}`
}

/** Renders a phone. It retries its registration each second, so that it returns soon after a restart of the PBX. */
function renderPhone(name: string, password: string, sip: SipAddress, exchange: Server): string {
  const { transport } = exchange
  const server = `${exchange.address}:${exchange.port}${transport === 'tls' ? '\\;transport=tls' : ''}`
  return `${endpoint(name, sip, exchange)}outbound_auth = ${name}
from_user = ${name}
aors = ${name}

[${name}]
type = aor
contact = sip:${server}

[${name}]
type = auth
auth_type = userpass
username = ${name}
password = ${password}

[${name}]
type = registration
transport = ${transport}
outbound_auth = ${name}
server_uri = sip:${server}
client_uri = sip:${name}@${server}
contact_user = ${name}
expiration = 60
retry_interval = 1
forbidden_retry_interval = 1
fatal_retry_interval = 1
auth_rejection_permanent = no
max_retries = 100000
max_random_initial_delay = 0
`
}

/**
 * Renders the behaviour of called phones, which four global variables control: `BEHAVIOUR_<endpoint>` is a label below,
 * `AFTER_<endpoint>` the seconds that the phone rings, `TALK_<endpoint>` the seconds after which it hangs up or transfers (0:
 * never), `TARGET_<endpoint>` the number to transfer to.
 */
function renderPhonesDialPlan(site: Site, exchange: SipAddress): string {
  const target = (name: string) => `PJSIP/sip:${global('TARGET', name)}@${exchange.address}:${exchange.port}`
  const names = site.extensions.map((extension) => extension.endpoint)
  const globals = names.map(
    (name) => `BEHAVIOUR_${name} = answer\nAFTER_${name} = 0\nTALK_${name} = 0\nTARGET_${name} = 0\n`,
  )
  const phones = names.map(
    (name) => `exten => ${name},1,Goto(${global('BEHAVIOUR', name)})
  same => n(answer),Ringing()
  same => n,Wait(${global('AFTER', name)})
  same => n,Answer()
  same => n,Set(TIMEOUT(absolute)=${global('TALK', name)})
  same => n,Echo()
  same => n,Hangup()
  same => n(forward),Transfer(${target(name)})
  same => n,Hangup()
  same => n(transfer),Answer()
  same => n,Wait(${global('TALK', name)})
  same => n,Transfer(${target(name)})
  same => n,Wait(1)
  same => n,Hangup()
  same => n(consult),Answer()
  same => n,Wait(${global('TALK', name)})
  same => n,SendDTMF(*2)
  same => n,Wait(1.5)
  same => n,SendDTMF(${global('TARGET', name)})
  same => n,Wait(4)
  same => n,Hangup()
  same => n(ring),Ringing()
  same => n,Wait(3600)
  same => n,Hangup()
  same => n(busy),PJSIPHangup(486)
  same => n(refuse),PJSIPHangup(603)
  same => n(unavailable),PJSIPHangup(480)
`,
  )
  return ['[globals]', ...globals, '[phones]', ...phones, HANG_UP, TALKING].join('\n')
}

/** Hangs up normally after a time limit; otherwise the hang-up would have no cause. */
const HANG_UP = 'exten => T,1,Hangup(16)\n'

/** Sends a tone after a call that a phone placed is answered. */
const TALKING = `[talking]
exten => s,1,Set(TIMEOUT(absolute)=\${TALK})
  same => n,GotoIf($["\${DIGITS}" = ""]?talk)
  same => n,Wait(\${PRESS_AFTER})
  same => n,SendDTMF(\${DIGITS})
  same => n(talk),NoOp()
  same => n,Milliwatt()
${HANG_UP}`

const global = (what: string, name: string) => `\${${what}_${name}}`
