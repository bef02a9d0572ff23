import { generateKeyPairSync, sign } from 'node:crypto'
import * as v from 'valibot'
import { median } from '../../bench/figure.ts'
import { credentialsText } from '../../contracts/bridge-access.ts'
import { KeyMade } from '../../contracts/key.ts'
import { allScopes } from '../../contracts/scopes.ts'
import { makeApiKey } from '../../functions/domain/api-key.ts'
import { type Deployment, deploy } from '../support/deployment.ts'
import { Random } from '../support/random.ts'

const roundsDefault = 400
/** One read takes about a quarter of a request's time. */
const apartMax = 0.1
/** Of two equally fast cases each is slower in half of the rounds. More standard deviations than this are not chance. */
const sigmasMax = 4

interface Ask {
  path: string
  key?: string
  body?: unknown
}
/** Each case makes a new request, since API Gateway caches the authorizer's answers. */
type Door = Record<string, () => Ask>

/**
 * `npm run campaign -- same-time [ROUNDS]`: checks that wrong and unknown credentials take the same time at each entry point, so
 * that the time does not show what exists. Each round calls every case once, in random order. Two cases differ if their
 * medians are a tenth apart and one is slower in more rounds than chance explains.
 */
export async function main([rounds]: string[] = []): Promise<void> {
  await using deployment = await deploy()
  const doors = await makeDoors(deployment)
  const random = new Random(11)
  const apart: string[] = []
  for (const [name, cases] of Object.entries(doors)) {
    const times = await timed(deployment, cases, Number(rounds ?? roundsDefault), random)
    const byTime = Object.entries(times).sort(([, a], [, b]) => median(a) - median(b))
    const [[, fast = []] = [], [, slow = []] = []] = [byTime.at(0), byTime.at(-1)]
    const spread = median(slow) / median(fast) - 1
    const slower = slow.filter((ms, round) => ms > (fast[round] ?? ms)).length
    const sigmas = (2 * slower - slow.length) / Math.sqrt(slow.length)
    const told = byTime.map(([what, values]) => `${what} ${median(values).toFixed(2)} ms`).join(', ')
    console.log(`${name}: ${told}; ${(100 * spread).toFixed(1)} % apart, ${sigmas.toFixed(1)} sigmas`)
    if (spread > apartMax && sigmas > sigmasMax) apart.push(name)
  }
  if (apart.length > 0) throw new Error(`time tells what there is at: ${apart.join(', ')}`)
}

async function timed(deployment: Deployment, cases: Door, rounds: number, random: Random) {
  const times: Record<string, number[]> = {}
  for (let round = -20; round < rounds; round++) {
    const left = Object.entries(cases)
    while (left.length > 0) {
      const [next] = left.splice(random.below(left.length), 1)
      if (!next) break
      const [what, make] = next
      const { path, key, body } = make()
      const started = performance.now()
      const headers = { 'content-type': 'application/json', ...(key && { authorization: `Bearer ${key}` }) }
      const init = body === undefined ? { headers } : { headers, method: 'POST', body: JSON.stringify(body) }
      const response = await fetch(deployment.cloud.httpUrl + path, init)
      await response.arrayBuffer()
      if (response.status !== 401) throw new Error(`${what} got ${response.status}`)
      // The first rounds only warm up the functions.
      if (round >= 0) times[what] = [...(times[what] ?? []), performance.now() - started]
    }
  }
  return times
}

async function makeDoors(deployment: Deployment): Promise<Record<string, Door>> {
  const { site, bridge, privateKey } = await deployment.makeSite('office')
  const prefix = site.apiKey.split('_')[1] ?? ''
  const post = async (path: string, body: unknown) =>
    v.parse(KeyMade, await (await deployment.call('POST', path, { key: site.apiKey, body })).json())
  const revoked = await post('/v1/sites/office/keys', { name: 'revoked', scopes: allScopes })
  await deployment.call('DELETE', `/v1/sites/office/keys/${revoked.key}`, { key: site.apiKey })
  const board = await post('/v1/sites/office/boards', { name: 'board' })
  const keyCase = (make: () => string) => () => ({ path: '/v1/sites/office', key: make() })
  const boardCase = (make: () => string) => () => ({ path: '/v1/boards/tickets', body: { token: make() } })
  const stranger = generateKeyPairSync('ed25519')
  const publicKey = stranger.publicKey.export({ type: 'spki', format: 'pem' })
  const random = () => makeApiKey().secret
  const codeCase = (of: string) => () => ({
    path: '/v1/bridge/enrolments',
    body: { code: `she_${of}_${random()}`, publicKey },
  })
  const signedCase =
    (of: string, key: string, by = stranger.privateKey) =>
    () => {
      const request = { site: of, key, time: new Date().toISOString() }
      const signature = sign(null, credentialsText(request), by).toString('base64')
      return { path: '/v1/bridge/credentials', body: { ...request, signature } }
    }
  return {
    'an API key': {
      unknown: keyCase(() => makeApiKey().text),
      'with a wrong secret': keyCase(() => makeApiKey('key', prefix).text),
      'revoked, with a wrong secret': keyCase(() => makeApiKey('key', revoked.key).text),
    },
    'a board token': {
      unknown: boardCase(() => makeApiKey('board').text),
      'with a wrong secret': boardCase(() => makeApiKey('board', board.key).text),
      'of a key that is none': boardCase(() => makeApiKey('board', prefix).text),
    },
    'an enrolment code': { 'of a site': codeCase('office'), 'of no site': codeCase('nowhere') },
    'a bridge’s signature': {
      'by another': signedCase('office', bridge.key),
      'of a bridge that is not there': signedCase('office', 'made-up'),
      'of another site': signedCase('nowhere', bridge.key, privateKey),
    },
  }
}
