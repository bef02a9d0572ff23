import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cdrFields } from '../../contracts/cdr.ts'
import { renderForwardingSnippet } from '../../infra/asterisk/render/forwarding.ts'
import { renderPhones } from '../../infra/asterisk/render/phones.ts'
import { renderPbx } from '../../infra/asterisk/render.ts'
import { generateSecrets, type Secrets } from '../../infra/asterisk/secrets.ts'
import { checkSite, readSite, type Site } from '../../infra/asterisk/site.ts'
import { propertyRuns } from '../support/property.ts'

const sample = await readSite(fileURLToPath(new URL('../../infra/asterisk/site.yaml', import.meta.url)))
const ports = { sip: 5060, http: 8088, ami: 5038, rtpFirst: 20_000, rtpLast: 20_399 }
const render = (site: Site, secrets: Secrets = generateSecrets(site), address?: string) =>
  renderPbx(site, { root: '/opt/root', folder: '/var/pbx', ports, secrets, ...(address ? { address } : {}) })

/** Returns the lines of each context of a dial plan. */
function contexts(plan: string): Map<string, string[]> {
  const found = new Map<string, string[]>()
  let lines: string[] = []
  for (const line of plan.split('\n')) {
    const name = /^\[(.+)\]$/.exec(line)?.[1]
    if (name) {
      lines = []
      found.set(name, lines)
    } else if (line) lines.push(line)
  }
  return found
}

test('renders the dial plan of site.yaml as in its golden file', async () => {
  await expect(render(sample).get('extensions.conf')).toMatchFileSnapshot('../golden/asterisk/extensions.conf')
})

test('renders a phone without a mailbox and a site without a trunk', async () => {
  const site = checkSite({
    site: 'small',
    systemName: 'pbx2',
    extensions: [{ number: '70', endpoint: 'door', name: "L'entrée" }],
  })
  const files = render(site)
  await expect(files.get('extensions.conf')).toMatchFileSnapshot('../golden/asterisk/no-mailbox.conf')
  expect(files.get('pjsip.conf')).not.toContain('identify')
  expect(files.get('voicemail.conf')).not.toContain('=>')
})

test('writes the 21 fields and those that PBXs add to the call record file, each in quotes', () => {
  const [, file, columns = ''] =
    /^\[mappings\]\n(\S+) => (.*)$/m.exec(render(sample).get('cdr_custom.conf') ?? '') ?? []
  expect(file).toBe('switchhook.csv')
  const fields = columns.split(',').map((column) => /^\$\{CSV_QUOTE\(\$\{CDR\((\w+)\)\}\)\}$/.exec(column)?.[1])
  expect(fields).toEqual([...cdrFields, 'did', 'cnum', 'cnam', 'recordingfile'])
  const cdr = render(sample).get('cdr.conf')
  for (const line of ['unanswered = yes', 'endbeforehexten = yes', 'batch = no', 'newcdrcolumns = yes'])
    expect(cdr).toContain(line)
})

test('writes each secret to one file only', () => {
  const secrets = generateSecrets(sample)
  const files = render(sample, secrets)
  const holders = (secret: string) => [...files].filter(([, text]) => text.includes(secret)).map(([name]) => name)
  expect(holders(secrets.ariBridge)).toEqual(['ari.conf'])
  expect(holders(secrets.ariReader)).toEqual(['ari.conf'])
  expect(holders(secrets.amiBridge)).toEqual(['manager.conf'])
  for (const password of Object.values(secrets.endpoints)) expect(holders(password)).toEqual(['pjsip.conf'])
  for (const [box, pin] of Object.entries(secrets.mailboxes))
    expect(files.get('voicemail.conf')).toContain(`${box} => ${pin},`)
})

test('binds ARI and AMI to loopback even if phones are on other machines', () => {
  const files = render(sample, generateSecrets(sample), '0.0.0.0')
  expect(files.get('pjsip.conf')).toContain('bind = 0.0.0.0:5060')
  expect(files.get('pjsip.conf')).not.toContain('media_address')
  expect(files.get('http.conf')).toContain('bindaddr = 127.0.0.1')
  expect(files.get('manager.conf')).toContain('bindaddr = 127.0.0.1')
})

test('allows the ARI user bridge to write, but not the ARI user reader and the AMI user', () => {
  const files = render(sample)
  expect(files.get('ari.conf')).toMatch(/\[bridge\]\ntype = user\nread_only = no\n/)
  expect(files.get('ari.conf')).toMatch(/\[reader\]\ntype = user\nread_only = yes\n/)
  expect(files.get('ari.conf')).toMatch(/^websocket_write_timeout = \d+$/m)
  expect(files.get('manager.conf')).toMatch(/^read = cdr,user,call,agent,security$/m)
  expect(files.get('manager.conf')).toMatch(/^write = reporting$/m)
})

test('puts every folder of Asterisk below its instance or installation, and gives the same site the same entity id', () => {
  const text = render(sample).get('asterisk.conf') ?? ''
  const folders = [...text.matchAll(/=> (.*)$/gm)].map((found) => found[1] ?? '')
  expect(folders).toHaveLength(11)
  for (const folder of folders) expect(folder).toMatch(/^\/(var\/pbx|opt\/root)\//)
  expect(text).toMatch(/^entityid = [0-9a-f][26ae](:[0-9a-f]{2}){5}$/m)
  expect(render(sample).get('asterisk.conf')).toBe(text)
  expect(render({ ...sample, site: 'other' }).get('asterisk.conf')).not.toBe(text)
})

const anySite = fc.uniqueArray(fc.integer({ min: 10, max: 99_999 }), { minLength: 1, maxLength: 60 }).map((numbers) =>
  checkSite({
    site: 'any',
    systemName: 'pbx9',
    extensions: numbers.map((number) => ({
      number: `${number}`,
      endpoint: `p${number}`,
      name: `Phone ${number}`,
      ...(number % 3 === 0 ? {} : { mailbox: `${number}` }),
    })),
    trunk: {
      name: 'out',
      host: 'sip.example',
      numbers: numbers.map((number) => ({ number: `04${number}`, extension: `${number}` })),
    },
  }),
)

test('renders an endpoint, a password, an internal and an outside number for each of many extensions', () => {
  fc.assert(
    fc.property(anySite, (site) => {
      const secrets = generateSecrets(site)
      const files = render(site, secrets)
      const plan = contexts(files.get('extensions.conf') ?? '')
      expect([...plan.keys()]).toEqual([
        ...['general', 'internes', 'entrants', 'sortants', 'click2call'],
        ...['renvoi-suivi', 'renvoi-dire', 'renvoi-api'],
      ])
      const dialled = (context: string) =>
        (plan.get(context) ?? []).flatMap((line) => /^exten => (\S+?),1,/.exec(line)?.[1] ?? [])
      expect(dialled('internes')).toEqual([...site.extensions.map(({ number }) => number), '88888', '88889'])
      expect(dialled('entrants')).toEqual(site.extensions.map(({ number }) => `04${number}`))
      const pjsip = files.get('pjsip.conf') ?? ''
      for (const { endpoint } of site.extensions) {
        expect(pjsip.split(`[${endpoint}](`)).toHaveLength(4)
        expect(pjsip).toContain(`username = ${endpoint}\npassword = ${secrets.endpoints[endpoint]}\n`)
      }
      // The call record keeps the dialled number only if no step leaves its extension.
      expect(files.get('extensions.conf')).not.toMatch(/Goto\([^?,)]*,(?!\$\{EXTEN\},1\))|s-BUSY/)
    }),
    { numRuns: propertyRuns(50) },
  )
})

test('registers each simulated phone at the PBX and disables its call records', () => {
  const passwords = { '5860': 'first-password', '5861': 'second-password' }
  const secrets = { ariBridge: 'a', ariReader: 'b' }
  const exchange = { address: '127.0.0.1', port: 5099 }
  const files = renderPhones(sample, { root: '/opt/root', folder: '/var/phones', ports, secrets, passwords, exchange })
  const pjsip = files.get('pjsip.conf') ?? ''
  expect(pjsip.match(/type = registration/g)).toHaveLength(2)
  expect(pjsip).toContain('client_uri = sip:5861@127.0.0.1:5099')
  expect(pjsip).toContain('password = second-password')
  expect(files.get('cdr.conf')).toContain('enable = no')
  expect(files.get('modules.conf')).not.toMatch(/cdr_custom|voicemail/)
})

test('snippets/forwarding.conf equals the text that is rendered', async () => {
  await expect(renderForwardingSnippet()).toMatchFileSnapshot('../../infra/asterisk/snippets/forwarding.conf')
})
