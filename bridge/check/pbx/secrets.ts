import { type Conf, isNo, isYes, last, type Place, type Section, type Setting, sectionOf, wordOf } from './conf.ts'
import { type Finding, finding, type Pbx, type Rule } from './model.ts'

/** Passwords that everyone tries first: those of handbooks, products and courses. */
const usual = new Set(
  'password passw0rd pass pass1 secret secret1 changeme change_me default admin admin123 administrator root toor asterisk asterisk123 mysecret mypassword amp109 amp111 amp123 freepbx elastix elastix456 palosanto issabel sip sip123 test test123 test1234 guest user user123 toto toto123 welcome welcome1 letmein qwerty azerty abc123 abcd1234 1q2w3e4r iloveyou voip voip123 pbx pbx123 ari aripassword unsecurepassword supersecret s3cr3t p4ssw0rd'.split(
    ' ',
  ),
)
const lengthMin = 10

/** What makes a password easy to guess; undefined if nothing does. */
function weaknessOf(secret: string, names: readonly string[]): string | undefined {
  const plain = secret.toLowerCase()
  if (usual.has(plain)) return 'is one that everyone tries first'
  if (names.some((name) => name !== '' && plain === name.toLowerCase())) return 'is the name of its user'
  if (/^(.)\1*$/.test(secret)) return 'is one sign again and again'
  if (secret.length < lengthMin) return `has only ${secret.length} signs`
  if (/^\d+$/.test(secret) && secret.length < 16) return 'has only digits'
  if ('01234567890123456789abcdefghijklmnopqrstuvwxyz'.includes(plain)) return 'is a row of signs'
  if (names.some((name) => name.length > 2 && plain.replace(name.toLowerCase(), '').length < 4))
    return 'is the name of its user with a few signs'
  return undefined
}

const repair = 'Take a random password of 16 signs or more: openssl rand -base64 18'

function judge(setting: Setting | undefined, names: readonly string[], whose: string): Finding[] {
  if (!setting) return []
  const weakness = weaknessOf(setting.value.trim(), names)
  return weakness === undefined
    ? []
    : [finding('secret-weak', 'failed', setting, `the password of ${whose} ${weakness}`, repair)]
}

/** Sections that are users: all but those with a meaning of their own. */
function users(conf: Conf | undefined, ...not: string[]): Section[] {
  return (conf?.sections ?? []).filter(({ name, isTemplate }) => !isTemplate && !not.includes(name.toLowerCase()))
}

/** Passwords of the Manager Interface, ARI, phones, trunks and databases. */
export const secretRules: Rule = (pbx) => [
  ...users(pbx.conf('manager.conf'), 'general').flatMap((one) => withSecret(one, 'secret', `the AMI user ${one.name}`)),
  ...users(pbx.conf('ari.conf'), 'general')
    .filter((one) => wordOf(one, 'type') === 'user')
    .flatMap((one) => withSecret(one, 'password', `the ARI user ${one.name}`)),
  ...pbx
    .pjsip('auth')
    .filter((one) => !isOfTrunk(pbx, one.name))
    .flatMap((one) => {
      if (wordOf(one, 'auth_type') === 'md5') return []
      return judge(last(one, 'password'), [one.name, wordOf(one, 'username') ?? ''], `the account ${one.name}`)
    }),
  ...['sip.conf', 'iax.conf'].flatMap((name) =>
    users(pbx.conf(name), 'general', 'authentication')
      .filter((one) => wordOf(one, 'host') === 'dynamic')
      .flatMap((one) =>
        judge(last(one, 'secret'), [one.name, wordOf(one, 'defaultuser') ?? ''], `the account ${one.name}`),
      ),
  ),
  ...databases(pbx),
  ...sharedSecrets(pbx),
]

/** The provider chose this password, so that the PBX cannot change it. */
function isOfTrunk(pbx: Pbx, name: string): boolean {
  return [...pbx.pjsip('endpoint'), ...pbx.pjsip('registration')].some((one) =>
    (wordOf(one, 'outbound_auth') ?? '').split(',').some((auth) => auth.trim() === name.toLowerCase()),
  )
}

function withSecret(section: Section, name: string, whose: string): Finding[] {
  const setting = last(section, name)
  if (setting && setting.value.trim() !== '') return judge(setting, [section.name], whose)
  return [finding('secret-weak', 'failed', section, `${whose} has no password`, repair)]
}

function databases(pbx: Pbx): Finding[] {
  return ['cdr_mysql.conf', 'cdr_pgsql.conf', 'res_odbc.conf'].flatMap((file) =>
    users(pbx.conf(file)).flatMap((one) => {
      if (isNo(wordOf(one, 'enabled'))) return []
      const user = wordOf(one, 'user', 'username') ?? ''
      return judge(last(one, 'password'), [user], `the database user ${user}`)
    }),
  )
}

function sharedSecrets(pbx: Pbx): Finding[] {
  const seen = new Map<string, Place & { name: string }>()
  return pbx.pjsip('auth').flatMap((section): Finding[] => {
    const setting = last(section, 'password')
    if (!setting || isOfTrunk(pbx, section.name)) return []
    const first = seen.get(setting.value)
    if (!first) {
      seen.set(setting.value, { ...setting, name: section.name })
      return []
    }
    const reason = `the accounts ${first.name} and ${section.name} have the same password`
    return [finding('secret-shared', 'warning', setting, reason, 'Give each account a password of its own')]
  })
}

/** PINs of mailboxes. */
export const pinRules: Rule = (pbx) => {
  const conf = pbx.conf('voicemail.conf')
  return users(conf, 'general', 'zonemessages').flatMap((context) =>
    context.settings.flatMap((setting): Finding[] => {
      if (!/^\d+$/.test(setting.name)) return []
      const pin = setting.value.split(',')[0]?.trim().replace(/^-/, '') ?? ''
      const isWeak =
        pin.length < 4 ||
        pin === setting.name ||
        /^(.)\1*$/.test(pin) ||
        '0123456789012'.includes(pin) ||
        '9876543210'.includes(pin)
      if (!isWeak) return []
      const why = pin === setting.name ? 'is its number' : pin === '' ? 'is empty' : 'is easy to guess'
      const how = `${setting.name} => 6 random digits,... in [${context.name}]`
      return [finding('voicemail-pin', 'failed', setting, `the PIN of mailbox ${setting.name} ${why}`, how)]
    }),
  )
}

/** Pages and scripts beside the configuration that contain a password: everyone who opens the page can read it. */
export const pageRules: Rule = ({ files }) =>
  [...files].flatMap(([file, text]) =>
    /\.(html?|m?js|php|json|ts)$/i.test(file)
      ? text.split('\n').flatMap((content, index): Finding[] => {
          if (!passwordInPage.some((pattern) => pattern.test(content))) return []
          const reason = 'the page contains a user and password of the PBX, which everyone who opens it can read'
          const how =
            'Take it out of the page and change it. Let a server call ARI, or use an API with a key for each person'
          return [finding('page-password', 'failed', { file, line: index + 1 }, reason, how)]
        })
      : [],
  )

const passwordInPage = [
  /btoa\(\s*["'`][^"'`]+:[^"'`]+["'`]/,
  /[?&]api_key=[^"'`&\s:$]+:[^"'`&\s$]+/i,
  /[?&]action=login&username=[^&\s]+&secret=[^"'`&\s$]+/i,
  /\b(wss?|https?):\/\/[^\s/"'`:@$]+:[^\s/"'`@$]+@/i,
  /Authorization["'`]?\s*[:,]\s*["'`]Basic [A-Za-z0-9+/]{8,}={0,2}["'`]/,
  /\b(ari|ami|asterisk)_?(password|secret|pass)\b["']?\s*[:=]\s*["'`][^"'`\s]+["'`]/i,
]

/** Whether a section of `[general]` is on: the default where the setting is absent. */
export function isOn(conf: Conf | undefined, name: string, byDefault: boolean): boolean {
  const value = wordOf(sectionOf(conf, 'general'), name)
  return value === undefined ? byDefault : isYes(value)
}
