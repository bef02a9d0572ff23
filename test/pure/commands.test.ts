import { generateKeyPairSync } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { AriRefusedError, AriUnreachableError } from '../../bridge/asterisk/ari-errors.ts'
import { CommandExecutor } from '../../bridge/commands/command-executor.ts'
import { Journal } from '../../bridge/commands/journal.ts'
import { PlacedCalls } from '../../bridge/normalise/placed-calls.ts'
import { Counters } from '../../bridge/operate/counters.ts'
import { type Command, openCommand, signCommand } from '../../contracts/commands.ts'

const { privateKey, publicKey } = generateKeyPairSync('ed25519')
const now = Date.parse('2026-11-24T08:00:00.000Z')
const code = (name: string) => Object.assign(new Error(name), { code: name })
const iso = (ms: number) => new Date(ms).toISOString()

function placing(over: Partial<Extract<Command, { command: 'place' }>> = {}): Extract<Command, { command: 'place' }> {
  return {
    command: 'place',
    call: 'sh-1795507200.0000000001',
    endpoint: 'PJSIP/5860',
    extension: '61',
    ringSeconds: 30,
    issuedAt: iso(now),
    deadline: iso(now + 15_000),
    ...over,
  }
}

/** A bridge's way of commands over a real journal; ARI is what `post` says. */
async function world(post: () => Promise<unknown> = async () => ({})) {
  const folder = await mkdtemp(path.join(tmpdir(), 'commands-'))
  const journal = new Journal(folder)
  await journal.open(now - 1000)
  const posts: unknown[] = []
  const told: string[] = []
  let clock = now + 1000
  const begin = () => {
    const placed = new PlacedCalls()
    const presence = {
      publishPlaced: (call: string) => void told.push(JSON.stringify(placed.get(call))),
      channelsOf: () => [],
    }
    const ari = {
      post: async (_: string, body: unknown) => {
        posts.push(body)
        return post()
      },
      get: async () => {
        throw new AriRefusedError(404, 'GET /channels')
      },
      delete: async () => undefined,
    }
    const silent = () => undefined
    const log = { debug: silent, info: silent, warn: silent, error: silent }
    const setPace = (paceMs: number) => void told.push(`pace ${paceMs}`)
    const dialPlan = { set: async (...entry: unknown[]) => void posts.push(entry.slice(0, 3)) }
    const parts = {
      dialPlan,
      days: { offer: silent },
      ari,
      journal,
      placed,
      presence,
      setPace,
      counters: new Counters(),
      log,
    }
    return new CommandExecutor({ ...parts, nowMs: () => clock })
  }
  return {
    posts,
    told,
    journal,
    begin,
    at: (ms: number) => {
      clock = ms
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}
const signal = new AbortController().signal
const nothing = async () => undefined

test('a command opens with the key that signed it, for its site alone, and not once a bit is changed', () => {
  const text = signCommand('lyon-1', placing(), privateKey)
  expect(openCommand(text, 'lyon-1', publicKey)).toEqual(placing())
  expect(() => openCommand(text, 'lyon-2', publicKey)).toThrow('not signed')
  const body = JSON.parse(text)
  for (const [name, wrong] of [
    ['data', Buffer.from(JSON.stringify(placing({ extension: '0033' }))).toString('base64')],
    ['signature', Buffer.alloc(64).toString('base64')],
    ['site', 'lyon-2'],
  ]) {
    expect(() => openCommand(JSON.stringify({ ...body, [String(name)]: wrong }), 'lyon-1', publicKey)).toThrow()
  }
  expect(() => openCommand('{', 'lyon-1', publicKey)).toThrow('not a command')
})

test.each([
  ['a fork', { endpoint: 'PJSIP/5860&PJSIP/5861' }],
  ['a Local channel', { endpoint: 'Local/5860@internes' }],
  ['letters to dial', { extension: '61@sortants' }],
  ['CR and LF in a caller id', { callerId: '33\r\nX: y' }],
])('a signed command with %s is refused all the same', (_, over) => {
  expect(() => openCommand(signCommand('lyon-1', placing(over), privateKey), 'lyon-1', publicKey)).toThrow()
})

test('a command delivered five times, by two runs of the bridge, rings once', async () => {
  await using it = await world()
  for (let run = 0; run < 2; run += 1) {
    const execute = it.begin()
    await Promise.all([1, 2, 3].map(() => execute.run(placing(), nothing, signal)))
  }
  expect(it.posts).toHaveLength(1)
  expect(it.posts[0]).toMatchObject({ channelId: placing().call, context: 'click2call', timeout: 30 })
})

test('a crash between the claim and the order rings nothing, and the claim is found at the next start', async () => {
  await using it = await world()
  const crash = async () => {
    throw new Error('killed')
  }
  await expect(it.begin().run(placing(), crash, signal)).rejects.toThrow('killed')
  await it.begin().run(placing(), nothing, signal)
  expect(it.posts).toEqual([])
  expect((await it.journal.open(now)).map(({ call }) => call)).toEqual([placing().call])
  await it.journal.noteEnded(placing().call)
  expect(await it.journal.open(now)).toEqual([])
})

test('past its deadline, also while it was being claimed, a command ends as expired', async () => {
  await using it = await world()
  it.at(now + 15_001)
  await it.begin().run(placing(), nothing, signal)
  expect(it.posts).toEqual([])
  expect(it.told.map((text) => JSON.parse(text).result)).toEqual(['expired'])
})

test('without a journal, what was asked before the bridge started is not rung', async () => {
  await using it = await world()
  const early = placing({ issuedAt: iso(now - 5_000) })
  await it.begin().run(early, nothing, signal)
  expect(it.posts).toEqual([])
})

test('cancelled before its order came, a call never rings', async () => {
  await using it = await world()
  const execute = it.begin()
  const { call, issuedAt, deadline } = placing()
  await execute.run({ command: 'hang-up', call, issuedAt, deadline }, nothing, signal)
  await execute.run(placing(), nothing, signal)
  expect(it.posts).toEqual([])
  expect(it.told.map((text) => JSON.parse(text).result)).toEqual(['cancelled'])
})

test('what Asterisk refuses is told as it is, what it does not answer is not tried again', async () => {
  for (const [error, stage, result] of [
    [new AriRefusedError(500, 'POST /channels'), 'ended', 'unreachable'],
    [new AriRefusedError(400, 'POST /channels'), 'ended', 'failed'],
    [new AriUnreachableError('no answer'), 'ended', 'unknown'],
    [new AriUnreachableError('reset', { cause: code('ECONNRESET') }), 'ended', 'unknown'],
    [new AriUnreachableError('refused', { cause: code('ECONNREFUSED') }), 'ended', 'failed'],
  ] as const) {
    await using it = await world(() => Promise.reject(error))
    const execute = it.begin()
    await execute.run(placing(), nothing, signal)
    await execute.run(placing(), nothing, signal)
    expect(it.posts).toHaveLength(1)
    expect(JSON.parse(it.told.at(-1) ?? '')).toMatchObject({ stage, result })
  }
})
