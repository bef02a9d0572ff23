import { createRequire } from 'node:module'
import { marshall } from '@aws-sdk/util-dynamodb'
import { rowsOf } from './fill-rows.ts'
import { tableOfKeys } from './tables.ts'

/** The parts of dynalite, and of the store below it, that are used here. */
interface DynaliteDb {
  createKey(item: object, table: object): string
}
interface LevelStore {
  batch(puts: { type: 'put'; key: string; value: object }[]): Promise<void>
  close(): Promise<void>
}
type Level = new (folder: string, options: { valueEncoding: 'json' }) => LevelStore

const itemsAtOnce = 5_000

/**
 * Writes the same rows as `fillRows` directly into the files of an emulator that is not running. A million calls take a minute
 * or two instead of an hour.
 */
export async function fillDisk(folder: string, table: string, site: string, count: number): Promise<void> {
  const require = createRequire(import.meta.resolve('dynalite'))
  const { createKey }: DynaliteDb = require('./db')
  const { Level }: { Level: Level } = require('level')
  const store = new Level(folder, { valueEncoding: 'json' })
  let puts: { type: 'put'; key: string; value: object }[] = []
  for (let n = 0; n < count; n += 1) {
    for (const row of rowsOf(site, n)) {
      const value = marshall(row, { removeUndefinedValues: true })
      puts.push({ type: 'put', key: `item-${table}~${createKey(value, tableOfKeys)}`, value })
    }
    if (puts.length < itemsAtOnce && n < count - 1) continue
    await store.batch(puts)
    puts = []
  }
  await store.close()
}
