import * as v from 'valibot'
import { KeyMade } from '../../contracts/key.ts'
import { deploy, type SharedDeployment } from '../support/deployment.ts'
import { Random } from '../support/random.ts'

const sitesCount = 10
const keysPerSite = 5
const countDefault = 10_000
/** Concurrent requests: more than the local cloud has processes of one function. */
const atOnce = 24

/** `npm run campaign -- interleaved-keys [COUNT]`: checks that the cached authorizer gives no key the answer of another. */
export async function main([count]: string[] = []): Promise<void> {
  await using deployment = await deploy()
  const served = await interleave(deployment, Number(count ?? countDefault))
  console.log(`${served.requests} requests of ${served.keys} keys, each its own answer`, served.answers)
}

interface Caller {
  name: string
  key: string
  site: string
  /** What this caller is always answered at its own site. */
  status: number
  listsKeys: boolean
}

/** Throws at the first answer that belongs to another caller. */
export async function interleave(deployment: SharedDeployment, requests: number, seed = 7) {
  const callers = await makeCallers(deployment)
  const random = new Random(seed)
  const answers: Record<string, number> = {}
  let left = requests
  const worker = async () => {
    while (left > 0) {
      left -= 1
      const caller = random.pick(callers)
      const answer = await ask(deployment, caller, random)
      answers[answer] = (answers[answer] ?? 0) + 1
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  return { requests, keys: callers.length, answers }
}

/** Creates for each site an administrator's key, two viewers' keys, a revoked key and a key that does not exist. */
async function makeCallers(deployment: SharedDeployment): Promise<Caller[]> {
  const callers: Caller[] = []
  for (let n = 0; n < sitesCount; n++) {
    const name = `interleaved-${n}`
    const { site } = await deployment.makeSite(name)
    const make = async (more: object) => {
      const body = { name: 'key', requestsMax: 5_000, ...more }
      const response = await deployment.call('POST', `/v1/sites/${name}/keys`, { key: site.apiKey, body })
      return v.parse(KeyMade, await response.json())
    }
    const revoked = await make({ role: 'viewer' })
    await deployment.call('DELETE', `/v1/sites/${name}/keys/${revoked.key}`, { key: site.apiKey })
    const [admin, ...viewers] = [
      await make({ role: 'admin' }),
      await make({ role: 'viewer' }),
      await make({ role: 'viewer' }),
    ]
    const one = (key: string, status: number, listsKeys: boolean) => ({
      name: key.slice(0, 12),
      key,
      site: name,
      status,
      listsKeys,
    })
    callers.push(one(admin.secret, 200, true), ...viewers.map(({ secret }) => one(secret, 200, false)))
    // One character differs from a valid key: a cache that truncated its key would confuse the two.
    callers.push(one(revoked.secret, 401, false), one(`${admin.secret.slice(0, -1)}~`, 401, false))
  }
  if (callers.length !== sitesCount * keysPerSite) throw new Error('not the callers that were meant')
  return callers
}

async function ask(deployment: SharedDeployment, caller: Caller, random: Random): Promise<string> {
  const { name, key, site, status, listsKeys } = caller
  const kind = random.below(3)
  const other = `interleaved-${(Number(site.slice('interleaved-'.length)) + 1) % sitesCount}`
  const path = ['', '/keys', ''][kind]
  const response = await deployment.call('GET', `/v1/sites/${kind === 2 ? other : site}${path}`, { key })
  const body = v.parse(v.looseObject({ site: v.optional(v.string()) }), await response.json())
  const wanted = status === 401 ? 401 : kind === 0 ? 200 : kind === 2 ? 404 : listsKeys ? 200 : 403
  const isOwn = response.status === wanted && (kind !== 0 || wanted !== 200 || body.site === site)
  if (!isOwn)
    throw new Error(
      `${name} of ${site} asked ${path || 'for a site'} and got ${response.status} ${JSON.stringify(body)}`,
    )
  return `${response.status}`
}
