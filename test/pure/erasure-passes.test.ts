import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { beforeAll, expect, test, vi } from 'vitest'
import { openCommand } from '../../contracts/commands.ts'
import { cdrId } from '../../contracts/events.ts'
import { numberSearch } from '../../contracts/numbers/number-search.ts'
import { openBody, packBody, unverifiedLines } from '../../contracts/packed-body.ts'
import { createErasing } from '../../functions/domain/personal/erasing.ts'
import { numbering } from '../../functions/domain/phone-number.ts'
import { requestErasure } from '../../functions/http/removals/request-removal.ts'
import { eraseDeadLetters } from '../../functions/queues/remove-data/erase-dead-letters.ts'
import { Pass } from '../../functions/queues/remove-data/pass.ts'
import { type RemovalDependencies, removeData } from '../../functions/queues/remove-data/remove-data.ts'
import { OutOfTimeError } from '../../functions/stores/table.ts'
import { documentClientOver, MemoryTable } from '../simulate/presence/table.ts'
import { accessWorld } from '../support/access-world.ts'
import { makeCdr } from '../support/cdrs.ts'
import { callFact, cdrEvent } from '../support/facts.ts'

/** Goal: an erasure is done only when tables, queues and the bridge have nothing of the number, and says what it waits for. */
beforeAll(() => void vi.spyOn(process.stdout, 'write').mockReturnValue(true))
const number = '0612345678'
const start = Date.parse('2026-11-24T08:00:00Z')
const minute = 60_000
const { privateKey, publicKey } = generateKeyPairSync('ed25519')

/** A site with erasures; `erase` does the work of a month. */
function createWorld(erase: (site: string, month: string) => void = () => undefined) {
  const memory = new MemoryTable()
  const db = documentClientOver(async (command) => memory.carryOut(command))
  const world = accessWorld({ db, table: 't' }, new Set())
  const sent: string[] = []
  const none = [{ waiting: 0, inFlight: 0 }]
  const state: { bridges: string[]; depths: typeof none; events: typeof none } = {
    bridges: [],
    depths: none,
    events: none,
  }
  const dependencies: RemovalDependencies = {
    removals: world.removals,
    deleting: world,
    erasing: {
      numberingOf: async () => numbering('FR', { outsidePrefix: '0' }),
      cdrs: { erase: async (site, month) => erase(site, month) },
      tables: { ...world.tables, records: { has: async () => true } },
      items: world.items,
      others: [],
    },
    bridge: {
      directory: {
        row: async (sk) => ({ sk, commandQueue: { url: 'commands', number: 1 } }) as never,
      },
      bridges: { list: async () => state.bridges.map((sk) => ({ sk, publicKey: 'pem' })) },
      commands: { send: async (_, body) => void sent.push(body) },
      signingKey: async () => privateKey,
      stages: [
        { depths: async () => state.depths, quietMs: 6 * minute },
        { depths: async () => state.events, quietMs: 21 * minute },
      ],
    },
    exports: world.exports,
  }
  const { removals } = world
  return {
    removals,
    sent,
    state,
    ask: async (site: string) => (await requestErasure(site, { number }, { removals, now: start })).id,
    pass: (atMinute: number) => removeData(dependencies, start + atMinute * minute, '2026-09'),
  }
}

test('an erasure that uses all the time of each invocation does not keep others from being completed', async () => {
  const { removals, ask, pass } = createWorld((site) => {
    if (site === 'stuck') throw new OutOfTimeError('the invocation has no time left')
  })
  for (const site of ['one', 'stuck', 'two']) await ask(site)
  for (let n = 0; n < 12; n += 1) await pass(n)
  expect((await removals.all()).map(({ site }) => site)).toEqual(['stuck'])
})

test('an erasure works on one month at a time, and an invocation continues with the step at which another one ended', async () => {
  const begun: string[] = []
  const { removals, ask, pass } = createWorld((_, month) => {
    begun.push(month)
    if (begun.length % 4 === 0) throw new OutOfTimeError('the invocation has no time left')
  })
  await ask('office')
  for (let n = 0; n < 4; n += 1) await pass(n)
  // Three kinds of rows a month; what was interrupted is begun again.
  const months = ['11', '11', '11', '10', '10', '10', '10', '09', '09', '09', '09'].map((month) => `2026-${month}`)
  expect(begun.slice(0, months.length)).toEqual(months)
  expect((await removals.all())[0]?.passedAt).toBeDefined()
})

test('while the bridge is offline the erasure says so and repeats its command; the confirmation and a pass after it complete it', async () => {
  const passes: number[] = []
  let at = 0
  const { removals, ask, pass, sent, state } = createWorld(() => passes.push(at))
  state.bridges = ['old', 'new']
  const id = await ask('office')
  const stateOf = async () => (await removals.receipt('office', id))?.state
  for (at = 0; at < 30; at += 1) await pass(at)
  expect(await stateOf()).toBe('waiting-for-bridge')
  // Waiting costs no pass over the data.
  expect(new Set(passes)).toEqual(new Set([0]))
  expect(sent.length).toBe(30)
  const command = openCommand(sent[29] ?? '', 'office', publicKey)
  expect(command).toMatchObject({ command: 'erase', erasure: id, number, country: 'FR', outsidePrefix: '0' })
  expect(await removals.receipt('office', id)).toMatchObject({ waitingFor: ['old', 'new'] })
  // All bridges of a site read the same queue: each has to confirm, and one twice is not two.
  await removals.confirm('office', id, 'new', { 'records in quarantine': 2 }, start + 30 * minute)
  await removals.confirm('office', id, 'new', { 'records in quarantine': 2 }, start + 30 * minute)
  for (at = 30; at < 33; at += 1) await pass(at)
  expect(await removals.receipt('office', id)).toMatchObject({ state: 'waiting-for-bridge', waitingFor: ['old'] })
  expect(sent.length).toBe(33)
  await removals.confirm('office', id, 'old', { 'claims of calls': 1 }, start + 33 * minute)
  expect(await stateOf()).toBe('running')
  for (at = 33; (await stateOf()) === 'running' && at < 50; at += 1) await pass(at)
  // A minute and a quarter for each stage of queues, whose counts are a minute late.
  expect([at, passes.filter((one) => one > 0).length > 0]).toEqual([38, true])
  const removed = { 'records in quarantine': 2, 'claims of calls': 1 }
  const receipt = await removals.receipt('office', id)
  expect([receipt?.state, receipt?.removed, receipt?.waitingFor]).toEqual(['done', removed, undefined])
  expect([sent.length, JSON.stringify(await removals.all())]).toEqual([33, '[]'])
  await removals.confirm('office', 'unknown', 'new', { x: 1 }, start)
  expect(await removals.all()).toEqual([])
})

test('a bridge that is revoked is not waited for', async () => {
  const { removals, ask, pass, state } = createWorld()
  state.bridges = ['gone', 'here']
  const id = await ask('office')
  await pass(0)
  await removals.confirm('office', id, 'here', {}, start)
  await pass(1)
  expect((await removals.receipt('office', id))?.state).toBe('waiting-for-bridge')
  state.bridges = ['here']
  for (let n = 2; n < 8; n += 1) await pass(n)
  expect((await removals.receipt('office', id))?.state).toBe('done')
})

test('an erasure waits for messages in the queues: until they are empty, or few for so long that each was handled', async () => {
  const { removals, ask, pass, state } = createWorld()
  const id = await ask('office')
  const doneAt = async (from: number, to: number) => {
    for (let n = from; n < to; n += 1) {
      await pass(n)
      if ((await removals.receipt('office', id))?.state === 'done') return n
    }
    return undefined
  }
  state.depths = [{ waiting: 5_000, inFlight: 10 }]
  expect(await doneAt(0, 20)).toBeUndefined()
  state.depths = [{ waiting: 20, inFlight: 10 }]
  expect(await doneAt(20, 23)).toBeUndefined()
  state.depths = [{ waiting: 200, inFlight: 10 }]
  expect(await doneAt(23, 24)).toBeUndefined()
  state.depths = [{ waiting: 3, inFlight: 1 }]
  state.events = [{ waiting: 101, inFlight: 0 }]
  expect(await doneAt(24, 60)).toBeUndefined()
  // An event waits up to five minutes and is received five times, three minutes apart.
  state.events = [{ waiting: 2, inFlight: 0 }]
  expect(await doneAt(60, 81)).toBeUndefined()
  expect(await doneAt(81, 90)).toBe(81)
})

const bridge = generateKeyPairSync('ed25519')
const pack = (site: string, lines: string[], key: KeyObject = bridge.privateKey) =>
  packBody(
    { site, key: 'bridge', lane: 'records' },
    lines.map((line) => Buffer.from(line)),
    (bytes) => sign(null, bytes, key),
  )

test('dead letters keep everything but the erased number, stay redrivable, and those of other sites are not touched', async () => {
  const anna = makeCdr(1, { src: number, clid: `"Anna" <${number}>`, uniqueid: `leg-${number}` })
  const raw = (n: number) => JSON.stringify({ ...cdrEvent('office', makeCdr(n)), time: '2026-11-24T08:00:00.000Z' })
  const hers = JSON.stringify({ ...cdrEvent('office', anna), data: { cdr: anna, raw: JSON.stringify(anna) } })
  const fact = callFact('office', [1, 1], 'live-1', 'ringing')
  const call = JSON.stringify({
    ...fact,
    data: { ...fact.data, caller: { number: '+33 6 12 34 56 78', name: 'Anna' } },
  })
  const garbage = `{"type":"switchhook.cdr.v1","data":{"src":"${number}"}}`
  const letters = [
    { body: pack('office', [raw(2), hers, call, garbage, 'no JSON']), line: 4 },
    { body: pack('office', [raw(2), garbage]), line: 1 },
    { body: pack('office', [hers], generateKeyPairSync('ed25519').privateKey), line: undefined },
    { body: `not packed ${number}`, line: undefined },
    { body: pack('office', [raw(3)]), line: undefined },
    { body: pack('other-office', [hers]), line: undefined },
    { body: 'not packed', line: undefined },
  ]
  const keys = new Map([['bridge', bridge.publicKey]])
  const bridges = {
    bridgeKey: async (_: string, key: string) => keys.get(key),
    putErasureKey: async (_: string, key: string, pem: string) => void keys.set(key, createPublicKey(pem)),
  }
  const left: (typeof letters)[number][] = []
  const each = async (rewrite: (letter: (typeof letters)[number]) => Promise<unknown>) => {
    for (const letter of letters) {
      const outcome = await rewrite(letter)
      if (outcome === 'keep') left.push(letter)
      else if (outcome !== 'delete') left.push(outcome as typeof letter)
    }
    return true
  }
  const erasing = createErasing(numberSearch(number, { country: 'FR' }), 'secret')
  const pass = new Pass({ months: [] } as never, async () => undefined)
  await eraseDeadLetters('office', erasing, pass, {
    queues: [{ name: 'records', holds: 'bodies', each, hidden: async () => 0 }],
    bridges,
    now: () => start,
  })
  expect(pass.hasFound).toBe(true)
  expect(left.slice(1)).toEqual(letters.slice(4))
  const [rewritten] = left
  const { lines, lane } = await openBody(rewritten?.body ?? '', bridges.bridgeKey)
  expect([lane, rewritten?.line, lines[0], lines[3]]).toEqual(['records', 3, raw(2), 'no JSON'])
  const [, record = '', told = ''] = lines
  const { id, data } = JSON.parse(record)
  expect(data.cdr).toMatchObject({
    src: '(erased)',
    clid: '(erased)',
    dst: anna.dst,
    uniqueid: erasing.newId(anna.uniqueid),
  })
  expect([id, data.raw]).toEqual([cdrId('office', data.cdr), undefined])
  expect(JSON.parse(told).data.caller).toEqual({ number: '(erased)', name: '(erased)' })
  expect((unverifiedLines(rewritten?.body ?? '') ?? []).filter(erasing.search.holds)).toEqual([])
  expect([...keys.keys()].filter((key) => key.startsWith('~erasure-')).length).toBe(1)
})

test('a search of dead letters waits until many that an earlier one has hidden are visible, and not for ever', async () => {
  let [hidden, searches, at, isOver] = [20_000, 0, start, false]
  const each = async () => {
    searches += 1
    return !isOver
  }
  const bridges = { bridgeKey: async () => undefined, putErasureKey: async () => undefined }
  const erasing = createErasing(numberSearch(number, { country: 'FR' }), 'secret')
  const queue = { name: 'live', holds: 'bodies', each, hidden: async () => hidden } as const
  let job: Record<string, unknown> = { months: [] }
  const search = async () => {
    const pass = new Pass(job as never, async (progress) => {
      job = { ...job, ...progress }
    })
    const failed = await eraseDeadLetters('office', erasing, pass, { queues: [queue], bridges, now: () => at }).then(
      () => undefined,
      (error: { errorId: string }) => error.errorId,
    )
    return [failed, searches, pass.hasFound]
  }
  expect(await search()).toEqual(['dead-letters-hidden', 0, false])
  at += 10 * minute
  expect(await search()).toEqual(['dead-letters-hidden', 0, false])
  // An invocation that goes on with a search has hidden letters itself, and does not wait for them.
  ;[hidden, isOver] = [0, true]
  expect(await search()).toEqual(['out-of-time', 1, false])
  ;[hidden, isOver] = [20_000, false]
  expect(await search()).toEqual([undefined, 2, false])
  // Letters that somebody else hides for longer than a search can: another pass follows.
  job = { months: [] }
  expect(await search()).toEqual(['dead-letters-hidden', 2, false])
  at += 12 * minute
  expect(await search()).toEqual([undefined, 3, true])
  // Few are those of an invocation that died: they cost one more pass, and no waiting.
  job = { months: [] }
  hidden = 3
  expect(await search()).toEqual([undefined, 4, true])
  job = { months: [] }
  hidden = 0
  expect(await search()).toEqual([undefined, 5, false])
})
