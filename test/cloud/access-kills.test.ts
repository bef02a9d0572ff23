import { generateKeyPairSync } from 'node:crypto'
import * as v from 'valibot'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { SiteRequest } from '../../contracts/site.ts'
import { identifyKey } from '../../functions/authorize/identify.ts'
import { numbering } from '../../functions/domain/phone-number.ts'
import { enrolBridge } from '../../functions/http/bridges/enrol-bridge.ts'
import { makeCode } from '../../functions/http/bridges/make-code.ts'
import { revokeBridge } from '../../functions/http/bridges/revoke-bridge.ts'
import { makeKey } from '../../functions/http/keys/make-key.ts'
import { rotateKey } from '../../functions/http/keys/rotate-key.ts'
import { HttpProblemError } from '../../functions/http/problem.ts'
import { requestDeletion } from '../../functions/http/removals/request-removal.ts'
import { createSite } from '../../functions/http/sites/create-site.ts'
import { removeData } from '../../functions/queues/remove-data/remove-data.ts'
import { writeExports } from '../../functions/queues/write-exports/write-export.ts'
import { makeSecrets } from '../../infra/build/secrets.ts'
import { type AccessWorld, accessWorld } from '../support/access-world.ts'
import { makeCdr } from '../support/cdrs.ts'
import { killBetweenWrites, type Process } from '../support/killed-writes.ts'
import { startTables, type TestTables } from '../support/tables.ts'

/**
 * Goal: an operation on a site's access leaves one of two states, whenever its function is killed.
 * Method: the process is killed before its first write, its second and so on; then the state is checked as a caller sees it,
 * and the operation is repeated.
 */
const secrets = makeSecrets()
const { pepper } = secrets
const admin = { kind: 'admin' } as const
const now = Date.UTC(2026, 10, 24)
const minute = 60_000
let tables: TestTables
beforeAll(async () => {
  vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  tables = await startTables()
})
afterAll(async () => tables[Symbol.asyncDispose]())

/** Existing command queues, by URL. */
const queues = new Set<string>()

const world = (process?: Process) => accessWorld(tables, queues, process)
type World = AccessWorld
const bridgeOf = ({ directory, bridges, commandQueues }: World) => ({
  directory,
  bridges,
  commands: commandQueues,
  signingKey: async () => generateKeyPairSync('ed25519').privateKey,
  stages: [],
})

const make = (site: string, { directory, keys, bridges, sites, commandQueues }: World, at = now) => {
  const request = v.parse(SiteRequest, { site, name: site })
  return createSite(request, { directory, keys, bridges, sites, commandQueues, pepper, caller: admin, now: at })
}
const opens = async (key: string, at = now) =>
  (await identifyKey(`Bearer ${key}`, secrets, world().keys, at)).kind === 'key'
const rowsOf = async (site: string) =>
  (await tables.items()).filter(({ pk, sk }) => [pk, sk].some((key) => key === site || `${key}`.startsWith(`${site}#`)))

test('if its function is killed, the creation of a site has no visible effect, and the next request creates it completely', async () => {
  const kills = await killBetweenWrites(
    async (process, site) => void (await make(site, world(process))),
    async (site, wasKilled) => {
      const { directory, keys, bridges } = world()
      expect((await directory.find(site)) !== undefined, site).toBe(!wasKilled)
      if (wasKilled) await make(site, world(), now + minute)
      expect(await keys.list(site), site).toHaveLength(1)
      expect(await bridges.list(site), site).toHaveLength(1)
      expect(
        [...queues].filter((url) => url.startsWith(`queue-${site}-`)),
        site,
      ).toHaveLength(1)
      await expect(make(site, world(), now + 2 * minute)).rejects.toThrow(HttpProblemError)
    },
  )
  expect(kills).toBeGreaterThanOrEqual(5)
})

test('if an enrolment is killed, its code is unused or its bridge enrolled; only that bridge may repeat the enrolment', async () => {
  const pem = () => generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString()
  const codes = new Map<string, { code: string; key: string; publicKey: string }>()
  const enrol = (code: string, publicKey: string, { directory, bridges }: World) =>
    enrolBridge(
      { code, publicKey },
      { sites: directory, bridges, queues: { live: 'l', records: 'r' }, region: 'x', deploymentPublicKey: 'p', now },
    )
  const kills = await killBetweenWrites(
    async (process, ground) => {
      const site = `enrol-${ground}`
      const { enrolment } = await make(site, world())
      const one = { code: enrolment.code, key: enrolment.key, publicKey: pem() }
      codes.set(ground, one)
      await enrol(one.code, one.publicKey, world(process))
    },
    async (ground, wasKilled) => {
      const { code, key, publicKey } = codes.get(ground) ?? { code: '', key: '', publicKey: '' }
      const isEnrolled = (await world().bridges.bridgeKey(`enrol-${ground}`, key)) !== undefined
      expect(isEnrolled).toBe(!wasKilled)
      await enrol(code, publicKey, world())
      await expect(enrol(code, pem(), world())).rejects.toMatchObject({ errorId: 'code-invalid' })
      expect(await world().bridges.bridgeKey(`enrol-${ground}`, key)).toBeDefined()
    },
  )
  expect(kills).toBe(1)
})

test('enrols only one of 20 bridges that use the same code concurrently', async () => {
  await make('race', world())
  const { code } = await makeCode('race', { caller: admin, bridges: world().bridges, now })
  const { directory: sites, bridges } = world()
  const enrolling = { sites, bridges, queues: { live: 'l', records: 'r' }, region: 'x', deploymentPublicKey: 'p', now }
  const tries = await Promise.allSettled(
    Array.from({ length: 20 }, () => {
      const { publicKey } = generateKeyPairSync('ed25519')
      return enrolBridge({ code, publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString() }, enrolling)
    }),
  )
  expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
})

test('if a key rotation is killed, the old secret keeps working, and a repeated rotation replaces it after the overlap', async () => {
  const made = new Map<string, { key: string; secret: string }>()
  const rotate = async (key: string, { keys }: World) =>
    rotateKey(
      key,
      { overlapSeconds: 60 },
      { giver: { caller: admin, row: undefined }, site: 'rotate', pepper, keys, now },
    )
  const kills = await killBetweenWrites(
    async (process, ground) => {
      const { keys } = world()
      const key = await makeKey(
        { name: 'k', role: 'viewer' },
        { giver: { caller: admin, row: undefined }, site: 'rotate', pepper, keys, now },
      )
      made.set(ground, key)
      await rotate(key.key, world(process))
    },
    async (ground) => {
      const { key, secret } = made.get(ground) ?? { key: '', secret: '' }
      expect(await opens(secret)).toBe(true)
      const { secret: next } = await rotate(key, world())
      expect([await opens(secret), await opens(next)]).toEqual([true, true])
      const late = now + minute
      expect([await opens(secret, late), await opens(next, late)]).toEqual([false, true])
    },
  )
  expect(kills).toBe(1)
})

test('if the revocation of a bridge is killed, a second request revokes the bridge and replaces its command queue', async () => {
  const enrolled = new Map<string, string>()
  const revoke = async (site: string, key: string, { directory, bridges, commandQueues }: World) =>
    revokeBridge(site, key, { directory, bridges, commandQueues, now })
  const kills = await killBetweenWrites(
    async (process, ground) => {
      const site = `bridge-${ground}`
      const { enrolment } = await make(site, world())
      const { directory: sites, bridges } = world()
      const publicKey = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString()
      const enrolling = { sites, bridges, queues: { live: 'l', records: 'r' }, region: 'x', deploymentPublicKey: 'p' }
      await enrolBridge({ code: enrolment.code, publicKey }, { ...enrolling, now })
      enrolled.set(ground, enrolment.key)
      await revoke(site, enrolment.key, world(process))
    },
    async (ground) => {
      const [site, key] = [`bridge-${ground}`, enrolled.get(ground) ?? '']
      const first = `queue-${site}-${Math.floor(now / 1000)}`
      await revoke(site, key, world())
      expect(await world().bridges.bridgeKey(site, key)).toBeUndefined()
      const { commandQueue } = (await world().directory.find(site)) ?? {}
      expect(commandQueue?.url).not.toBe(first)
      expect(queues.has(commandQueue?.url ?? '')).toBe(true)
    },
  )
  expect(kills).toBe(4)
})

test('if the deletion of a site is killed, the site is whole or deleted, and its rows are removed without a new request', async () => {
  const secretsOf = new Map<string, string>()
  const passes = async (site: World, from = now) => {
    const { removals, tables: partitions } = site
    const numberingOf = async () => numbering('FR')
    const removing = {
      removals,
      deleting: site,
      erasing: { numberingOf, cdrs: site.erasure, tables: partitions, items: site.items, others: [] },
      bridge: bridgeOf(site),
      exports: site.exports,
    }
    for (let n = 0; n < 5; n++) {
      const at = from + n * 2 * minute
      await removeData(removing, at, '2026-10')
      await writeExports({ ...site.exports, now: at + 2 * minute })
    }
  }
  const kills = await killBetweenWrites(
    async (process, site) => {
      const ground = `delete-${site}`
      const { apiKey } = await make(ground, world())
      secretsOf.set(site, apiKey)
      await world().cdrs.put(ground, makeCdr(1), undefined, numbering('FR'))
      await requestDeletion(ground, { ...world(process), now })
      await passes(world(process))
    },
    async (site) => {
      const ground = `delete-${site}`
      await passes(world(), now + minute)
      const row = await world().directory.row(ground)
      const isWhole = row?.state === 'live'
      expect(await opens(secretsOf.get(site) ?? ''), site).toBe(isWhole)
      if (!isWhole)
        expect(
          (await rowsOf(ground)).map(({ pk }) => pk),
          site,
        ).toEqual([`${ground}#RCPT`])
      else await passesAfterAsking(ground)
    },
  )
  expect(kills).toBeGreaterThanOrEqual(8)

  async function passesAfterAsking(ground: string): Promise<void> {
    expect((await rowsOf(ground)).length).toBeGreaterThan(5)
    await requestDeletion(ground, { ...world(), now })
    await passes(world())
    expect((await rowsOf(ground)).map(({ pk }) => pk)).toEqual([`${ground}#RCPT`])
  }
})
