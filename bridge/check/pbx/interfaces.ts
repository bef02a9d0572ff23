import { isEverywhere, isExposed, isLocal } from './addresses.ts'
import { isYes, last, type Place, type Section, sectionOf, wordOf } from './conf.ts'
import { type Finding, finding, type Pbx, type Rule } from './model.ts'
import { isOn } from './secrets.ts'

/** Rights with which a user of the Manager Interface can run programs or change the PBX. */
const strongRights = ['all', 'system', 'command', 'config', 'originate', 'dialplan']

/** Where a setting is missing, its section is the place. */
const placeOf = (section: Section | undefined, ...names: string[]): Place =>
  last(section, ...names) ?? section ?? { file: '', line: 1 }

/** The Manager Interface (AMI). */
export const managerRules: Rule = (pbx) => {
  const conf = pbx.conf('manager.conf')
  const general = sectionOf(conf, 'general')
  if (!conf || !isOn(conf, 'enabled', false)) return []
  const isOpen = isExposed(wordOf(general, 'bindaddr'))
  const users = conf.sections.filter(({ name, isTemplate }) => !isTemplate && name.toLowerCase() !== 'general')
  const unguarded = users.filter((user) => !isGuarded(user))
  const found: Finding[] = []
  if (isOpen) {
    const how = 'In manager.conf, below [general]:\nbindaddr = 127.0.0.1\nThen: asterisk -rx "manager reload"'
    const state = unguarded.length > 0 ? 'failed' : 'warning'
    const reason =
      'the Manager Interface listens on all interfaces: it controls the whole PBX, and sends passwords in clear text'
    found.push(finding('ami-exposed', state, placeOf(general, 'bindaddr'), reason, how))
  }
  if (isOn(conf, 'webenabled', false) && isHttpOn(pbx)) {
    const reason = 'the Manager Interface answers over HTTP, with user and password in the address'
    found.push(
      finding('ami-web', 'warning', placeOf(general, 'webenabled'), reason, 'In manager.conf:\nwebenabled = no'),
    )
  }
  return [...found, ...users.flatMap((user) => userFindings(user, isOpen))]
}

function userFindings(user: Section, isOpen: boolean): Finding[] {
  const found = user.settings
    .filter(({ name, value }) => name === 'permit' && isEverywhere(value))
    .map((setting) => {
      const how = `In manager.conf, below [${user.name}]:\ndeny = 0.0.0.0/0.0.0.0\npermit = 127.0.0.1/255.255.255.255`
      return finding(
        'ami-permit-all',
        'failed',
        setting,
        `the AMI user ${user.name} may log in from every address`,
        how,
      )
    })
  if (!isOpen || isGuarded(user)) return found
  if (found.length === 0) {
    const how = `In manager.conf, below [${user.name}]:\ndeny = 0.0.0.0/0.0.0.0\npermit = 127.0.0.1/255.255.255.255`
    found.push(finding('ami-no-acl', 'failed', user, `nothing limits the addresses of the AMI user ${user.name}`, how))
  }
  const rights = (wordOf(user, 'write') ?? '').split(',').map((right) => right.trim())
  const strong = rights.filter((right) => strongRights.includes(right))
  if (strong.length > 0) {
    const reason = `the AMI user ${user.name} may ${strong.join(', ')} from other machines: this runs programs and places calls`
    found.push(
      finding('ami-rights', 'failed', placeOf(user, 'write'), reason, 'Give only the rights that the program needs'),
    )
  }
  return found
}

/** An access list that denies all and permits local networks, or a named one. */
function isGuarded(user: Section): boolean {
  if (last(user, 'acl')) return true
  const rules = user.settings.filter(({ name }) => name === 'permit' || name === 'deny')
  const deniesAll = rules.some(({ name, value }) => name === 'deny' && isEverywhere(value))
  const permits = rules.filter(({ name }) => name === 'permit').flatMap(({ value }) => value.split(','))
  return (
    deniesAll &&
    permits.every((network) => !isEverywhere(network)) &&
    permits.every((network) => isLocal(network) || /\/(2[4-9]|3[0-2]|255\.255\.255\.\d+)$/.test(network.trim()))
  )
}

function isHttpOn(pbx: Pbx): boolean {
  const conf = pbx.conf('http.conf')
  return isOn(conf, 'enabled', false) || isOn(conf, 'tlsenable', false)
}

/** The HTTP server and ARI. */
export const httpRules: Rule = (pbx) => {
  const http = pbx.conf('http.conf')
  const ari = pbx.conf('ari.conf')
  const general = sectionOf(http, 'general')
  const ariGeneral = sectionOf(ari, 'general')
  // ARI is on unless ari.conf says otherwise.
  const isAriOn = ari !== undefined && isOn(ari, 'enabled', true)
  const found: Finding[] = []
  const how =
    'In http.conf, below [general]:\nbindaddr = 127.0.0.1\nand a proxy in front for what others need, such as /ws'
  if (isOn(http, 'enabled', false) && isExposed(wordOf(general, 'bindaddr'))) {
    const what = isAriOn ? 'ARI, which controls the whole PBX, ' : 'The HTTP server '
    const reason = `${what}listens on all interfaces without encryption`
    found.push(
      finding(
        isAriOn ? 'ari-exposed' : 'http-exposed',
        isAriOn ? 'failed' : 'warning',
        placeOf(general, 'bindaddr'),
        reason,
        how,
      ),
    )
  }
  if (isOn(http, 'tlsenable', false)) {
    const address = last(general, 'tlsbindaddr')
    if (isAriOn && isExposed(address?.value)) {
      const reason = 'ARI listens on all interfaces, over TLS: its passwords can be guessed from everywhere'
      found.push(finding('ari-exposed', 'warning', placeOf(general, 'tlsbindaddr', 'tlsenable'), reason, how))
    }
    if (!last(general, 'tlscertfile'))
      found.push(
        finding(
          'tls-certificate',
          'failed',
          placeOf(general, 'tlsenable'),
          'TLS of the HTTP server has no certificate',
          'In http.conf:\ntlscertfile = /etc/asterisk/keys/FILE.pem',
        ),
      )
  }
  const isStatic = isYes(wordOf(general, 'enable_static', 'enablestatic'))
  if (isOn(http, 'enabled', false) && isStatic && isExposed(wordOf(general, 'bindaddr'))) {
    const reason = 'the HTTP server also gives out the files of static-http to everyone'
    found.push(
      finding(
        'http-static',
        'warning',
        placeOf(general, 'enable_static', 'enablestatic'),
        reason,
        'In http.conf:\nenable_static = no',
      ),
    )
  }
  const origins = last(ariGeneral, 'allowed_origins')
  if (isAriOn && origins?.value.split(',').some((origin) => origin.trim() === '*')) {
    const reason = 'every web page in a browser that knows the password may use ARI (allowed_origins = *)'
    found.push(finding('ari-origins', 'failed', origins, reason, 'Delete the line, or name the one page: https://HOST'))
  }
  return found
}

/** Settings that decide what an intruder can do. */
export const coreRules: Rule = (pbx) => {
  const options = sectionOf(pbx.conf('asterisk.conf'), 'options')
  const live = last(options, 'live_dangerously')
  const rtp = sectionOf(pbx.conf('rtp.conf'), 'general')
  const strict = last(rtp, 'strictrtp')
  const [first, end] = [last(rtp, 'rtpstart'), last(rtp, 'rtpend')]
  const found: Finding[] = []
  if (live && isYes(live.value))
    found.push(
      finding(
        'live-dangerously',
        'failed',
        live,
        'ARI and AMI may use functions that run programs and read files (live_dangerously)',
        'In asterisk.conf:\nlive_dangerously = no',
      ),
    )
  if (strict && /^(no|false|n|f|0|off)$/i.test(strict.value))
    found.push(
      finding(
        'rtp-strict',
        'warning',
        strict,
        'anyone who finds the port can put sound into a call (strictrtp = no)',
        'In rtp.conf:\nstrictrtp = yes',
      ),
    )
  if (first && end && Number(first.value) >= Number(end.value))
    found.push(
      finding(
        'rtp-range',
        'failed',
        end,
        'the range of ports for audio is empty',
        'In rtp.conf:\nrtpstart = 10000\nrtpend = 20000',
      ),
    )
  for (const acl of pbx.conf('acl.conf')?.sections ?? [])
    for (const setting of acl.settings)
      if (setting.name === 'permit' && isEverywhere(setting.value))
        found.push(
          finding(
            'acl-open',
            'failed',
            setting,
            `the access list ${acl.name} permits every address`,
            'Permit your own networks only',
          ),
        )
  return found
}
