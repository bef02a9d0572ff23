import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { readdir, readFile, stat } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { AlreadyRunningError, NotRunningError, PortInUseError } from '../../infra/asterisk/errors.ts'
import { releasePorts, reservePorts } from '../../infra/asterisk/instance/ports.ts'
import { createPbx } from '../../infra/asterisk/pbx.ts'
import { requestAri } from '../../infra/asterisk/phones/ari.ts'
import { Phones } from '../../infra/asterisk/phones.ts'
import { MODULES } from '../../infra/asterisk/render/modules.ts'
import { until } from '../support/until.ts'
import { startPbx, type TestPbx, testInstallation } from './support/pbx.ts'

let it: TestPbx
beforeAll(async () => {
  it = await startPbx()
})
afterAll(() => it?.[Symbol.asyncDispose]())

test('Asterisk boots without a warning and runs every configured module', async () => {
  const complaints = (await readFile(it.pbx.logFile, 'utf8')).split('\n').filter((line) => /WARNING|ERROR/.test(line))
  expect(complaints).toEqual([])
  const running = (await it.pbx.cli('module show')).split('\n').filter((line) => / Running /.test(line))
  const names = running.map((line) => line.split(/\s+/)[0]?.replace('.so', ''))
  expect(names).toEqual(expect.arrayContaining([...MODULES]))
})

test('configuration and secrets are readable by their owner only', async () => {
  const folder = dirname(dirname(it.pbx.logFile))
  expect((await stat(join(folder, 'etc'))).mode & 0o777).toBe(0o700)
  for (const name of await readdir(join(folder, 'etc')))
    expect((await stat(join(folder, 'etc', name))).mode & 0o777).toBe(0o600)
  expect((await stat(join(folder, 'secrets.json'))).mode & 0o777).toBe(0o600)
})

test('ARI answers 403 to a call by the read-only user and 401 to a wrong password', async () => {
  const { ariUrl, ariUser, ariPassword, readerUser, readerPassword } = it.pbx
  const reader = { ariUrl, ariUser: readerUser, ariPassword: readerPassword }
  const nobody = { endpoint: 'PJSIP/none', extension: '60', context: 'click2call' }
  expect(await requestAri(reader, 'GET', 'endpoints')).toBe(200)
  expect(await requestAri(reader, 'POST', 'channels', nobody)).toBe(403)
  expect(await requestAri({ ariUrl, ariUser, ariPassword }, 'POST', 'channels', nobody)).toBe(500)
  expect(await requestAri({ ariUrl, ariUser, ariPassword: 'wrong' }, 'GET', 'endpoints')).toBe(401)
})

test('the AMI user may read astDB but neither originate calls nor run commands', async () => {
  const socket = createConnection(it.pbx.amiPort, '127.0.0.1')
  const action = (fields: Record<string, string>) =>
    socket.write(
      `${Object.entries(fields)
        .map(([name, value]) => `${name}: ${value}\r\n`)
        .join('')}\r\n`,
    )
  action({ Action: 'Login', Username: it.pbx.amiUser, Secret: it.pbx.amiPassword, Events: 'off' })
  action({ Action: 'DBGet', Family: 'renvoi', Key: '60', ActionID: 'dbget' })
  action({ Action: 'Originate', Channel: 'PJSIP/5860', Application: 'Echo', ActionID: 'originate' })
  action({ Action: 'Command', Command: 'core show version', ActionID: 'command' })
  action({ Action: 'Logoff' })
  const answers = (await text(socket)).split('\r\n\r\n')
  const to = (id: string) => answers.find((answer) => answer.includes(`ActionID: ${id}`))
  expect(answers[0]).toContain('Authentication accepted')
  expect(to('dbget')).toContain('Database entry not found')
  expect(to('originate')).toContain('Permission denied')
  expect(to('command')).toContain('Permission denied')
})

test('rejects the registration of a phone with a wrong password', async () => {
  const contacts = () => it.pbx.cli('pjsip show contacts')
  const before = await contacts()
  const { address, sipPort } = it.pbx
  const phonePasswords = Object.fromEntries(it.site.extensions.map(({ endpoint }) => [endpoint, 'guessed']))
  const folder = join(dirname(dirname(it.pbx.logFile)), 'thieves')
  const installation = await testInstallation()
  await using thieves = new Phones({ installation, site: it.site, folder, pbx: { address, sipPort, phonePasswords } })
  await thieves.start()
  await until('Asterisk to log the rejection', async () =>
    /REGISTER.*Failed to authenticate/.test(await readFile(it.pbx.logFile, 'utf8')),
  )
  expect(await contacts()).toBe(before)
})

test('refuses to start a second Asterisk in the same folder, and the first keeps running', async () => {
  const folder = dirname(dirname(it.pbx.logFile))
  const second = await createPbx({ installation: await testInstallation(), site: it.site, folder })
  await expect(second.start()).rejects.toThrow(AlreadyRunningError)
  expect(await it.pbx.cli('core show version')).toContain('Asterisk 22')
})

test('a start with a port in use throws one sentence with the port and leaves no process', async () => {
  const taken = createSocket('udp4').bind(0, '127.0.0.1')
  await once(taken, 'listening')
  const ports = { ...(await reservePorts()), sip: taken.address().port }
  const folder = join(dirname(dirname(it.pbx.logFile)), 'other')
  await using other = await createPbx({ installation: await testInstallation(), site: it.site, folder, ports })
  const failure = await other.start().catch((error) => error)
  taken.close()
  expect(failure).toBeInstanceOf(PortInUseError)
  expect(failure.message).toMatch(/^The port 127\.0\.0\.1:\d+ \(SIP\) is in use: [^.]*\.$/)
  expect(other.pid).toBeUndefined()
  await expect(other.cli('core show version')).rejects.toThrow(NotRunningError)
})

test('reserves different ports for each Asterisk', async () => {
  const reserved = await Promise.all(Array.from({ length: 5 }, () => reservePorts()))
  const taken = [it.pbx.sipPort, ...reserved.map(({ sip }) => sip)]
  expect(new Set(taken).size).toBe(taken.length)
  await Promise.all(reserved.map(releasePorts))
  const ranges = reserved.map(({ sip, rtpLast }) => [sip, rtpLast] as const).sort(([a], [b]) => a - b)
  for (const [n, [, last]] of ranges.entries())
    expect(last).toBeLessThan(ranges[n + 1]?.[0] ?? Number.POSITIVE_INFINITY)
})

test('Asterisk ends when the process that started it is killed', async () => {
  const folder = join(dirname(dirname(it.pbx.logFile)), 'orphan')
  const { root } = await testInstallation()
  const script = `
    import { createPbx } from ${JSON.stringify(new URL('../../infra/asterisk/pbx.ts', import.meta.url).href)}
    const pbx = await createPbx(JSON.parse(process.argv[1]))
    await pbx.start()
    console.log(pbx.pid)
    setInterval(() => {}, 1000)`
  const options = JSON.stringify({ installation: { root }, site: it.site, folder })
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script, options], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const [line] = await once(parent.stdout, 'data')
  const pid = Number(line)
  process.kill(pid, 0)
  parent.kill('SIGKILL')
  await until('the orphan to end', async () => {
    // A zombie has ended; its new parent process may collect it later.
    const state = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') Z')
    return /\) Z/.test(state)
  })
})
