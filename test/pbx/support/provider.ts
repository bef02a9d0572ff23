import type { AsteriskInstallation } from '../../../infra/asterisk/installation.ts'
import { releasePorts, reservePorts } from '../../../infra/asterisk/instance/ports.ts'
import { AsteriskInstance } from '../../../infra/asterisk/instance.ts'
import { renderAsterisk, renderLogger, renderRtp } from '../../../infra/asterisk/render/core.ts'
import { renderIndications } from '../../../infra/asterisk/render/indications.ts'
import { MODULES, renderModules } from '../../../infra/asterisk/render/modules.ts'
import { EMPTY_FILES } from '../../../infra/asterisk/render.ts'
import { generateSecrets } from '../../../infra/asterisk/secrets.ts'
import { checkSite } from '../../../infra/asterisk/site.ts'
import { type Leg, legsOf } from './legs.ts'

/** A second Asterisk as the provider behind one or several trunks: it answers calls with an echo, and places calls. */
export interface Provider extends AsyncDisposable {
  /** Calls a number of the PBX and speaks; `legs` shows the call until it ends or `hangup` ends it. */
  call(number: string): Promise<void>
  hangup(): Promise<void>
  legs(): Promise<Leg[]>
}

export interface ProviderOptions {
  readonly installation: AsteriskInstallation
  readonly folder: string
  /** Reserved UDP ports on loopback, one for each trunk. */
  readonly trunkPorts: readonly number[]
  readonly pbxPort: number
  /** The number that its own calls show. */
  readonly from: string
}

/** The first trunk rejects this number with 503, the others answer it. */
export const fullNumber = '0612340503'

const NOT_NEEDED =
  /^(cdr_|res_cdrel|app_cdr|func_cdr|app_voicemail|res_pjsip_mwi|res_curl|func_curl|res_ari|res_stasis|app_stasis|res_websocket_client)/

export async function startProvider(options: ProviderOptions): Promise<Provider> {
  const { installation, folder, trunkPorts } = options
  const { root } = installation
  const reserved = await reservePorts()
  const ports = { ...reserved, sip: trunkPorts[0] ?? reserved.sip }
  const secrets = generateSecrets(
    checkSite({
      site: 'provider',
      systemName: 'provider',
      extensions: [{ number: '1', endpoint: 'none', name: 'None' }],
    }),
  )
  const files = new Map([
    ...EMPTY_FILES.map((name): [string, string] => [name, '']),
    ['asterisk.conf', renderAsterisk({ root, folder, systemName: 'provider', identity: 'provider' })],
    ['logger.conf', renderLogger()],
    ['indications.conf', renderIndications()],
    ['modules.conf', renderModules([...MODULES.filter((name) => !NOT_NEEDED.test(name)), 'res_clioriginate'])],
    ['rtp.conf', renderRtp(ports)],
    ['http.conf', '[general]\nenabled = no\n'],
    ['cdr.conf', '[general]\nenable = no\n'],
    ['manager.conf', '[general]\nenabled = no\n'],
    ['pjsip.conf', renderPjsip(options)],
    ['extensions.conf', renderDialPlan(trunkPorts[0] ?? 0)],
  ])
  const instance = new AsteriskInstance({ root, folder, address: '127.0.0.1', ports, secrets, files })
  await instance.start()
  return {
    call: async (number) => {
      const answer = await instance.cli(`channel originate PJSIP/${number}@pbx extension speaks@provider`)
      if (/No such command/.test(answer)) throw new Error(answer)
    },
    hangup: async () => {
      await instance.cli('channel request hangup all')
    },
    legs: () => legsOf(instance),
    async [Symbol.asyncDispose]() {
      await instance[Symbol.asyncDispose]()
      await releasePorts(reserved)
    },
  }
}

function renderPjsip({ trunkPorts, pbxPort, from }: ProviderOptions): string {
  const transports = trunkPorts.map(
    (port, n) => `[udp${n}]\ntype = transport\nprotocol = udp\nbind = 127.0.0.1:${port}\n`,
  )
  return `${transports.join('\n')}
[pbx]
type = endpoint
context = provider
transport = udp0
disallow = all
allow = alaw,ulaw
direct_media = no
media_address = 127.0.0.1
bind_rtp_to_media_address = yes
from_user = ${from}
aors = pbx

[pbx]
type = aor
contact = sip:127.0.0.1:${pbxPort}

[pbx]
type = identify
endpoint = pbx
match = 127.0.0.1
`
}

function renderDialPlan(firstPort: number): string {
  return `[provider]
exten => ${fullNumber},1,GotoIf($["\${CHANNEL(pjsip,local_addr)}" = "127.0.0.1:${firstPort}"]?full)
  same => n,Answer(1)
  same => n,Echo()
  same => n(full),PJSIPHangup(503)
exten => _X.,1,Answer(1)
  same => n,Echo()
exten => speaks,1,Milliwatt()
`
}
