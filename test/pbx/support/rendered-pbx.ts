import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as v from 'valibot'
import type { AsteriskInstallation } from '../../../infra/asterisk/installation.ts'
import { reservePorts } from '../../../infra/asterisk/instance/ports.ts'
import { AsteriskInstance } from '../../../infra/asterisk/instance.ts'
import { renderAsterisk } from '../../../infra/asterisk/render/core.ts'
import { renderFolder } from '../../../infra/asterisk/render-folder.ts'
import { type Secrets, SecretsSchema } from '../../../infra/asterisk/secrets.ts'
import { parseSite, type Site } from '../../../infra/asterisk/site.ts'

export interface RenderedPbx {
  readonly pbx: AsteriskInstance
  readonly site: Site
  readonly secrets: Secrets
  /** The folder that `switchhook pbx render` wrote. */
  readonly rendered: string
}

export interface RenderedOptions {
  readonly installation: AsteriskInstallation
  readonly version: number
  /** Site in YAML without `ports` and `sip`, which are added for this machine. */
  readonly yaml: string
  readonly folder: string
}

/**
 * Renders a site as `switchhook pbx render` does, and creates an Asterisk, not started yet, with exactly these files. Only
 * asterisk.conf differs: it names the folders of the private installation.
 */
export async function createRendered({ installation, version, yaml, folder }: RenderedOptions): Promise<RenderedPbx> {
  const ports = await reservePorts()
  await mkdir(folder, { recursive: true })
  const file = join(folder, 'site.yaml')
  const own = [
    `ports: { sip: ${ports.sip}, http: ${ports.http}, ami: ${ports.ami}, rtpFirst: ${ports.rtpFirst}, rtpLast: ${ports.rtpLast}, tls: ${ports.rtpLast} }`,
    'sip: { address: 127.0.0.1, tcp: true, phonesFrom: [127.0.0.0/8] }',
  ]
  await writeFile(file, `${yaml}\n${own.join('\n')}\n`)
  const secretsFile = join(folder, 'secrets.json')
  const rendered = join(folder, 'rendered')
  const environment = { SWITCHHOOK_PBX_TRUNK_PROVIDER: 'pass;word with spaces' }
  const { written } = await renderFolder({
    ...{ site: file, folder: rendered, version, secretsFile, environment },
    ...{ manner: 'refuse', isDry: false },
  })
  const files = new Map<string, string>()
  for (const name of written) files.set(name, await readFile(join(rendered, name), 'utf8'))
  const { root } = installation
  const site = parseSite(await readFile(file, 'utf8'))
  const instanceFolder = join(folder, 'pbx')
  const options = { root, folder: instanceFolder, systemName: site.systemName, language: site.language }
  files.set('asterisk.conf', renderAsterisk({ ...options, identity: site.site }))
  const secrets = v.parse(SecretsSchema, JSON.parse(await readFile(secretsFile, 'utf8')))
  const pbx = new AsteriskInstance({ root, folder: instanceFolder, address: '127.0.0.1', ports, secrets, files })
  return { pbx, site, secrets, rendered }
}

/** Warnings and errors of an Asterisk since its start. */
export async function complaintsOf(pbx: AsteriskInstance): Promise<string[]> {
  return (await readFile(pbx.logFile, 'utf8')).split('\n').filter((line) => /WARNING|ERROR/.test(line))
}
