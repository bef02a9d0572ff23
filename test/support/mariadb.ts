import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { type Connection, createConnection } from 'mariadb'
import { until } from './until.ts'

export const mariadbPackage = { package: 'mariadb-server', file: '/usr/sbin/mariadbd' }
/** False where the Debian package mariadb-server is missing. */
export const hasMariaDb = existsSync(mariadbPackage.file)

export interface MariaDb extends AsyncDisposable {
  db: Connection
  socketPath: string
}

/** A MariaDB server of its own, empty, on a socket in a temporary folder; it goes away with its data. */
export async function startMariaDb(): Promise<MariaDb> {
  const folder = await mkdtemp(path.join(tmpdir(), 'sql-'))
  const socketPath = path.join(folder, 'sock')
  const user = userInfo().username
  const common = ['--no-defaults', `--datadir=${folder}/data`, `--user=${user}`]
  await promisify(execFile)('/usr/bin/mariadb-install-db', [
    ...common,
    '--auth-root-authentication-method=normal',
    '--skip-test-db',
  ])
  const server = spawn(
    mariadbPackage.file,
    [...common, `--socket=${socketPath}`, '--skip-networking', '--sql-mode=', `--pid-file=${folder}/pid`],
    { stdio: 'ignore' },
  )
  const gone = once(server, 'exit')
  const db = await until('MariaDB to answer', async () => {
    try {
      return await createConnection({ socketPath, user: 'root' })
    } catch (error) {
      if (server.exitCode !== null) throw error
      return undefined
    }
  })
  return {
    db,
    socketPath,
    [Symbol.asyncDispose]: async () => {
      await db.end()
      server.kill('SIGTERM')
      await gone
      await rm(folder, { recursive: true, force: true })
    },
  }
}
