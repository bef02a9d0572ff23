import { EMPTY_FILES } from '../render.ts'
import type { Secrets } from '../secrets.ts'
import type { Site } from '../site.ts'
import { renderAsterisk, renderIndications, renderLogger, renderRtp } from './core.ts'
import { renderAri, renderHttp } from './interfaces.ts'
import type { AsteriskPorts } from './layout.ts'
import { MODULES, renderModules } from './modules.ts'
import { mediaAddress, renderGlobal, renderTransport, type SipAddress } from './pjsip.ts'

export interface RenderPhonesOptions {
  readonly root: string
  readonly folder: string
  readonly ports: AsteriskPorts
  /** The phones' own ARI log-in. */
  readonly secrets: Pick<Secrets, 'ariBridge' | 'ariReader'>
  /** SIP password by endpoint, those of the exchange. */
  readonly passwords: Readonly<Record<string, string>>
  /** Where the exchange listens. */
  readonly exchange: SipAddress
}

/** No call records, no voicemail and no AMI: it is a drawer of phones. */
const NOT_FOR_PHONES = /^(cdr_|res_cdrel|app_cdr|func_cdr|app_voicemail|res_pjsip_mwi|res_curl|func_curl)/

/** A spare module of the exchange: what phones hear may be recorded. */
const RECORDER = 'app_mixmonitor'

/** The configuration of a second Asterisk whose endpoints are a site's phones. Pure. */
export function renderPhones(site: Site, options: RenderPhonesOptions): Map<string, string> {
  const { root, folder, ports, secrets, exchange } = options
  return new Map([
    ...EMPTY_FILES.map((name): [string, string] => [name, '']),
    ['asterisk.conf', renderAsterisk({ root, folder, systemName: 'phones', identity: `${site.site}/phones` })],
    ['logger.conf', renderLogger()],
    ['indications.conf', renderIndications()],
    ['modules.conf', renderModules([...MODULES.filter((name) => !NOT_FOR_PHONES.test(name)), RECORDER])],
    ['rtp.conf', renderRtp(ports)],
    ['http.conf', renderHttp(ports)],
    ['ari.conf', renderAri(secrets)],
    ['cdr.conf', '[general]\nenable = no\n'],
    ['manager.conf', '[general]\nenabled = no\n'],
    ['pjsip.conf', renderPhonesPjsip(site, options)],
    ['extensions.conf', renderPhonesDialPlan(site, exchange)],
  ])
}

function renderPhonesPjsip(site: Site, { ports, passwords, exchange }: RenderPhonesOptions): string {
  const sip = { address: exchange.address, port: ports.sip }
  return [
    renderGlobal('ip'),
    renderTransport(sip),
    // Calls come from the exchange and name a phone in their request; who called is of no matter.
    `${endpoint('exchange', sip)}\n[exchange]\ntype = identify\nendpoint = exchange\nmatch = ${exchange.address}\n`,
    ...site.extensions.map((extension) =>
      renderPhone(extension.endpoint, passwords[extension.endpoint] ?? '', sip, exchange),
    ),
  ].join('\n')
}

function endpoint(name: string, sip: SipAddress): string {
  return `[${name}]
type = endpoint
context = phones
transport = udp
disallow = all
allow = ulaw,alaw
rtp_symmetric = yes
direct_media = no
${mediaAddress(sip)}`
}

/** One phone: it registers at once and again and again, so that an exchange that was away has it back in a second. */
function renderPhone(name: string, password: string, sip: SipAddress, exchange: SipAddress): string {
  const server = `${exchange.address}:${exchange.port}`
  return `${endpoint(name, sip)}outbound_auth = ${name}
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
transport = udp
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
 * What a phone does when it is called hangs on four globals: `BEHAVIOUR_<endpoint>` is a label below, `AFTER_<endpoint>`
 * seconds it rings, `TALK_<endpoint>` seconds after which it hangs up or transfers, 0 never, `TARGET_<endpoint>` to whom.
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

/** Where a time limit leads: an end in the usual way, which would have no cause otherwise. */
const HANG_UP = 'exten => T,1,Hangup(16)\n'

/** Where a phone's own call goes when it is answered: it sends a tone. */
const TALKING = `[talking]
exten => s,1,Set(TIMEOUT(absolute)=\${TALK})
  same => n,GotoIf($["\${DIGITS}" = ""]?talk)
  same => n,Wait(\${PRESS_AFTER})
  same => n,SendDTMF(\${DIGITS})
  same => n(talk),NoOp()
  same => n,Milliwatt()
${HANG_UP}`

const global = (what: string, name: string) => `\${${what}_${name}}`
