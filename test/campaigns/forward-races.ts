import { siteOfKinds } from '../pbx/support/call-kinds.ts'
import { type Stack, startStack } from '../pbx/support/stack.ts'
import { Random } from '../support/random.ts'
import { until } from '../support/until.ts'

/**
 * Goal: when phones and the API change the forwarding of an extension concurrently, both show the value of astDB in the end.
 * Method: real phones dial 88888 while the API sets and clears forwards; astDB is read at Asterisk's console.
 *
 * `npm run campaign -- forward-races [--races N]`
 */
const racesDefault = 200
/** Concurrent races: each takes seconds, since a phone hears a prompt before it dials the number. */
const extensions = ['60', '61', '62']

export async function main(args: string[]): Promise<void> {
  const at = args.indexOf('--races')
  const races = at < 0 ? racesDefault : Number(args[at + 1])
  await using it = await startStack({ changeSite: siteOfKinds })
  const path = '/v1/sites/office/extensions/62/forward'
  const isKnown = async () => (await it.deployment.call('GET', path, { key: it.site.apiKey })).status === 200
  await until('the phones to be known', isKnown, 60_000)
  const { changed } = await raceForwards(it, races)
  console.log(`${races} races, ${changed} where the two wrote differently; both sides agreed with astDB after each`)
}

/** Throws at the first race after which phone, API and astDB differ. */
export async function raceForwards(it: Stack, races: number): Promise<{ changed: number }> {
  const random = new Random(7)
  let changed = 0
  for (let done = 0; done < races; done += extensions.length) {
    const some = extensions.slice(0, races - done)
    const outcomes = await Promise.all(some.map((extension) => raceOne(it, extension, random.below(1_500))))
    changed += outcomes.filter((differs) => differs).length
  }
  return { changed }
}

async function raceOne(it: Stack, extension: string, jitterMs: number): Promise<boolean> {
  const isSet = (await stored(it, extension)) !== ''
  // If a forward is set, dialling clears it; otherwise the phone hears a prompt and dials a colleague's number.
  const [digits, apiAfterMs] = isSet ? ['', jitterMs / 4] : [extension === '60' ? '61' : '60', 2_500 + jitterMs]
  const phone = it.pbx.phones.call({ from: extension, to: '88888', digits, pressAfterMs: 2_500, talkMs: 6_000 })
  await new Promise<void>((resolve) => setTimeout(resolve, apiAfterMs))
  const target = isSet && jitterMs % 2 === 0 ? '' : '0479000060'
  const api = ask(it, target === '' ? 'DELETE' : 'PUT', extension, target)
  const [call] = await Promise.all([phone, api])
  await call.ended
  let agreed = ''
  await until(`${extension} to be the same on both sides`, async () => {
    const [kept, told] = [await stored(it, extension), await shown(it, extension)]
    agreed = kept
    // The same value twice means that no change is still under way.
    return kept === told && (await stored(it, extension)) === kept
  })
  return agreed !== (target === '' ? '' : `0${target}`)
}

function ask(it: Stack, method: string, extension: string, target = '') {
  const body = target === '' ? {} : { body: { target } }
  return it.deployment.call(method, `/v1/sites/office/extensions/${extension}/forward`, {
    key: it.site.apiKey,
    ...body,
  })
}

async function stored(it: Stack, extension: string): Promise<string> {
  return /Value: (.*)/.exec(await it.pbx.pbx.cli(`database get renvoi ${extension}`))?.[1]?.trim() ?? ''
}

async function shown(it: Stack, extension: string): Promise<string> {
  const { always } = (await (await ask(it, 'GET', extension)).json()) as { always?: { target: string } }
  return always?.target ?? ''
}
