import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chown, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { createConnection } from 'mysql2/promise'
import pg from 'pg'
import type { DatabaseAddress } from '../../../bridge/database/cdr-table.ts'
import { until } from '../../support/until.ts'

const run = promisify(execFile)
const user = 'reader'
const password = 'only-select'
export type Query = (sql: string, values?: readonly unknown[]) => Promise<Record<string, unknown>[]>

/** A real database server of its own, with its data in a temporary folder and no port. */
export interface Server extends AsyncDisposable {
  /** Ends it by signal 9, and starts it again. */
  killAndStart(): Promise<void>
  /** Runs a statement as the owner; connects again after a restart. */
  owner: Query
  /** How the bridge's user, who may only read, gets to the table. */
  address(table: string): DatabaseAddress
}

async function serverOf(
  folder: string,
  launch: () => ChildProcess,
  connect: () => Promise<{ query: Query; end(): Promise<void> }>,
  reader: Omit<DatabaseAddress, 'table'>,
): Promise<Server> {
  let server = launch()
  const open = () => until('the database to answer', () => connect().catch(() => undefined), 60_000)
  let owner: { query: Query; end(): Promise<void> } | undefined = await open()
  const stop = async () => {
    const gone = once(server, 'exit')
    server.kill('SIGKILL')
    await gone
    owner = undefined
  }
  return {
    async killAndStart() {
      await stop()
      server = launch()
      owner = await open()
    },
    owner: (sql, values) => (owner ? owner.query(sql, values) : Promise.reject(new Error('the database is away'))),
    address: (table) => ({ ...reader, table, user, password }),
    async [Symbol.asyncDispose]() {
      await owner?.end().catch(() => undefined)
      await stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

export async function startMariaDbServer(): Promise<Server> {
  const folder = await mkdtemp(path.join(tmpdir(), 'sql-source-'))
  const socket = path.join(folder, 'sock')
  const common = ['--no-defaults', `--datadir=${folder}/data`, '--user=root']
  await run('/usr/bin/mariadb-install-db', [...common, '--auth-root-authentication-method=normal', '--skip-test-db'])
  const launch = () =>
    spawn('/usr/sbin/mariadbd', [...common, `--socket=${socket}`, '--skip-networking', `--pid-file=${folder}/pid`], {
      stdio: 'ignore',
    })
  const connect = async () => {
    const connection = await createConnection({ socketPath: socket, user: 'root' })
    connection.on('error', () => undefined)
    const query: Query = async (sql, values = []) => {
      const [rows] = await connection.query(sql, [...values])
      return Array.isArray(rows) ? (rows as Record<string, unknown>[]) : []
    }
    return { query, end: () => connection.end() }
  }
  const server = await serverOf(folder, launch, connect, {
    type: 'mysql',
    host: '',
    socket,
    name: 'asteriskcdrdb',
    user,
  })
  await server.owner('CREATE DATABASE asteriskcdrdb')
  await server.owner(`CREATE USER ${user}@localhost IDENTIFIED BY '${password}'`)
  await server.owner(`GRANT SELECT ON asteriskcdrdb.* TO ${user}@localhost`)
  return server
}

/** PostgreSQL refuses to run as root: it runs as the user of its package. */
export async function startPostgresServer(): Promise<Server> {
  const base = '/usr/lib/postgresql'
  const version = (await readdir(base)).sort().at(-1) ?? ''
  const [uid = 0, gid = 0] = (await run('/bin/sh', ['-c', 'id -u postgres; id -g postgres'])).stdout
    .split('\n')
    .map(Number)
  const folder = await mkdtemp(path.join(tmpdir(), 'sql-source-'))
  await mkdir(path.join(folder, 'data'))
  for (const one of [folder, path.join(folder, 'data')]) await chown(one, uid, gid)
  const program = (name: string) => path.join(base, version, 'bin', name)
  await run(program('initdb'), ['-D', `${folder}/data`, '-A', 'trust', '-U', 'postgres', '--locale=C.UTF-8'], {
    uid,
    gid,
    cwd: folder,
  })
  const launch = () =>
    spawn(program('postgres'), ['-D', `${folder}/data`, '-k', folder, '-c', 'listen_addresses='], {
      stdio: 'ignore',
      uid,
      gid,
      cwd: folder,
    })
  const connect = async () => {
    const client = new pg.Client({ host: folder, user: 'postgres', database: 'postgres' })
    client.on('error', () => undefined)
    await client.connect()
    const query: Query = async (sql, values = []) => (await client.query(sql, [...values])).rows
    return { query, end: () => client.end() }
  }
  const server = await serverOf(folder, launch, connect, {
    type: 'postgresql',
    host: '',
    socket: folder,
    name: 'postgres',
    user,
  })
  await server.owner(`CREATE USER ${user} PASSWORD '${password}'`)
  await server.owner(`ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO ${user}`)
  return server
}
