import { UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { expect, test } from 'vitest'
import { identifyKey } from '../../functions/authorize/identify.ts'
import { hashSecret, makeApiKey } from '../../functions/domain/api-key.ts'
import { KeyStore } from '../../functions/stores/keys.ts'
import { makeSecrets } from '../../infra/build/secrets.ts'
import { startTables } from '../support/tables.ts'

const hourMs = 3_600_000

test('writes the last use of a key once an hour, however many requests use it concurrently', async () => {
  await using tables = await startTables()
  let writes = 0
  const send = async (command: Parameters<typeof tables.db.send>[0]) => {
    const answer = await tables.db.send(command)
    if (command instanceof UpdateCommand) writes += 1
    return answer
  }
  const store = new KeyStore(Object.create(tables.db, { send: { value: send } }) as typeof tables.db, tables.table)
  const secrets = makeSecrets()
  const key = makeApiKey()
  const now = Date.UTC(2026, 10, 24, 9)
  const row = { site: 'office', kind: 'key' as const, name: 'k', older: [], scopes: [], createdAt: now, createdBy: 'x' }
  await store.put(key.prefix, { ...row, hash: hashSecret(key.secret, secrets.pepper) })
  const use = (at: number) => identifyKey(`Bearer ${key.text}`, secrets, store, at)
  await Promise.all(Array.from({ length: 20 }, () => use(now)))
  for (let minute = 1; minute < 60; minute++) await use(now + minute * 60_000)
  expect([writes, (await store.find(key.prefix))?.lastUsedAt]).toEqual([1, now])
  await Promise.all(Array.from({ length: 20 }, () => use(now + hourMs)))
  expect([writes, (await store.find(key.prefix))?.lastUsedAt]).toEqual([2, now + hourMs])
})
