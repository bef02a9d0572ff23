import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as v from 'valibot'
import { Phones } from '../../infra/asterisk/phones.ts'
import { legsOf } from '../pbx/support/legs.ts'
import { recordsIn, testInstallation } from '../pbx/support/pbx.ts'
import { complaintsOf, createRendered } from '../pbx/support/rendered-pbx.ts'
import { until } from '../support/until.ts'

/**
 * Goal: with 100 registered phones and 20 calls at once, presence and call records are exact.
 * Method: a rendered PBX and 100 phones (a second Asterisk). 20 pairs call each other at the same time and speak. Asterisk's device
 * states must name exactly the 40 phones in a call as busy while they talk, and none before and after; each call leaves exactly one
 * record, with its own caller, number, phones and answer; no packet count of a direction is below a second.
 *
 *     npm run campaign -- hundred-phones
 */
export async function main(): Promise<void> {
  const installation = await testInstallation()
  const folder = await mkdtemp(join(tmpdir(), 'hundred-'))
  try {
    const { pbx, site } = await createRendered({ installation, version: 22, yaml, folder })
    await using started = pbx
    await started.start()
    await using phones = new Phones({ installation, site, folder: join(folder, 'phones'), pbx })
    await phones.start()
    await phones.registered()
    const endpoints = site.extensions.map(({ endpoint }) => endpoint)
    const states = async () => {
      const found = new Map<string, string>()
      for (const endpoint of endpoints) found.set(endpoint, await stateOf(pbx, endpoint))
      return found
    }
    const expectStates = async (when: string, wanted: (endpoint: string) => string) => {
      let wrong: string[] = []
      await until(when, async () => {
        wrong = [...(await states())].filter(([name, state]) => state !== wanted(name)).map((pair) => pair.join(' is '))
        return wrong.length === 0
      }).catch(() => {
        throw new Error(`${when}: ${wrong.join(', ')}`)
      })
      console.log(`ok    ${when}: all ${endpoints.length} states are exact`)
    }
    await expectStates('100 phones registered', () => 'NOT_INUSE')
    for (let round = 1; round <= rounds; round++) await callAll(round)
    const complaints = await complaintsOf(pbx)
    if (complaints.length > 0) throw new Error(complaints.join('\n'))

    async function callAll(round: number): Promise<void> {
      const pairs = Array.from({ length: pairsAtOnce }, (_, n) => {
        // Other phones in each round; caller and called phone are never the same.
        const at = (n * 2 + round * 7) % phonesCount
        return { from: numberOf(at), to: numberOf((at + 1) % phonesCount) }
      })
      const busy = new Set(pairs.flatMap(({ from, to }) => [from, to]))
      const before = (await recordsIn(pbx.cdrFile)).length
      const calls = await Promise.all(pairs.map((pair) => phones.call(pair)))
      const answered = await Promise.all(calls.map((call) => call.answered))
      if (answered.includes(false)) throw new Error(`${answered.filter((one) => !one).length} calls were not answered`)
      await expectStates(`round ${round}, during ${pairsAtOnce} calls`, (name) =>
        busy.has(name) ? 'INUSE' : 'NOT_INUSE',
      )
      await until('audio in both directions of all calls', async () => {
        const legs = [...(await legsOf(pbx)), ...(await legsOf(phones))]
        return legs.length === 4 * pairsAtOnce && legs.every(({ received }) => received >= packetsMin)
      })
      await Promise.all(calls.map((call) => call.hangup()))
      await expectStates(`round ${round}, after them`, () => 'NOT_INUSE')
      await until('the records', async () => (await recordsIn(pbx.cdrFile)).length >= before + pairsAtOnce)
      const records = (await recordsIn(pbx.cdrFile)).slice(before)
      const seen = records.map(({ src, dst, channel, dstchannel, disposition }) =>
        [src, dst, endpointOf(channel), endpointOf(dstchannel), disposition].join(' '),
      )
      const wanted = pairs.map(({ from, to }) => [from, to, from, to, 'ANSWERED'].join(' '))
      if (seen.sort().join('\n') !== wanted.sort().join('\n'))
        throw new Error(`the records are\n${seen.join('\n')}\ninstead of\n${wanted.join('\n')}`)
      if (new Set(records.map(({ uniqueid }) => uniqueid)).size !== pairsAtOnce)
        throw new Error('two calls have the same uniqueid')
      console.log(`ok    round ${round}: ${records.length} records, one for each call`)
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const phonesCount = 100
const pairsAtOnce = 20
const rounds = 3
/** One second of audio. */
const packetsMin = 50
const numberOf = (n: number) => `${1000 + n}`
const endpointOf = (channel: string | number | undefined) => /^PJSIP\/(\w+)-/.exec(String(channel))?.[1] ?? ''

const yaml = `
site: hundred
systemName: pbx1
ringSeconds: 30
ranges: [{ from: '1000', to: '1099' }]
`

const DeviceState = v.looseObject({ state: v.string() })

async function stateOf(
  pbx: { ariUrl: string; ariUser: string; ariPassword: string },
  endpoint: string,
): Promise<string> {
  const response = await fetch(`${pbx.ariUrl}/deviceStates/${encodeURIComponent(`PJSIP/${endpoint}`)}`, {
    headers: { authorization: `Basic ${btoa(`${pbx.ariUser}:${pbx.ariPassword}`)}` },
  })
  return v.parse(DeviceState, await response.json()).state
}
