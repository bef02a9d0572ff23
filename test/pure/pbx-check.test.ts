import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { checkPbx } from '../../bridge/check/pbx/check-pbx.ts'
import { pbxCheckIds } from '../../bridge/operate/checks.ts'
import { runCommandLine } from '../../cli/main.ts'
import { readConfiguration } from '../../cli/pbx/read-folder.ts'
import { asSarif } from '../../cli/pbx/report.ts'
import { renderPbx } from '../../infra/asterisk/render.ts'
import { usualPorts } from '../../infra/asterisk/render-folder.ts'
import { generateSecrets } from '../../infra/asterisk/secrets.ts'
import { parseSite } from '../../infra/asterisk/site.ts'

const example = parseSite(await readFile('examples/site.yaml', 'utf8'))
const demo = parseSite(await readFile('infra/asterisk/site.yaml', 'utf8'))
const render = (site: typeof example, version = 22) =>
  renderPbx(site, { installed: true, ports: usualPorts, secrets: generateSecrets(site), address: '0.0.0.0', version })
const good = render(example)
const { files: freepbx } = await readConfiguration('test/cases/freepbx-shape')
const { files: report } = await readConfiguration('test/cases/report-pbx')

/** A PBX with the old channel driver, in the style of handbooks, without a mistake. */
const old = new Map([
  ['modules.conf', '[modules]\nautoload=yes\n'],
  ['cdr.conf', '[general]\nenable=yes\n[csv]\nloguniqueid=yes\n'],
  ['rtp.conf', '[general]\nrtpstart=10000\nrtpend=20000\n'],
  [
    'sip.conf',
    `[general]
context=unknown
allowguest=no
alwaysauthreject=yes
udpbindaddr=192.168.1.2

[phone](!)
type=friend
host=dynamic
context=phones

[101](phone)
secret=Qk9vTnJ6c1hlYg
[102](phone)
secret=ZmFsc2UgbWVyY2h

[provider]
type=peer
host=203.0.113.7
context=from-provider
`,
  ],
  [
    'extensions.conf',
    `[unknown]
exten => _X.,1,Hangup()

[phones]
include => outside
exten => 101,1,Dial(SIP/101,20)
 same => n,VoiceMail(101@default,u)
exten => 102,1,Dial(SIP/102,20)

[outside]
exten => _0[1-7]XXXXXXXX,1,Dial(SIP/provider/\${EXTEN})

[from-provider]
exten => 0479000060,1,Dial(SIP/101,20)
`,
  ],
  ['voicemail.conf', '[default]\n101 => 8402,Desk\n'],
])

type Base = ReadonlyMap<string, string>
const sets: Record<string, Base> = { good, freepbx, old }

test.each([
  ['the example, rendered', () => good],
  ['the example, for Asterisk 16', () => render(example, 16)],
  ['the PBX of npm start', () => render(demo)],
  ['a set of files as FreePBX writes them', () => freepbx],
  ['a set with the old channel driver', () => old],
])('finds nothing in %s', (_, files) => {
  expect(checkPbx(files(), true)).toEqual([])
})

test("finds what is dangerous in the report's configuration, at its lines", () => {
  const found = checkPbx(report, true).map(({ id, file, line }) => `${id} ${file}:${line}`)
  expect(found).toEqual([
    'ami-exposed manager.conf:5',
    'ami-permit-all manager.conf:13',
    'ami-rights manager.conf:15',
    'ari-exposed http.conf:3',
    'ari-origins ari.conf:4',
    'page-password app.js:3',
    'page-password list.js:6',
    'secret-weak ari.conf:9',
    'secret-weak cdr_mysql.conf:5',
    'secret-weak manager.conf:12',
    'goto-missing extensions.conf:19',
    'ami-web manager.conf:6',
  ])
})

/**
 * A mistake: in which set and file, what is replaced (or `$` for the end) by what, and the check that must find it. `%{` stands for
 * the beginning of a variable.
 */
type Mistake = readonly [what: string, set: string, file: string, from: string | RegExp, to: string, id: string]
const mistakes: readonly Mistake[] = [
  ['AMI on all interfaces', 'good', 'manager.conf', 'bindaddr = 127.0.0.1', 'bindaddr = 0.0.0.0', 'ami-exposed'],
  ['AMI on all interfaces of IPv6', 'freepbx', 'manager.conf', 'bindaddr = 127.0.0.1', 'bindaddr = ::', 'ami-exposed'],
  ['AMI on a public address', 'good', 'manager.conf', 'bindaddr = 127.0.0.1', 'bindaddr = 203.0.113.5', 'ami-exposed'],
  [
    'an AMI user from everywhere',
    'good',
    'manager.conf',
    'permit = 127.0.0.1/255.255.255.255',
    'permit = 0.0.0.0/0.0.0.0',
    'ami-permit-all',
  ],
  [
    'an AMI user from everywhere, short',
    'freepbx',
    'manager_custom.conf',
    'permit = 127.0.0.1/255.255.255.255',
    'permit=0.0.0.0/0',
    'ami-permit-all',
  ],
  [
    'an AMI user from everywhere by IPv6',
    'good',
    'manager.conf',
    'permit = 127.0.0.1/255.255.255.255',
    'permit = ::/0',
    'ami-permit-all',
  ],
  [
    'an AMI user without a list of addresses',
    'good',
    'manager.conf',
    /bindaddr = 127.0.0.1([\s\S]*)deny = .*\npermit = .*\n/,
    'bindaddr = 0.0.0.0$1',
    'ami-no-acl',
  ],
  [
    'an AMI user who may run programs from outside',
    'good',
    'manager.conf',
    /bindaddr = 127.0.0.1([\s\S]*)deny = .*\npermit = .*\n([\s\S]*)write = reporting/,
    'bindaddr = 0.0.0.0$1$2write = system,originate',
    'ami-rights',
  ],
  ['AMI over HTTP', 'good', 'manager.conf', 'webenabled = no', 'webenabled = yes', 'ami-web'],
  ['the password of the handbook for AMI', 'good', 'manager.conf', /secret = .*/, 'secret = amp111', 'secret-weak'],
  ['no password for AMI', 'good', 'manager.conf', /secret = .*/, '', 'secret-weak'],
  ['ARI on all interfaces', 'good', 'http.conf', 'bindaddr = 127.0.0.1', 'bindaddr = 0.0.0.0', 'ari-exposed'],
  ['ARI without an address to listen on', 'good', 'http.conf', 'bindaddr = 127.0.0.1\n', '', 'ari-exposed'],
  [
    'ARI over TLS on all interfaces',
    'good',
    'http.conf',
    '$',
    'tlsenable = yes\ntlsbindaddr = 0.0.0.0:8089\ntlscertfile = x',
    'ari-exposed',
  ],
  [
    'TLS of HTTP without a certificate',
    'good',
    'http.conf',
    '$',
    'tlsenable = yes\ntlsbindaddr = 127.0.0.1:8089',
    'tls-certificate',
  ],
  [
    'ARI on, on a FreePBX that listens everywhere',
    'freepbx',
    'http_additional.conf',
    'enabled=no',
    'enabled=yes',
    'http-exposed',
  ],
  ['ARI for every web page', 'good', 'ari.conf', 'enabled = yes', 'enabled = yes\nallowed_origins = *', 'ari-origins'],
  [
    'ARI for every web page, among others',
    'good',
    'ari.conf',
    'enabled = yes',
    'enabled = yes\nallowed_origins = https://a.example, *',
    'ari-origins',
  ],
  ['a short password for ARI', 'good', 'ari.conf', /password = .*/, 'password = tk7Q', 'secret-weak'],
  ['the name as password for ARI', 'good', 'ari.conf', /password = .*/, 'password = bridge1', 'secret-weak'],
  [
    'a password in a page',
    'good',
    'static/list.html',
    '$',
    '<script>const x = btoa("reader:geheim")</script>',
    'page-password',
  ],
  [
    'a password in an address',
    'good',
    'app.js',
    '$',
    "new WebSocket('ws://pbx:8088/ari/events?api_key=bridge:abc&app=x')",
    'page-password',
  ],
  ['a password in front of a host', 'good', 'page.php', '$', "$x = 'http://bridge:abc@pbx:8088/ari';", 'page-password'],
  ['the number as password of a phone', 'good', 'pjsip.conf', /password = .*/, 'password = 5860', 'secret-weak'],
  ['the number and a little more', 'good', 'pjsip.conf', /password = .*/, 'password = 5860abc', 'secret-weak'],
  [
    'a password of digits',
    'freepbx',
    'pjsip.auth.conf',
    'password=b1946ac92492d2347c62',
    'password=4711471147',
    'secret-weak',
  ],
  [
    'one password for two phones',
    'freepbx',
    'pjsip.auth.conf',
    'password=b1946ac92492d2347c62',
    'password=3e7d21fd0c8b4d3f9a1e',
    'secret-shared',
  ],
  ['a password of sip.conf from a list', 'old', 'sip.conf', 'secret=ZmFsc2UgbWVyY2h', 'secret=Welcome1', 'secret-weak'],
  ['a phone without auth', 'good', 'pjsip.conf', /^auth = 5860\n/m, '', 'endpoint-no-auth'],
  ['a phone without a secret', 'old', 'sip.conf', 'secret=ZmFsc2UgbWVyY2h\n', '\n', 'endpoint-no-auth'],
  [
    'a phone that needs no password to call',
    'old',
    'sip.conf',
    'secret=ZmFsc2UgbWVyY2h',
    'secret=ZmFsc2UgbWVyY2h\ninsecure=port,invite',
    'sip-insecure',
  ],
  ['account names that can be guessed', 'old', 'sip.conf', 'alwaysauthreject=yes', 'alwaysauthreject=no', 'sip-names'],
  ['a trunk for every address', 'good', 'pjsip.conf', /^match = .*/m, 'match = 0.0.0.0/0', 'identify-any'],
  ['a PIN that is the mailbox', 'good', 'voicemail.conf', /^6000 => \d+/m, '6000 => 6000', 'voicemail-pin'],
  ['the PIN 1234', 'freepbx', 'voicemail.conf', '82931', '1234', 'voicemail-pin'],
  ['a PIN of one digit four times', 'old', 'voicemail.conf', '8402', '0000', 'voicemail-pin'],
  [
    'dangerous functions from outside',
    'good',
    'asterisk.conf',
    'live_dangerously = no',
    'live_dangerously = yes',
    'live-dangerously',
  ],
  ['audio from everyone', 'good', 'rtp.conf', '[general]', '[general]\nstrictrtp = no', 'rtp-strict'],
  ['no ports for audio', 'old', 'rtp.conf', 'rtpend=20000', 'rtpend=9999', 'rtp-range'],
  ['an access list that permits all', 'good', 'acl.conf', /^permit = .*/m, 'permit = 0.0.0.0/0', 'acl-open'],
  [
    'guests who ring phones',
    'old',
    'sip.conf',
    'context=unknown\nallowguest=no',
    'context=from-provider\nallowguest=yes',
    'guest-access',
  ],
  ['guests by default', 'old', 'sip.conf', 'context=unknown\nallowguest=no', 'context=from-provider', 'guest-access'],
  [
    'guests who dial out',
    'old',
    'sip.conf',
    'context=unknown\nallowguest=no',
    'context=phones\nallowguest=yes',
    'dial-from-outside',
  ],
  [
    'an anonymous endpoint that dials out',
    'good',
    'pjsip.conf',
    '$',
    '[anonymous]\ntype = endpoint\ncontext = internes',
    'dial-from-outside',
  ],
  ['a trunk that dials out', 'good', 'pjsip.conf', 'context = entrants', 'context = internes', 'dial-from-outside'],
  [
    'numbers of the provider that include outside calls',
    'good',
    'extensions.conf',
    '[entrants]',
    '[entrants]\ninclude => sortants',
    'dial-from-outside',
  ],
  [
    'a FreePBX trunk among the phones',
    'freepbx',
    'pjsip.endpoint.conf',
    'context=from-pstn',
    'context=from-internal',
    'dial-from-outside',
  ],
  ['premium numbers by an open pattern', 'old', 'extensions.conf', '_0[1-7]XXXXXXXX', '_0.', 'dial-premium'],
  [
    'premium numbers by a pattern of ten digits',
    'old',
    'extensions.conf',
    '_0[1-7]XXXXXXXX',
    '_0ZXXXXXXXX',
    'dial-premium',
  ],
  ['satellites behind 00', 'old', 'extensions.conf', '_0[1-7]XXXXXXXX', '_00.', 'dial-premium'],
  ['every number behind 9', 'freepbx', 'extensions_additional.conf', /_00\[1-7\]XXXXXXXX/g, '_9.', 'dial-premium'],
  [
    'a rendered route without its guard',
    'good',
    'extensions.conf',
    /exten => _00032X\.,1,[\s\S]*?\(dehors\),/,
    'exten => _0.,1,',
    'dial-premium',
  ],
  ['a number that is dialled as it came', 'old', 'extensions.conf', '_0[1-7]XXXXXXXX', '_01.', 'dial-unfiltered'],
  [
    'outside calls without a code',
    'good',
    'extensions.conf',
    '[entrants]',
    '[entrants]\nexten => 0479999999,1,DISA(no-password,internes)',
    'disa-open',
  ],
  [
    'a caller ID on a command line',
    'good',
    'extensions.conf',
    '[entrants]',
    '[entrants]\nexten => 1,1,System(echo %{CALLERID(name)} >> /tmp/log)',
    'shell-input',
  ],
  [
    'a dialled number on a command line',
    'good',
    'extensions.conf',
    '[entrants]',
    '[entrants]\nexten => _X.,1,Set(X=%{SHELL(lookup %{EXTEN})})',
    'shell-input',
  ],
  [
    'no transport with TLS in the internet',
    'freepbx',
    'pjsip.transports.conf',
    'bind=0.0.0.0:5060',
    'bind=203.0.113.9:5060',
    'tls-off',
  ],
  [
    'no TLS behind a public address',
    'freepbx',
    'pjsip.transports.conf',
    'allow_reload=no',
    'external_signaling_address=203.0.113.9',
    'tls-off',
  ],
  [
    'no TLS of sip.conf in the internet',
    'old',
    'sip.conf',
    'udpbindaddr=192.168.1.2',
    'externip=203.0.113.9',
    'tls-off',
  ],
  [
    'TLS of the last century',
    'good',
    'pjsip.conf',
    '$',
    '[tls]\ntype = transport\nprotocol = tls\nmethod = sslv3\ncert_file = x',
    'tls-old',
  ],
  [
    'TLS without a certificate',
    'good',
    'pjsip.conf',
    '$',
    '[tls]\ntype = transport\nprotocol = tls\nmethod = tlsv1_2',
    'tls-certificate',
  ],
  [
    'TLS with audio in clear',
    'good',
    'pjsip.conf',
    '$',
    '[tls]\ntype = transport\nprotocol = tls\ncert_file = x\n[door]\ntype = endpoint\ntransport = tls\ncontext = internes',
    'srtp-off',
  ],
  ['an auth that is not there', 'good', 'pjsip.conf', 'auth = 5861', 'auth = 5868', 'reference-missing'],
  [
    'an address of record that is not there',
    'freepbx',
    'pjsip.endpoint.conf',
    'aors=102',
    'aors=103',
    'reference-missing',
  ],
  ['an identify for nobody', 'good', 'pjsip.conf', 'endpoint = mytrunk', 'endpoint = mytrunck', 'reference-missing'],
  [
    'phones in a context that is not there',
    'good',
    'pjsip.conf',
    'context = internes',
    'context = internals',
    'context-missing',
  ],
  [
    'an include that is not there',
    'good',
    'extensions.conf',
    'include => sortants',
    'include => sortant',
    'context-missing',
  ],
  [
    'a context that no call reaches',
    'good',
    'extensions.conf',
    '$',
    '[forgotten]\nexten => 1,1,Answer()',
    'context-unreachable',
  ],
  [
    'contexts that include each other',
    'good',
    'extensions.conf',
    '[sortants]',
    '[sortants]\ninclude => internes',
    'context-loop',
  ],
  [
    'a jump in a circle',
    'good',
    'extensions.conf',
    '[entrants]',
    '[entrants]\nexten => 1,1,NoOp()\n same => n,Goto(2,1)\nexten => 2,1,Goto(1,1)',
    'dialplan-loop',
  ],
  [
    'a number that dials itself',
    'good',
    'extensions.conf',
    '[entrants]',
    '[entrants]\nexten => 1,1,Dial(Local/1@entrants)',
    'dialplan-loop',
  ],
  ['a jump to a label that is not there', 'good', 'extensions.conf', /\?busy\)/, '?bsuy)', 'goto-missing'],
  [
    'a jump to a number that is not there',
    'good',
    'extensions.conf',
    'Goto(internes,80,1)',
    'Goto(internes,82,1)',
    'goto-missing',
  ],
  [
    'a priority twice',
    'old',
    'extensions.conf',
    'exten => 102,1,Dial(SIP/102,20)',
    'exten => 102,1,Dial(SIP/102,20)\nexten => 102,1,Hangup()',
    'exten-repeated',
  ],
  [
    'forwards without counting',
    'good',
    'extensions.conf',
    'Set(__FWDHOPS=$[0%{FWDHOPS} + 1])',
    'Set(RENVOI=%{DB(renvoi/%{EXTEN})})',
    'hop-guard',
  ],
  [
    'forwards of a jump without counting',
    'old',
    'extensions.conf',
    'exten => 102,1,Dial(SIP/102,20)',
    'exten => 102,1,Set(TO=%{DB(CF/102)})\n same => n,Goto(phones,%{TO},1)',
    'hop-guard',
  ],
  [
    'a phone that does not exist',
    'good',
    'extensions.conf',
    'Dial(PJSIP/5860,20)',
    'Dial(PJSIP/5880,20)',
    'dial-missing',
  ],
  ['a trunk that does not exist', 'good', 'extensions.conf', '@mytrunk', '@mytunk', 'dial-missing'],
  ['a mailbox that does not exist', 'old', 'extensions.conf', '101@default', '110@default', 'mailbox-missing'],
  [
    'a mailbox of a phone that does not exist',
    'good',
    'pjsip.conf',
    'mailboxes = 6000@',
    'mailboxes = 6009@',
    'mailbox-missing',
  ],
  [
    'a queue that does not exist',
    'freepbx',
    'extensions_additional.conf',
    'Queue(400,t,,,)',
    'Queue(401,t,,,)',
    'queue-missing',
  ],
  [
    'a member that does not exist',
    'good',
    'queues.conf',
    'member => PJSIP/100',
    'member => PJSIP/990',
    'queue-missing',
  ],
  ['no call records', 'good', 'cdr.conf', 'enable = yes', 'enable = no', 'cdr-settings'],
  ['call records in batches', 'freepbx', 'cdr_general_additional.conf', 'batch=no', 'batch=yes', 'cdr-batch'],
  ['no records of unanswered calls', 'good', 'cdr.conf', 'unanswered = yes', 'unanswered = no', 'cdr-unanswered'],
  ['call records that go nowhere', 'old', 'cdr.conf', '[csv]\nloguniqueid=yes\n', '', 'cdr-output'],
  ['a section that does not end', 'good', 'queues.conf', '[general]', '[general', 'conf-syntax'],
  ['a template that is not there', 'good', 'pjsip.conf', '[5861](phone,', '[5861](fone,', 'conf-syntax'],
  [
    'an include of a file that is not there',
    'freepbx',
    'http.conf',
    'http_custom.conf',
    'http_costum.conf',
    'conf-include',
  ],
]

function planted([, set, file, from, to]: Mistake): { files: Map<string, string>; line: number } {
  const files = new Map(sets[set])
  const before = files.get(file) ?? ''
  const variables = (text: string) => text.replaceAll('%{', '$' + '{')
  const by = variables(to)
  const after = changed(before, typeof from === 'string' ? variables(from) : from, by)
  expect(after).not.toBe(before)
  files.set(file, after)
  const lines = before.split('\n')
  return { files, line: after.split('\n').findIndex((text, n) => text !== lines[n]) + 1 }
}

function changed(before: string, from: string | RegExp, by: string): string {
  if (from === '$') return `${before}${by}\n`
  return typeof from === 'string' ? before.replace(from, () => by) : before.replace(from, by)
}

test.each(mistakes)('finds %s', (...mistake) => {
  const [, , , , to, id] = mistake
  const { files, line } = planted(mistake)
  const found = checkPbx(files, true).filter((one) => one.id === id)
  expect(found).not.toEqual([])
  for (const { reason, repair } of found) {
    expect(reason).not.toBe('')
    expect(repair).not.toBe('')
  }
  // Where something was put in, the finding is there, or at the setting that makes it dangerous.
  const first = found[0]
  const size = to.split('\n').length
  if (
    first &&
    first.file === mistake[2] &&
    found.length === 1 &&
    !/ami|missing|repeated|dial-from|no-auth|output/.test(id)
  )
    expect(Math.abs(first.line - line)).toBeLessThanOrEqual(size + 4)
})

test('there are 60 planted mistakes or more, and one for every check', () => {
  expect(mistakes.length).toBeGreaterThanOrEqual(60)
  const ids = new Set([...mistakes.map((mistake) => mistake[5]), ...checkPbx(report, true).map(({ id }) => id)])
  expect(pbxCheckIds.filter((id) => !ids.has(id) && id !== 'http-static')).toEqual([])
})

test('takes comments, templates, continued sections and included files as Asterisk does', () => {
  const files = new Map([
    [
      'manager.conf',
      '[general]\nenabled=no\n;--\nenabled=yes\n--;\n[u](!)\nsecret=pass1\n#include <manager.d/*.conf>\n',
    ],
    ['manager.d/a.conf', '[general](+)\nenabled = yes ; on\nbindaddr = 0.0.0.0\n'],
    ['manager.d/b.conf', '[user](u)\ndeny=0.0.0.0/0\npermit=127.0.0.1/32\nsecret = "x;y"\n'],
  ])
  expect(checkPbx(files, true).map(({ id, file, line }) => `${id} ${file}:${line}`)).toEqual([
    'secret-weak manager.d/b.conf:4',
    'ami-exposed manager.d/a.conf:3',
  ])
})

test('checks a single file, also under another name, without missing its neighbours', async () => {
  const { files, isFolder } = await readConfiguration('test/cases/report-pbx/manager.conf')
  expect(checkPbx(files, isFolder).map(({ id }) => id)).toEqual([
    'ami-exposed',
    'ami-permit-all',
    'ami-rights',
    'secret-weak',
  ])
})

test('the command prints text, JSON and SARIF, and ends with 65 if something failed', async () => {
  const printed: string[] = []
  const { log, error } = console
  const keep = (line: unknown) => void printed.push(String(line))
  Object.assign(console, { log: keep, error: keep })
  try {
    expect(await runCommandLine(['pbx', 'check', 'test/cases/report-pbx'])).toBe(65)
    expect(printed.at(-1)).toMatch(
      /^failed {3}manager\.conf:5 {2}the Manager Interface listens[^\n]*\[ami-exposed\]\n {9}In manager/,
    )
    expect(printed.at(-1)).toMatch(/12 findings: 11 failed, 1 to look at\.$/)
    expect(await runCommandLine(['pbx', 'check', 'test/cases/report-pbx', '--json'])).toBe(65)
    expect(JSON.parse(printed.at(-1) ?? '').findings).toHaveLength(12)
    expect(await runCommandLine(['pbx', 'check', 'test/cases/freepbx-shape'])).toBe(0)
    expect(printed.at(-1)).toBe('Nothing wrong was found.')
    expect(await runCommandLine(['pbx', 'check', 'test/cases/cdr'])).toBe(65)
    expect(printed.at(-1)).toMatch(/has no file of Asterisk/)
    expect(await runCommandLine(['pbx', 'check', 'nowhere'])).toBe(65)
  } finally {
    Object.assign(console, { log, error })
  }
})

test('SARIF names the rule, file and line of each finding', () => {
  const { runs } = JSON.parse(asSarif(checkPbx(report, true)))
  const [{ tool, results }] = runs
  expect(results).toHaveLength(12)
  for (const { ruleId, ruleIndex, level, locations } of results) {
    expect(tool.driver.rules[ruleIndex].id).toBe(ruleId)
    expect(['error', 'warning']).toContain(level)
    expect(locations[0].physicalLocation.region.startLine).toBeGreaterThan(0)
  }
})
