import * as v from 'valibot'
import { KeyMade } from '../../contracts/key.ts'
import { makeSite } from '../../infra/start/make-site.ts'
import { deploy } from '../../test/support/deployment.ts'
import { median } from '../figure.ts'

/** Counted; one of each kind is asked in turn with the others, so that what else the machine does falls on all alike. */
const rounds = 1_000
/** Before them: a function that is called often runs code that V8 has compiled. */
const warm = 200
/** Of ten seconds, the most that a key may be given: what is measured must not be told to wait. */
const requestsMax = 5_000

/** Medians in milliseconds. */
export interface Lookup {
  lookupMs: number
  /** The key's authorizer, the function, the write that counts requests, and one read. */
  readMs: number
  /** A write by itself. */
  writeMs: number
}

/** A lookup by HTTP on a deployment of its own: no exchange is beside it, and no bridge that makes its sounds. */
export async function measureLookup(mark: { matricule: string; note: string }): Promise<Lookup> {
  await using deployment = await deploy()
  const { site, apiKey } = await makeSite({ site: 'office', name: 'Office' }, deployment.cloud)
  const api = (key: string, method: string, below: string, body?: object) =>
    deployment.call(method, `/v1/sites/${site}/${below}`, { key, body })
  const scopes = ['grades:lookup', 'grades:read']
  const made = await api(apiKey, 'POST', 'keys', { name: 'bench', scopes, requestsMax })
  const { secret } = v.parse(KeyMade, await made.json())
  await timed(api(apiKey, 'PUT', `grades/${mark.matricule}`, { note: Number(mark.note) }))

  const [lookups, reads, writes]: [number[], number[], number[]] = [[], [], []]
  for (let n = 0; n < warm + rounds; n++) {
    // Each caller calls once, as most do: his window begins, the student's goes on.
    lookups.push(await timed(api(secret, 'POST', 'grade-lookups', { matricule: mark.matricule, caller: `bench-${n}` })))
    reads.push(await timed(api(secret, 'GET', 'grade-scale')))
    writes.push(await timed(deployment.put('PeopleTable', { pk: `bench-${n}`, sk: '-' }).then(() => undefined)))
  }
  const medianOf = (all: number[]) => median(all.slice(warm))
  return { lookupMs: medianOf(lookups), readMs: medianOf(reads), writeMs: medianOf(writes) }
}

/** From the request to the last byte of its answer. */
export async function timed(asked: Promise<Response | undefined>): Promise<number> {
  const began = performance.now()
  const response = await asked
  if (response && !response.ok) throw new Error(`answered ${response.status}`)
  await response?.arrayBuffer()
  return performance.now() - began
}
