import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { MailboxWatch } from '../../../bridge/asterisk/mailbox-watch.ts'
import type { RegistrationReport } from '../../../bridge/normalise/registrations.ts'
import { Counters } from '../../../bridge/operate/counters.ts'
import { createLog } from '../../../bridge/operate/log.ts'
import type { AsteriskInstallation } from '../../../infra/asterisk/installation.ts'
import { startCompany } from '../../pbx/support/company.ts'
import { until } from '../../support/until.ts'

/** Returns what the bridge reads of two registrations of chan_sip at providers that do not answer: by the peer's name, and by host and port. */
export async function sipRegistrations(installation: AsteriskInstallation): Promise<RegistrationReport[]> {
  await using it = await startCompany(installation, 'SIP')
  const file = path.join(it.pbx.configurationFolder, 'sip.conf')
  const lines = [
    '[general]',
    'register => account:secret@SIP-Provider',
    `register => second:secret@127.0.0.1:${it.mobilePort}`,
  ]
  await writeFile(file, (await readFile(file, 'utf8')).replace('[general]', lines.join('\n')))
  await it.pbx.cli('sip reload')
  const found = new Map<string, RegistrationReport>()
  const stop = new AbortController()
  const watch = new MailboxWatch({
    address: { host: '127.0.0.1', port: it.pbx.amiPort, user: it.pbx.amiUser, password: it.pbx.amiPassword },
    counters: new Counters(),
    log: createLog({ level: 'error', write: () => undefined }),
    endpoints: () => [],
    hasModules: async (names) => names.includes('chan_sip.so'),
    onOwners: () => undefined,
    onCount: () => undefined,
    onRegistration: (report) => found.set(report.endpoint, report),
  })
  const running = watch.run(stop.signal)
  try {
    await until('two registrations', async () => {
      watch.refresh()
      return found.size >= 2
    })
  } finally {
    stop.abort()
    await running
  }
  return [...found.values()].sort((a, b) => a.endpoint.localeCompare(b.endpoint))
}
