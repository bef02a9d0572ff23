import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { folderFailure } from './errors.ts'
import type { AsteriskInstallation } from './installation.ts'
import { reservePorts } from './instance/ports.ts'
import { AsteriskInstance } from './instance.ts'
import type { AsteriskPorts } from './render/layout.ts'
import { renderPbx } from './render.ts'
import { loadSecrets, type Secrets } from './secrets.ts'
import type { Site } from './site.ts'

export interface PbxOptions {
  readonly installation: AsteriskInstallation
  readonly site: Site
  /** Absolute path; keeps secrets, call records, mailboxes and astDB between starts. */
  readonly folder: string
  /** The default is free ports. */
  readonly ports?: AsteriskPorts
  /** IPv4 address for SIP and audio: loopback by default, `0.0.0.0` for phones on other machines. */
  readonly address?: string
}

/** Creates the PBX of a site, not started yet: loads or generates its secrets and renders its configuration. */
export async function createPbx(options: PbxOptions): Promise<AsteriskInstance> {
  const { installation, site, folder, address = '127.0.0.1' } = options
  const { root } = installation
  const secrets = await secretsIn(folder, site)
  const ports = options.ports ?? (await reservePorts(address))
  const files = renderPbx(site, { root, folder, ports, secrets, address })
  return new AsteriskInstance({ root, folder, address, ports, secrets, files })
}

async function secretsIn(folder: string, site: Site): Promise<Secrets> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    return await loadSecrets(join(folder, 'secrets.json'), site)
  } catch (error) {
    throw folderFailure(error, folder)
  }
}
