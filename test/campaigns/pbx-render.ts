import { execFileSync } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { testInstallation } from '../pbx/support/pbx.ts'
import { complaintsOf, createRendered } from '../pbx/support/rendered-pbx.ts'
import { installRelease } from './asterisk-versions/install.ts'

/**
 * Goal: what `switchhook pbx render` writes loads on Asterisk 16 and 22 without one warning or error, small and large.
 * Method: the example, and a site with every feature and 2, 50 and 1,000 extensions, rendered and started; the log must be clean,
 * and Asterisk must list every endpoint, extension, queue, mailbox and transport of the site.
 *
 *     npm run campaign -- pbx-render [--only 16,22] [--folder F]
 */
export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { only: { type: 'string' }, folder: { type: 'string' } } })
  const folder = resolve(values.folder ?? '.switchhook/asterisk-versions')
  const faults: string[] = []
  for (const major of values.only?.split(',') ?? ['22', '16']) {
    const installation =
      major === '22'
        ? await testInstallation()
        : await installRelease(major, { folder, ubuntuMirror: undefined, progress: (step) => console.log(step) })
    for (const [name, yaml] of await sites()) {
      const work = await mkdtemp(join(tmpdir(), 'rendered-'))
      try {
        const found = await loadFaults(installation, Number(major), yaml(work), work)
        console.log(`Asterisk ${installation.version}, ${name}: ${found.length} faults`)
        faults.push(...found.map((fault) => `Asterisk ${major}, ${name}: ${fault}`))
      } finally {
        await rm(work, { recursive: true, force: true })
      }
    }
  }
  if (faults.length > 0) throw new Error(`${faults.length} faults:\n${faults.join('\n')}`)
}

type Sites = [string, (folder: string) => string][]

async function sites(): Promise<Sites> {
  const example = (await readFile('examples/site.yaml', 'utf8')).replace(/^sip:\n(?: .*\n)+/m, '')
  return [
    ['the example', () => example],
    ...[2, 50, 1000].map((count): Sites[number] => [`${count} extensions`, (folder) => everything(count, folder)]),
  ]
}

/** A site that uses every key of site.yaml. */
function everything(count: number, folder: string): string {
  const options = { stdio: 'ignore' as const }
  const pem = ['-keyout', join(folder, 'key.pem'), '-out', join(folder, 'cert.pem'), '-days', '30', '-subj', '/CN=pbx']
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...pem], options)
  const last = 2000 + count - 1
  return `
site: every
systemName: pbx7
language: en
country: gb
transferKeys: true
tls: { certificate: ${folder}/cert.pem, key: ${folder}/key.pem }
webrtc: {}
bridge: { listener: 'ws://127.0.0.1:1/ari' }
extensions:
  - { number: '60', endpoint: tls-phone, name: "Zoé d'Été", mailbox: '6000', connect: tls, language: fr }
  - { number: '61', endpoint: tcp-phone, name: 'Bob', connect: tcp, codecs: [g722, ulaw], outside: false }
  - { number: '62', endpoint: browser, name: 'Web', connect: webrtc, nat: public }
ranges: [{ from: '2000', to: '${last}', mailbox: '{number}', nat: behind-nat }]
voicemail: { number: '888' }
groups:
  - { number: '70', extensions: ['60', '2000'], otherwise: { mailbox: '6000' } }
  - { number: '72', extensions: ['2001', '2000'], inTurn: true }
queues: [{ number: '71', name: Hotline, extensions: ['2000', '2001'], otherwise: { extension: '70' } }]
ivrs: [{ number: '80', greeting: vm-enter-num-to-call, keys: { '1': { extension: '71' }, '*': { mailbox: '2001' } }, otherwise: { extension: '70' } }]
hours:
  - number: '81'
    zone: Europe/London
    open: [{ days: [mon, sun], from: '08:30', to: '24:00' }]
    holidays: ['12-25', '2027-04-05']
    during: { extension: '80' }
    outside: { mailbox: '6000' }
menus: ['514', '999']
trunks:
  - { name: mytrunk, host: 127.0.0.1, port: 5999, qualifySeconds: 0, from: [127.0.0.9, 127.1.0.0/16], numbers: [{ number: '+44479000060', extension: '81' }, { number: '0479000061', extension: '61' }] }
  - { name: provider, host: 127.0.0.1, port: 5998, qualifySeconds: 0, from: [127.0.0.10], register: { user: '33479000060' } }
  - { name: secure, host: 127.0.0.1, port: 5997, qualifySeconds: 0, from: [127.0.0.11], connect: tls }
outside:
  prefix: '0'
  emergency: ['112', '999000']
  routes:
    - { name: national, numbers: ['0[1-7]XXXXXXXX', '0800.', '00X.'], trunks: [mytrunk, provider, secure] }
`.replace(", '999000'", '')
}

async function loadFaults(
  installation: Awaited<ReturnType<typeof testInstallation>>,
  version: number,
  yaml: string,
  folder: string,
): Promise<string[]> {
  const { pbx, site } = await createRendered({ installation, version, yaml, folder })
  await using started = pbx
  await started.start()
  const listed = {
    endpoints: Number(/Objects found: (\d+)/.exec(await pbx.cli('pjsip show endpoints'))?.[1]),
    mailboxes: Number(/(\d+) voicemail users configured/.exec(await pbx.cli('voicemail show users'))?.[1]),
    transports: Number(/Objects found: (\d+)/.exec(await pbx.cli('pjsip show transports'))?.[1]),
    queues: (await pbx.cli('queue show')).match(/^\d+ has \d+ calls/gm)?.length ?? 0,
  }
  const plan = await pbx.cli('dialplan show internes')
  const missing = site.extensions.filter(({ number }) => !plan.includes(`'${number}' =>`))
  const wanted = {
    endpoints: site.extensions.length + site.trunks.length,
    mailboxes: site.extensions.filter(({ mailbox }) => mailbox !== undefined).length,
    transports: 2 + (site.tls ? 1 : 0) + (site.webrtc ? 1 : 0),
    queues: site.queues.length,
  }
  // Nobody answers at the places of the bridge and the provider.
  const complaints = (await complaintsOf(pbx)).filter(
    (line) => !/res_pjsip_outbound_registration|websocket/i.test(line),
  )
  return [
    ...complaints,
    ...missing.map(({ number }) => `no extension ${number}`),
    ...(JSON.stringify(listed) === JSON.stringify(wanted)
      ? []
      : [`${JSON.stringify(listed)} instead of ${JSON.stringify(wanted)}`]),
  ]
}
