import { readFile } from 'node:fs/promises'
import path from 'node:path'
import * as v from 'valibot'
import { Call } from '../contracts/calls.ts'
import { type Stack, startStack } from '../test/pbx/support/stack.ts'
import { until } from '../test/support/until.ts'
import { callHops } from './call-parts/hops.ts'
import { type Figure, median, quantile } from './figure.ts'

const callsDefault = 60
/** Of what is measured, the first ones warm up. */
const warm = 5

/**
 * `npm run bench -- call [--calls 60]`: from `POST /calls` to the first INVITE at the phone, through the local cloud, the
 * bridge and a real Asterisk, beside its bare hops, which are measured in turn with it.
 */
export async function measure(args: string[]): Promise<Figure[]> {
  const at = args.indexOf('--calls')
  const calls = at < 0 ? callsDefault : Number(args[at + 1])
  await using it = await startStack()
  await using parts = new AsyncDisposableStack()
  await prepare(it)
  const hops = await callHops(it, parts)
  const functionMs: number[] = []
  parts.defer(
    it.deployment.cloud.onFunctionLine(({ line }) => {
      const served = readServed(line)
      if (served !== undefined) functionMs.push(served)
    }),
  )
  const taken = hops.map((): number[] => [])
  const found: { answered: number; whole: number; call: string; at: number }[] = []
  for (let n = 0; n < calls + warm; n += 1) {
    const one = await callOnce(it, n)
    if (n >= warm) found.push(one)
    for (const [i, { run }] of hops.entries()) {
      const started = performance.now()
      await run()
      const ms = i === hops.length - 1 ? (it.pbx.phones.rings.at(-1) ?? 0) - started : performance.now() - started
      if (n >= warm) taken[i]?.push(ms)
    }
  }
  const sent = await sentMs(it)
  const ms = (name: string, value: number): Figure => ({ name, value, unit: 'ms' })
  const each = hops.map(({ name, times }, i) => ({ name, times, p50: median(taken[i] ?? []) }))
  const sum = each.reduce((total, { times, p50 }) => total + times * p50, 0)
  const whole = found.map((one) => one.whole)
  const ratioTo = 'the sum of the bare hops'
  return [
    ...each.map(({ name, times, p50 }) => ms(`bare ${name}${times > 1 ? `, each of ${times}` : ''}, p50`, p50)),
    ms('sum of the bare hops', sum),
    ms('POST to first INVITE, p50', median(whole)),
    ms('POST to first INVITE, p99', quantile(whole, 0.99)),
    { name: 'POST to first INVITE, p50', value: median(whole) / sum, unit: '', target: 'at most 1.5', ratioTo },
    ms('  of it: in the function, its answer too', median(functionMs)),
    ms('  until the API has answered', median(found.map(({ answered }) => answered))),
    ms(
      '  until the bridge noted that Asterisk has it',
      median(found.map(({ call, at }) => (sent.get(call) ?? at) - at)),
    ),
  ]
}

async function prepare({ deployment, pbx }: Stack): Promise<void> {
  const settings = { callsAtOnce: 1_000, callsPerMinute: 1_000, callsPerDay: 10_000 }
  await deployment.call('PATCH', '/v1/sites/office', { key: deployment.cloud.adminKey, body: { settings } })
  // Busy at once: the call is over, and the next one is not in its way.
  for (const number of ['60', '61']) await pbx.phones.setBehaviour(number, { kind: 'busy' })
}

async function callOnce({ deployment, site, pbx }: Stack, n: number) {
  const rings = pbx.phones.rings.length
  const [started, at] = [performance.now(), Date.now()]
  const response = await fetch(`${deployment.cloud.httpUrl}/v1/sites/office/calls`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${site.apiKey}`,
      'content-type': 'application/json',
      'idempotency-key': `bench-${n}`,
    },
    body: '{"from":"5860","to":"61"}',
  })
  const answered = performance.now() - started
  const body: unknown = await response.json()
  if (response.status !== 202) throw new Error(`${response.status} ${JSON.stringify(body)}`)
  const rung = await until('the phone to be called', async () => pbx.phones.rings[rings])
  return { answered, whole: rung - started, call: v.parse(Call, body).call, at }
}

const Served = v.looseObject({ outcome: v.literal('http'), route: v.string(), status: v.literal(202), ms: v.number() })

/** Of a function's log line on a call that was accepted: how long it took, whole milliseconds. */
function readServed(text: string): number | undefined {
  // Lambda's own lines are no JSON; one may stand before ours on the line.
  const at = text.indexOf('{"level"')
  if (at < 0 || !text.includes('"http"')) return undefined
  const served = v.safeParse(Served, JSON.parse(text.slice(at)))
  return served.success ? served.output.ms : undefined
}

const Noted = v.looseObject({
  time: v.string(),
  event: v.literal('command'),
  call: v.string(),
  outcome: v.literal('sent'),
})

/** When the bridge's log says that Asterisk has taken each order, Unix milliseconds. */
async function sentMs({ bridgeFolder }: Stack): Promise<Map<string, number>> {
  const lines = (await readFile(path.join(bridgeFolder, 'bridge.log'), 'utf8'))
    .split('\n')
    .filter((line) => line !== '')
  return new Map(
    lines.flatMap((line): [string, number][] => {
      const noted = v.safeParse(Noted, JSON.parse(line))
      return noted.success ? [[noted.output.call, Date.parse(noted.output.time)]] : []
    }),
  )
}
