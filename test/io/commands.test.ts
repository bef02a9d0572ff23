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

function placeCommand(
  over: Partial<Extract<Command, { command: 'place' }>> = {},
): Extract<Command, { command: 'place' }> {
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

/** A command executor on a real journal; `post` simulates Asterisk's answer to POST /channels. */
async function createWorld(post: () => Promise<unknown> = async () => ({})) {
  const folder = await mkdtemp(path.join(tmpdir(), 'commands-'))
  const journal = new Journal(folder)
  await journal.open(now - 1000)
  const posts: unknown[] = []
  const published: string[] = []
  let clock = now + 1000
  const begin = () => {
    const placed = new PlacedCalls()
    const presence = {
      publishPlaced: (call: string) => void published.push(JSON.stringify(placed.get(call))),
      channelsOf: () => [],
      phones: { hasForwarding: true },
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
    const setPace = (paceMs: number) => void published.push(`pace ${paceMs}`)
    const dialPlan = { set: async (...entry: unknown[]) => void posts.push(entry.slice(0, 3)) }
    const parts = {
      dialPlan,
      days: { offer: silent },
      eraser: { offer: silent },
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
    published,
    journal,
    begin,
    at: (ms: number) => {
      clock = ms
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}
const signal = new AbortController().signal
const deleteMessage = async () => undefined

test('openCommand accepts a command signed for the site, and rejects another site, changed data and invalid JSON', () => {
  const text = signCommand('lyon-1', placeCommand(), privateKey)
  expect(openCommand(text, 'lyon-1', publicKey)).toEqual(placeCommand())
  expect(() => openCommand(text, 'lyon-2', publicKey)).toThrow('not signed')
  const body = JSON.parse(text)
  for (const [name, wrong] of [
    ['data', Buffer.from(JSON.stringify(placeCommand({ extension: '0033' }))).toString('base64')],
    ['signature', Buffer.alloc(64).toString('base64')],
    ['site', 'lyon-2'],
  ]) {
    expect(() => openCommand(JSON.stringify({ ...body, [String(name)]: wrong }), 'lyon-1', publicKey)).toThrow()
  }
  expect(() => openCommand('{', 'lyon-1', publicKey)).toThrow('not a command')
})

test.each([
  ['an endpoint that forks to two phones', { endpoint: 'PJSIP/5860&PJSIP/5861' }],
  ['a Local channel', { endpoint: 'Local/5860@internes' }],
  ['an extension with letters', { extension: '61@sortants' }],
  ['CR and LF in a caller id', { callerId: '33\r\nX: y' }],
])('openCommand rejects a correctly signed command with %s', (_, over) => {
  expect(() => openCommand(signCommand('lyon-1', placeCommand(over), privateKey), 'lyon-1', publicKey)).toThrow()
})

test('a command to place a call that is delivered six times, to two processes of the bridge, rings once', async () => {
  await using it = await createWorld()
  for (let run = 0; run < 2; run += 1) {
    const execute = it.begin()
    await Promise.all([1, 2, 3].map(() => execute.run(placeCommand(), deleteMessage, signal)))
  }
  expect(it.posts).toHaveLength(1)
  expect(it.posts[0]).toMatchObject({ channelId: placeCommand().call, context: 'click2call', timeout: 30 })
})

test('after a crash between claiming a command and placing its call, it never rings, and the next start finds the claim', async () => {
  await using it = await createWorld()
  const crash = async () => {
    throw new Error('killed')
  }
  await expect(it.begin().run(placeCommand(), crash, signal)).rejects.toThrow('killed')
  await it.begin().run(placeCommand(), deleteMessage, signal)
  expect(it.posts).toEqual([])
  expect((await it.journal.open(now)).map(({ call }) => call)).toEqual([placeCommand().call])
  await it.journal.noteEnded(placeCommand().call)
  expect(await it.journal.open(now)).toEqual([])
})

test('a command past its deadline ends as expired without ringing', async () => {
  await using it = await createWorld()
  it.at(now + 15_001)
  await it.begin().run(placeCommand(), deleteMessage, signal)
  expect(it.posts).toEqual([])
  expect(it.published.map((text) => JSON.parse(text).result)).toEqual(['expired'])
})

test('with a new journal, does not ring for a command issued before the journal was created', async () => {
  await using it = await createWorld()
  const early = placeCommand({ issuedAt: iso(now - 5_000) })
  await it.begin().run(early, deleteMessage, signal)
  expect(it.posts).toEqual([])
})

test('a call whose hang-up arrives before its place command ends as cancelled and never rings', async () => {
  await using it = await createWorld()
  const execute = it.begin()
  const { call, issuedAt, deadline } = placeCommand()
  await execute.run({ command: 'hang-up', call, issuedAt, deadline }, deleteMessage, signal)
  await execute.run(placeCommand(), deleteMessage, signal)
  expect(it.posts).toEqual([])
  expect(it.published.map((text) => JSON.parse(text).result)).toEqual(['cancelled'])
})

test('publishes the result of a failed originate, and never retries it', async () => {
  for (const [error, stage, result] of [
    [new AriRefusedError(500, 'POST /channels'), 'ended', 'unreachable'],
    [new AriRefusedError(400, 'POST /channels'), 'ended', 'failed'],
    [new AriUnreachableError('no answer'), 'ended', 'unknown'],
    [new AriUnreachableError('reset', { cause: code('ECONNRESET') }), 'ended', 'unknown'],
    [new AriUnreachableError('refused', { cause: code('ECONNREFUSED') }), 'ended', 'failed'],
  ] as const) {
    await using it = await createWorld(() => Promise.reject(error))
    const execute = it.begin()
    await execute.run(placeCommand(), deleteMessage, signal)
    await execute.run(placeCommand(), deleteMessage, signal)
    expect(it.posts).toHaveLength(1)
    expect(JSON.parse(it.published.at(-1) ?? '')).toMatchObject({ stage, result })
  }
})
