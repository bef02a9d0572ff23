import { type Figure, median, quantile } from './figure.ts'
import { ringingToReceiver } from './webhook-parts/path.ts'
import { deliveriesPerSecond } from './webhook-parts/rate.ts'

const callsDefault = 40

/**
 * `npm run bench -- webhooks [--calls 40]`: from the ringing of a phone of a real Asterisk to the request at a receiver, beside its bare
 * hops; and what one instance delivers, beside bare posts with a write for each.
 */
export async function measure(args: string[]): Promise<Figure[]> {
  const at = args.indexOf('--calls')
  const calls = at < 0 ? callsDefault : Number(args[at + 1])
  const { whole, hops } = await ringingToReceiver(calls)
  const { delivered, bare } = await deliveriesPerSecond()
  const sum = hops.reduce((total, { times, ms }) => total + times * median(ms), 0)
  const ms = (name: string, value: number): Figure => ({ name, value, unit: 'ms' })
  return [
    ...hops.map(({ name, times, ms: taken }) =>
      ms(`bare ${name}${times > 1 ? `, each of ${times}` : ''}, p50`, median(taken)),
    ),
    ms('sum of the bare hops', sum),
    ms('ringing to receiver, p50', median(whole)),
    ms('ringing to receiver, p99', quantile(whole, 0.99)),
    {
      name: 'ringing to receiver, p50',
      value: median(whole) / sum,
      unit: '',
      target: 'at most 1.5',
      ratioTo: 'the sum of the bare hops',
    },
    { name: 'bare posts with a write each', value: bare, unit: '/s' },
    { name: 'deliveries of one instance', value: delivered, unit: '/s' },
    {
      name: 'deliveries of one instance',
      value: delivered / bare,
      unit: '',
      target: 'at least 0.5',
      ratioTo: 'bare posts with a write each',
    },
  ]
}
