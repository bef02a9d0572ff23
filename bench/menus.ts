import { fingerprint } from '../functions/domain/grades/fingerprint.ts'
import { openMenuWorld, siteOfCallers } from '../test/pbx/support/menu-world.ts'
import { asks, grades } from '../test/pbx/support/scenario.ts'
import { startStack } from '../test/pbx/support/stack.ts'
import { requirePackages } from '../test/suites.ts'
import { until } from '../test/support/until.ts'
import { type Figure, median, quantile } from './figure.ts'
import { measureLookup, timed } from './menu-parts/lookup.ts'

const calls = 12
const requests = 200
/** HMACs timed together: one is too quick for the clock. */
const hmacs = 1_000
const mark = { matricule: '204', note: '15.25', mention: 'bien' }

/** `npm run bench -- menus`: from the last key to the first sound of the mark, beside the bare hops in between. */
export async function measure(): Promise<Figure[]> {
  requirePackages('pbx')
  const { lookupMs, readMs, writeMs } = await measureLookup(mark)
  await using it = await startStack({ changeSite: siteOfCallers, menus: true })
  await using world = await openMenuWorld(it.pbx)
  const { ariUrl, ariUser, ariPassword } = it.pbx.pbx
  const api = (method: string, below: string, body?: object) =>
    it.deployment.call(method, `/v1/sites/office/${below}`, { key: it.site.apiKey, body })
  await api('PUT', `grades/${mark.matricule}`, { note: Number(mark.note) })
  await until('the menus', async () => (await it.pbx.pbx.cli('ari show apps')).includes('switchhook-menus'), 60_000)
  const [lookups, hops]: [number[], number[]] = [[], []]
  for (let n = 0; n < requests; n++) {
    lookups.push(await timed(() => api('POST', 'grade-lookups', { matricule: mark.matricule, caller: `bench-${n}` })))
    const headers = { authorization: `Basic ${btoa(`${ariUser}:${ariPassword}`)}` }
    hops.push(await timed(() => fetch(`${ariUrl}/asterisk/ping`, { headers })))
  }

  const waits: number[] = []
  for (let n = 0; n < calls; n++) {
    const caller = await world.dial('514')
    await asks(caller, mark.matricule)
    const heardMs = await caller.hears(grades, 'success', mark)
    waits.push(heardMs - caller.lastKeyMs)
    await caller.hangsUp()
  }
  // The sound of waiting stopped, the time limit set, the sentence begun.
  const bareMs = median(lookups) + 3 * median(hops)
  return [
    { name: 'lookup through the packaged function', value: lookupMs, unit: 'ms' },
    { name: 'one invocation and one read', value: readMs, unit: 'ms' },
    {
      name: 'lookup',
      value: lookupMs / readMs,
      unit: '',
      target: 'at most 1.5',
      ratioTo: 'one invocation and one read',
    },
    { name: 'lookup beyond those', value: lookupMs - readMs, unit: 'ms' },
    { name: 'its writes: two counters of tries and the audit', value: 3 * writeMs, unit: 'ms' },
    { name: 'its HMACs: student, caller and PIN', value: hmacsMs(), unit: 'ms' },
    { name: 'last key to first sound, median', value: median(waits), unit: 'ms' },
    { name: 'last key to first sound, 95 %', value: quantile(waits, 0.95), unit: 'ms' },
    { name: 'its bare hops: a lookup and three requests to ARI', value: bareMs, unit: 'ms' },
    { name: 'last key to first sound', value: median(waits) / bareMs, unit: '', ratioTo: 'its bare hops' },
  ]
}

/** A PIN is kept as an HMAC under a pepper, not as a hash that is slow on purpose: so few digits would be tried in any case. */
function hmacsMs(): number {
  const began = performance.now()
  for (let n = 0; n < hmacs; n++)
    for (const kind of ['matricule', 'caller', 'pin'] as const) fingerprint('pepper', kind, 'office', mark.matricule)
  return (performance.now() - began) / hmacs
}
