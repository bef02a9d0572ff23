import { isEverywhere, isPublic } from './addresses.ts'
import { isNo, isYes, last, type Section, sectionOf, wordOf } from './conf.ts'
import { type Finding, finding, type Pbx, pjsipNamed, type Rule } from './model.ts'

const names = (value: string | undefined) =>
  (value ?? '')
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')

/** Who may send SIP requests. */
export const pjsipRules: Rule = (pbx) => [
  ...pbx.pjsip('endpoint').flatMap((endpoint) => endpointFindings(pbx, endpoint)),
  ...pbx.pjsip('identify').flatMap((identify) => [
    ...identify.settings
      .filter(({ name, value }) => name === 'match' && names(value).some(isEverywhere))
      .map((setting) => {
        const reason = `requests from every address count as ${wordOf(identify, 'endpoint') ?? identify.name}, without a password`
        return finding('identify-any', 'failed', setting, reason, "match = the provider's addresses")
      }),
    ...missing(pbx, identify, 'endpoint', 'endpoint'),
  ]),
  ...pbx
    .pjsip('registration')
    .flatMap((one) => [...missing(pbx, one, 'outbound_auth', 'auth'), ...missing(pbx, one, 'transport', 'transport')]),
  ...transportFindings(pbx),
]

function endpointFindings(pbx: Pbx, endpoint: Section): Finding[] {
  const found: Finding[] = [
    ...missing(pbx, endpoint, 'auth', 'auth'),
    ...missing(pbx, endpoint, 'outbound_auth', 'auth'),
    ...missing(pbx, endpoint, 'aors', 'aor'),
    ...missing(pbx, endpoint, 'transport', 'transport'),
  ]
  const aors = names(last(endpoint, 'aors')?.value).flatMap((name) => pjsipNamed(pbx, 'aor', name) ?? [])
  const registers = aors.some((aor) => !last(aor, 'contact') && Number(wordOf(aor, 'max_contacts') ?? 0) > 0)
  if (registers && !last(endpoint, 'auth')) {
    const reason = `everyone may register as ${endpoint.name} and call: the endpoint has no auth`
    const how = `[${endpoint.name}]\nauth = ${endpoint.name}\n\n[${endpoint.name}]\ntype = auth\nauth_type = userpass\nusername = ${endpoint.name}\npassword = (random)`
    found.push(finding('endpoint-no-auth', 'failed', endpoint, reason, how))
  }
  const transport = pjsipNamed(pbx, 'transport', wordOf(endpoint, 'transport') ?? '')
  const encryption = last(endpoint, 'media_encryption')
  if (
    wordOf(transport, 'protocol') === 'tls' &&
    !isYes(wordOf(endpoint, 'webrtc')) &&
    (encryption?.value ?? 'no') === 'no'
  ) {
    const reason = `signalling of ${endpoint.name} is encrypted, but its audio is not`
    found.push(
      finding('srtp-off', 'warning', encryption ?? endpoint, reason, `[${endpoint.name}]\nmedia_encryption = sdes`),
    )
  }
  return found
}

/** Names that a section refers to and that pjsip.conf does not have. */
function missing(pbx: Pbx, section: Section, setting: string, type: string): Finding[] {
  const place = last(section, setting)
  return names(place?.value).flatMap((name): Finding[] => {
    if (!place || pjsipNamed(pbx, type, name)) return []
    const reason = `${section.name} names ${name} in ${setting}, but no section [${name}] has type = ${type}`
    return [
      finding('reference-missing', 'failed', place, reason, `Correct the name, or add:\n[${name}]\ntype = ${type}`),
    ]
  })
}

function transportFindings(pbx: Pbx): Finding[] {
  const transports = pbx.pjsip('transport')
  const found: Finding[] = []
  const isEncrypted = transports.some((one) => /^(tls|wss?)$/.test(wordOf(one, 'protocol') ?? ''))
  const exposed = transports.find(
    (one) => isPublic(wordOf(one, 'bind')) || isPublic(wordOf(one, 'external_signaling_address')),
  )
  if (exposed && !isEncrypted) {
    const place = isPublic(wordOf(exposed, 'bind'))
      ? last(exposed, 'bind')
      : last(exposed, 'external_signaling_address')
    const reason = 'phones reach this PBX through the internet, and no transport encrypts (TLS)'
    const how = '[tls]\ntype = transport\nprotocol = tls\nbind = 0.0.0.0:5061\ncert_file = FILE\npriv_key_file = FILE'
    found.push(finding('tls-off', 'warning', place ?? exposed, reason, how))
  }
  for (const transport of transports.filter((one) => wordOf(one, 'protocol') === 'tls')) {
    const method = last(transport, 'method')
    if (method && /^(sslv2|sslv3|sslv23|tlsv1|tlsv1_1)$/i.test(method.value.trim()))
      found.push(finding('tls-old', 'warning', method, `${method.value} is broken`, 'method = tlsv1_2'))
    if (!last(transport, 'cert_file'))
      found.push(
        finding(
          'tls-certificate',
          'failed',
          transport,
          `the transport ${transport.name} has no certificate`,
          'cert_file = FILE\npriv_key_file = FILE',
        ),
      )
  }
  return found
}

/** The old channel drivers, chan_sip and chan_iax2. */
export const oldDriverRules: Rule = (pbx) => [...sipFindings(pbx), ...iaxFindings(pbx)]

function sipFindings(pbx: Pbx): Finding[] {
  const conf = pbx.conf('sip.conf')
  const general = sectionOf(conf, 'general')
  if (!conf) return []
  const found: Finding[] = []
  const reject = last(general, 'alwaysauthreject')
  if (reject && isNo(reject.value)) {
    const reason = 'Asterisk tells a guesser which account names exist (alwaysauthreject = no)'
    found.push(finding('sip-names', 'warning', reject, reason, 'alwaysauthreject = yes'))
  }
  const address = last(general, 'externaddr', 'externip', 'externhost', 'udpbindaddr', 'bindaddr')
  if (address && isPublic(address.value) && !isYes(wordOf(general, 'tlsenable'))) {
    const reason = 'phones reach this PBX through the internet, and TLS is off'
    found.push(finding('tls-off', 'warning', address, reason, 'tlsenable = yes\ntlscertfile = FILE'))
  }
  for (const peer of conf.sections) {
    if (peer.isTemplate || wordOf(peer, 'host') !== 'dynamic') continue
    const insecure = last(peer, 'insecure')
    if (insecure && /invite|very|yes/i.test(insecure.value)) {
      const reason = `calls of ${peer.name} need no password (insecure = ${insecure.value}), and it may be anywhere`
      found.push(finding('sip-insecure', 'failed', insecure, reason, 'Delete the line insecure'))
    } else if (!last(peer, 'secret', 'md5secret', 'remotesecret')) {
      const reason = `everyone may register as ${peer.name} and call: it has no secret`
      found.push(finding('endpoint-no-auth', 'failed', peer, reason, `[${peer.name}]\nsecret = (random)`))
    }
  }
  return found
}

function iaxFindings(pbx: Pbx): Finding[] {
  const conf = pbx.conf('iax.conf')
  const optional = last(sectionOf(conf, 'general'), 'calltokenoptional')
  if (!optional?.value.split(',').some(isEverywhere)) return []
  const reason = 'every address may call without a call token: the PBX can be used to flood others'
  return [finding('sip-insecure', 'warning', optional, reason, 'Delete the line calltokenoptional')]
}

/** The contexts in which calls of strangers begin: of guests, and of trunks that are known by their address only. */
export function strangersContexts(pbx: Pbx): { context: string; who: string; section: Section; isGuest: boolean }[] {
  const anonymous = pbx
    .pjsip('endpoint')
    .filter(({ name }) => /^anonymous(@|$)/i.test(name))
    .map((section) => ({ section, who: 'anyone in the internet (the endpoint anonymous)', isGuest: true }))
  const identified = new Set(pbx.pjsip('identify').flatMap((one) => last(one, 'endpoint')?.value.trim() ?? []))
  const trunks = pbx
    .pjsip('endpoint')
    .filter((one) => (identified.has(one.name) || last(one, 'outbound_auth')) && !last(one, 'auth'))
    .map((section) => ({ section, who: `callers of the trunk ${section.name}`, isGuest: false }))
  const sip = pbx.conf('sip.conf')
  const general = sectionOf(sip, 'general')
  const allowsGuests = sip !== undefined && !isNo(wordOf(general, 'allowguest'))
  const guests =
    general && allowsGuests ? [{ section: general, who: 'anyone in the internet (allowguest)', isGuest: true }] : []
  const peers = (sip?.sections ?? [])
    .filter((one) => !one.isTemplate && last(one, 'host') && wordOf(one, 'host') !== 'dynamic' && last(one, 'context'))
    .map((section) => ({ section, who: `callers of the trunk ${section.name}`, isGuest: false }))
  const iax = (pbx.conf('iax.conf')?.sections ?? [])
    .filter((one) => wordOf(one, 'type') === 'user' && !last(one, 'secret', 'auth', 'permit'))
    .map((section) => ({ section, who: `anyone in the internet (the user ${section.name})`, isGuest: true }))
  return [...anonymous, ...trunks, ...guests, ...peers, ...iax].map((one) => ({
    ...one,
    context: last(one.section, 'context')?.value.trim() ?? 'default',
  }))
}
