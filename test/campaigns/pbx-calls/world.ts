import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { releasePorts, reservePorts } from '../../../infra/asterisk/instance/ports.ts'
import { Phones } from '../../../infra/asterisk/phones.ts'
import { recordsIn, testInstallation } from '../../pbx/support/pbx.ts'
import { startProvider } from '../../pbx/support/provider.ts'
import { createRendered } from '../../pbx/support/rendered-pbx.ts'

/** A rendered PBX, its phones, and the provider behind both trunks. */
export type World = Awaited<ReturnType<typeof startWorld>>

/** A day of the week that is not today, here or in any other zone. */
const otherDay = () => ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'][(new Date().getDay() + 3) % 7]

const yaml = (trunk: number, second: number) => `
site: calls
systemName: pbx1
ringSeconds: 2
qualifySeconds: 15
transferKeys: true
extensions:
  - { number: '60', endpoint: '5860', name: Phone 60, mailbox: '6000' }
  - { number: '61', endpoint: '5861', name: Phone 61, mailbox: '6001' }
  - { number: '62', endpoint: '5862', name: Phone 62, outside: false }
  - { number: '63', endpoint: '5863', name: Phone 63 }
voicemail: { number: '888' }
groups:
  - { number: '70', extensions: ['60', '61'], otherwise: { mailbox: '6000' } }
  - { number: '72', extensions: ['60', '61'], inTurn: true }
queues: [{ number: '71', extensions: ['61'], waitSeconds: 5, otherwise: { mailbox: '6001' } }]
ivrs: [{ number: '80', greeting: beep, keys: { '1': { extension: '61' }, '2': { extension: '71' } }, seconds: 2, tries: 1, otherwise: { mailbox: '6000' } }]
hours:
  - { number: '81', open: [{ days: [mon, tue, wed, thu, fri, sat, sun], from: '00:00', to: '24:00' }], during: { extension: '61' }, outside: { mailbox: '6000' } }
  - { number: '82', open: [{ days: [${otherDay()}], from: '00:00', to: '24:00' }], during: { extension: '61' }, outside: { mailbox: '6000' } }
menus: ['514', '999']
trunks:
  - { name: mytrunk, host: 127.0.0.1, port: ${trunk}, qualifySeconds: 0, numbers: [{ number: '0479000061', extension: '61' }, { number: '0479000070', extension: '70' }, { number: '0479000081', extension: '81' }, { number: '0479000999', extension: '999' }] }
  - { name: second, host: 127.0.0.1, port: ${second}, qualifySeconds: 0, from: [127.0.0.77] }
outside:
  emergency: ['112']
  routes: [{ name: all, numbers: ['X.'], trunks: [mytrunk, second] }]
`

export async function startWorld() {
  const installation = await testInstallation()
  await using parts = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'pbx-calls-'))
  parts.defer(() => rm(folder, { recursive: true, force: true }))
  const spare = await reservePorts()
  parts.defer(() => releasePorts(spare))
  const trunkPorts = [spare.sip, spare.rtpFirst]
  const rendered = await createRendered({
    ...{ installation, version: 22, folder },
    yaml: yaml(spare.sip, spare.rtpFirst),
  })
  const { pbx, site, secrets } = rendered
  parts.use(pbx)
  await pbx.start()
  const pbxPort = pbx.sipPort
  const options = { installation, trunkPorts, pbxPort, from: '0612345678' }
  const provider = parts.use(await startProvider({ ...options, folder: join(folder, 'provider') }))
  const phones = parts.use(new Phones({ installation, site, folder: join(folder, 'phones'), pbx }))
  await phones.start()
  await phones.registered()
  const owned = parts.move()
  return {
    ...{ pbx, phones, provider, secrets },
    records: () => recordsIn(pbx.cdrFile),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}
