import * as v from 'valibot'
import { KeyMade } from '../../contracts/key.ts'
import { siteRequestsMax } from '../../functions/stores/limits.ts'
import { makeSite } from '../../infra/start/make-site.ts'
import { deploy } from '../../test/support/deployment.ts'
import { median } from '../figure.ts'

/** Counted. One of each kind is asked in each, first in turn, so that what came before and what else the machine does falls on all alike. */
const rounds = 700
/** Before them: a function that is called often runs code that V8 has compiled. */
const warm = 200
/** A site's of ten seconds, which are more than are made here in all: nothing that is measured is told to wait. */
const requestsMax = siteRequestsMax

/** Medians in milliseconds. */
export interface Lookup {
  lookupMs: number
  /** The function, which counts the request with a write as it does each, and one read. The authorizer's answer is kept. */
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
  await timed(() => api(apiKey, 'PUT', `grades/${mark.matricule}`, { note: Number(mark.note) }))

  const kinds = [
    // Each caller calls once, as most do: his window begins, the student's goes on.
    (n: number) => api(secret, 'POST', 'grade-lookups', { matricule: mark.matricule, caller: `bench-${n}` }),
    () => api(secret, 'GET', 'grade-scale'),
    (n: number) => deployment.put('PeopleTable', { pk: `bench-${n}`, sk: '-' }).then(() => undefined),
  ]
  const times = kinds.map((): number[] => [])
  for (let n = 0; n < warm + rounds; n++)
    for (let turn = 0; turn < kinds.length; turn++) {
      const kind = (n + turn) % kinds.length
      times[kind]?.push(await timed(async () => kinds[kind]?.(n)))
    }
  const [lookupMs = Number.NaN, readMs = Number.NaN, writeMs = Number.NaN] = times.map((all) => median(all.slice(warm)))
  return { lookupMs, readMs, writeMs }
}

/** From before the request to the last byte of its answer. */
export async function timed(ask: () => Promise<Response | undefined>): Promise<number> {
  const began = performance.now()
  const response = await ask()
  await response?.arrayBuffer()
  if (response && !response.ok) throw new Error(`answered ${response.status}`)
  return performance.now() - began
}
