import type { AsteriskPorts } from '../asterisk/render/layout.ts'
import { renderPbx } from '../asterisk/render.ts'
import { generateSecrets, type Secrets } from '../asterisk/secrets.ts'
import { parseSite } from '../asterisk/site.ts'
import { addresses, sipPort } from './addresses.ts'
import type { NatOptions, Situation } from './situation.ts'

export const pbxPorts: AsteriskPorts = { sip: sipPort, http: 8088, ami: 5038, rtpFirst: 10_000, rtpLast: 10_099 }
export const accounts = { a: 'phone-a', b: 'phone-b' } as const
export const numbers = { a: '60', b: '61' } as const

/** Renders the PBX of a situation as `switchhook pbx render` does, with single options of phone A where it names them. */
export function renderSituation(
  situation: Situation,
  { root, folder }: { root: string; folder: string },
): { files: Map<string, string>; secrets: Secrets } {
  const { nat, qualifySeconds } = situation
  const profile = typeof nat === 'string' ? nat : 'public'
  const site = parseSite(`
site: lab
systemName: pbx1
ringSeconds: 12
qualifySeconds: ${qualifySeconds}
nat: auto
sip: { address: ${addresses.pbx} }
extensions:
  - { number: '${numbers.a}', endpoint: ${accounts.a}, name: Phone A, nat: ${profile} }
  - { number: '${numbers.b}', endpoint: ${accounts.b}, name: Phone B }
`)
  const secrets = generateSecrets(site)
  const files = renderPbx(site, { root, folder, ports: pbxPorts, secrets, address: addresses.pbx })
  if (typeof nat !== 'string') files.set('pjsip.conf', withOptions(files.get('pjsip.conf') ?? '', nat))
  return { files, secrets }
}

/** Replaces the options of the template `phone-public`, which only phone A uses. */
export function withOptions(pjsip: string, options: NatOptions): string {
  const yes = (is: boolean) => (is ? 'yes' : 'no')
  const template = /^\[phone-public\]\(!\)\n(?:\w+ = \w+\n)+/m
  if (!template.test(pjsip)) throw new TypeError('pjsip.conf has no template phone-public')
  return pjsip.replace(
    template,
    `[phone-public](!)
force_rport = ${yes(options.forceRport)}
rewrite_contact = ${yes(options.rewriteContact)}
rtp_symmetric = ${yes(options.rtpSymmetric)}
`,
  )
}
