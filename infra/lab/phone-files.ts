import { renderAsterisk, renderLogger, renderRtp } from '../asterisk/render/core.ts'
import { renderIndications } from '../asterisk/render/indications.ts'
import type { AsteriskPorts } from '../asterisk/render/layout.ts'
import { MODULES, renderModules } from '../asterisk/render/modules.ts'
import { EMPTY_FILES } from '../asterisk/render.ts'
import { addresses, phoneRtpPort, sipPort } from './addresses.ts'
import type { StunAddress } from './stun.ts'

export interface PhoneFilesOptions {
  readonly root: string
  readonly folder: string
  /** Account at the PBX. */
  readonly account: string
  readonly password: string
  readonly address: string
  readonly rport: boolean
  /** The address that a STUN server saw, which the phone then names as its own. */
  readonly seenAs?: StunAddress | undefined
}

export const phonePorts: AsteriskPorts = {
  sip: sipPort,
  http: 8088,
  ami: 5038,
  rtpFirst: phoneRtpPort,
  rtpLast: phoneRtpPort + 1,
}

/** Modules that a phone without call records, ARI and voicemail does not need. */
const NOT_FOR_PHONES =
  /^(cdr_|res_cdrel|app_cdr|func_cdr|app_voicemail|res_pjsip_mwi|res_curl|func_curl|res_ari|res_stasis|app_stasis|res_websocket_client)/

/** The console command that places a call. */
const ORIGINATE = 'res_clioriginate'

/** Renders an Asterisk that is one phone: it registers, answers every call, and speaks without pause. */
export function renderPhone(options: PhoneFilesOptions): Map<string, string> {
  const { root, folder, account } = options
  return new Map([
    ...EMPTY_FILES.map((name): [string, string] => [name, '']),
    ['asterisk.conf', renderAsterisk({ root, folder, systemName: account, identity: `lab/${account}` })],
    ['logger.conf', renderLogger()],
    ['indications.conf', renderIndications()],
    ['modules.conf', renderModules([...MODULES.filter((name) => !NOT_FOR_PHONES.test(name)), ORIGINATE])],
    ['rtp.conf', renderRtp(phonePorts)],
    ['http.conf', '[general]\nenabled = no\n'],
    ['cdr.conf', '[general]\nenable = no\n'],
    ['manager.conf', '[general]\nenabled = no\n'],
    ['pjsip.conf', renderPjsip(options)],
    ['extensions.conf', renderDialPlan(account)],
  ])
}

/**
 * Renders what the phone does: called, it speaks at once (without the delay of 1 ms, Answer would wait for the caller's voice);
 * when it calls, it lets the other side speak first, as people do.
 */
function renderDialPlan(account: string): string {
  return `[phone]
exten => ${account},1,Answer(1)
  same => n,Milliwatt()
exten => caller,1,Wait(1)
  same => n,Milliwatt()
`
}

function renderPjsip({ account, password, address, rport, seenAs }: PhoneFilesOptions): string {
  const server = `${addresses.pbx}:${sipPort}`
  return `[system]
type = system
disable_rport = ${rport ? 'no' : 'yes'}

[udp]
type = transport
protocol = udp
bind = ${address}:${sipPort}
${
  seenAs
    ? `external_signaling_address = ${seenAs.address}
external_signaling_port = ${seenAs.port}
local_net = 192.168.1.0/24
`
    : ''
}
[line]
type = endpoint
context = phone
transport = udp
disallow = all
allow = ulaw
direct_media = no
rtp_symmetric = no
outbound_auth = line
from_user = ${account}
aors = line
${seenAs ? `media_address = ${seenAs.address}\n` : `media_address = ${address}\nbind_rtp_to_media_address = yes\n`}
[line]
type = aor
contact = sip:${server}

[line]
type = auth
auth_type = userpass
username = ${account}
password = ${password}

[line]
type = identify
endpoint = line
match = ${addresses.pbx}

[line]
type = registration
transport = udp
outbound_auth = line
server_uri = sip:${server}
client_uri = sip:${account}@${server}
contact_user = ${account}
expiration = 3600
retry_interval = 5
max_random_initial_delay = 0
auth_rejection_permanent = no
`
}
