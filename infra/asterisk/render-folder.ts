import { readFile } from 'node:fs/promises'
import { errorCode, FilesKeptByHandError, SiteUnreadableError } from './errors.ts'
import type { AsteriskPorts } from './render/layout.ts'
import { renderPbx } from './render.ts'
import { parseSite, type Site } from './site.ts'
import { secretsOf } from './site-secrets.ts'
import { unifiedDiff } from './write/difference.ts'
import { readFiles, writePlan } from './write/folder.ts'
import { type Manner, planFiles } from './write/plan.ts'

export interface RenderFolderOptions {
  /** The file that describes the site. */
  readonly site: string
  readonly folder: string
  readonly version: number
  readonly secretsFile: string
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly manner: Manner
  /** Write nothing, neither the folder nor secrets. */
  readonly isDry: boolean
}

export interface FolderRendered {
  readonly written: readonly string[]
  readonly replaced: readonly string[]
  /** In the unified format. */
  readonly difference: string
}

/** The ports of SIP, HTTP, the Manager Interface and audio, as Asterisk has them by default. */
export const usualPorts: AsteriskPorts = { sip: 5060, http: 8088, ami: 5038, rtpFirst: 10_000, rtpLast: 20_000 }

/**
 * Writes the configuration of an Asterisk that is installed by its package.
 *
 * @throws SiteUnreadableError, SiteInvalidError, SecretsInvalidError, SecretsMissingError, FilesKeptByHandError,
 *   FolderNotWritableError, DiskFullError; nothing is written then
 */
export async function renderFolder(options: RenderFolderOptions): Promise<FolderRendered> {
  const { folder, version, secretsFile, environment, manner, isDry } = options
  const site = await readSiteFile(options.site)
  const { secrets, save } = await secretsOf(site, secretsFile, environment)
  const ports = { ...usualPorts, ...site.ports }
  const address = site.sip?.address ?? '0.0.0.0'
  const files = renderPbx(site, { installed: true, ports, secrets, address, version })
  const existing = await readFiles(folder, files.keys())
  const plan = planFiles(existing, files, manner)
  if (plan.conflicts.length > 0 && !isDry) throw new FilesKeptByHandError(folder, plan.conflicts)
  if (!isDry) {
    await save()
    await writePlan(folder, plan)
  }
  const shown = plan.conflicts.length > 0 ? planFiles(existing, files, 'replace') : plan
  const difference = [...shown.writes].map(([name, text]) => unifiedDiff(name, existing.get(name) ?? '', text)).join('')
  return { written: [...plan.writes.keys()], replaced: plan.replaced, difference }
}

async function readSiteFile(file: string): Promise<Site> {
  try {
    return parseSite(await readFile(file, 'utf8'), file)
  } catch (error) {
    if (errorCode(error) === undefined) throw error
    throw new SiteUnreadableError(file, String(errorCode(error)), error)
  }
}
