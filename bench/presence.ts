import { deploy } from '../test/support/deployment.ts'
import { type Figure, median, quantile } from './figure.ts'
import { cpuPerEvent } from './presence-parts/cpu.ts'
import { bareHops } from './presence-parts/hops.ts'
import { type Billed, billedMessages } from './presence-parts/money.ts'
import { type Passage, passages } from './presence-parts/path.ts'
import { postsPerSecond } from './presence-parts/posts.ts'
import { relayTimes } from './presence-parts/relay.ts'

/**
 * `npm run bench -- presence [--events 110]`: what an event takes from the bridge to a browser through the whole local
 * cloud, beside its bare hops and the report's own relay; the fan-out; CPU an event; billed messages.
 */
export async function measure(args: string[]): Promise<Figure[]> {
  const at = args.indexOf('--events')
  const events = at < 0 ? 110 : Number(args[at + 1])
  return [...(await path(events)), ...(await fanOutFigures()), ...cpuFigures(), ...(await moneyFigures())]
}

async function path(events: number): Promise<Figure[]> {
  await using deployment = await deploy()
  const site = await deployment.makeSite('office')
  const { accessKeyId, secretAccessKey } = deployment.cloud.credentials('operator')
  // What a function finds in its environment, for the parts of it that run here.
  Object.assign(process.env, {
    AWS_REGION: deployment.cloud.region,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_ENDPOINT_URL_SQS: deployment.cloud.endpoints.sqs,
  })
  const found = await passages(deployment, site, events)
  const hops = await bareHops(deployment, site)
  const relay = await relayTimes(events)
  const sum = Object.values(hops).reduce((total, times) => total + median(times), 0)
  const whole = found.map((one) => one.whole)
  const ms = (name: string, value: number): Figure => ({ name, value, unit: 'ms' })
  const stage = (name: string, part: keyof Passage) => ms(`  ${name}`, median(found.map((one) => one[part])))
  const ratioTo = 'the sum of the bare hops'
  return [
    ...Object.entries(hops).map(([name, times]) => ms(`bare ${name}, p50`, median(times))),
    ms('sum of the bare hops', sum),
    ms('event to browser, p50', median(whole)),
    ms('event to browser, p99', quantile(whole, 0.99)),
    { name: 'event to browser, p50', value: median(whole) / sum, unit: '', target: 'at most 1.5', ratioTo },
    { name: 'event to browser, p99', value: quantile(whole, 0.99) / sum, unit: '', target: 'at most 4', ratioTo },
    stage('of it: reduced and in the spool', 'spooled'),
    stage('of it: packed, signed, with SQS', 'sent'),
    stage('of it: until the function begins', 'begun'),
    stage('of it: written, subscribers read', 'written'),
    stage('of it: posted and shown', 'shown'),
    ms("the report's relay by socket.io, p50", median(relay)),
    ms("the report's relay by socket.io, p99", quantile(relay, 0.99)),
  ]
}

async function fanOutFigures(): Promise<Figure[]> {
  const { fanOut, bare } = await postsPerSecond()
  return [
    { name: 'bare posts over kept sockets', value: bare, unit: '/s' },
    { name: 'fan-out to 1,000 connections', value: fanOut, unit: '/s' },
    { name: 'fan-out', value: fanOut / bare, unit: '', target: 'at least 0.8', ratioTo: 'bare posts' },
  ]
}

function cpuFigures(): Figure[] {
  const { reduce, parse } = cpuPerEvent()
  return [
    { name: 'parse, CPU an event', value: parse, unit: 'us' },
    { name: 'reduce, diff and encode, CPU an event', value: reduce, unit: 'us' },
    {
      name: 'reduce, diff and encode, CPU an event',
      value: reduce / parse,
      unit: '',
      target: 'at most 2',
      ratioTo: 'parse',
    },
  ]
}

async function moneyFigures(): Promise<Figure[]> {
  const busy = await billedMessages(20, 60)
  const quiet = await billedMessages(1 / 60, 3_600)
  const dollars = ({ billed, calls }: Billed) => billed / calls
  const fewer = ({ oneAChange, billed }: Billed) => oneAChange / billed
  return [
    {
      name: 'billed messages, 20 calls a second, 50 subscribers',
      value: fewer(busy),
      unit: 'x fewer',
      target: 'at least 13',
      ratioTo: 'one a change',
    },
    { name: 'a million calls at 20 a second', value: dollars(busy), unit: '$' },
    { name: 'billed messages, a call a minute', value: fewer(quiet), unit: 'x fewer', ratioTo: 'one a change' },
    { name: 'a million calls at one a minute', value: dollars(quiet), unit: '$' },
  ]
}
