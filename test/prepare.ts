import path from 'node:path'
import { PlatformUnsupportedError } from '../infra/asterisk/errors.ts'
import { installAsterisk } from '../infra/asterisk/install.ts'
import { buildAll } from '../infra/start/build.ts'
import { removeOldCode } from './support/code-folder.ts'

/**
 * Builds functions, bridge and page, so that no test file builds them while another one reads them. Builds
 * that are up to date are kept.
 */
export default async function prepare(): Promise<void> {
  await buildAll(process.cwd())
  await removeOldCode()
}

/** Unpacks Asterisk for the suites that make calls. On an unsupported platform the tests themselves report the error. */
export async function prepareAsterisk(): Promise<void> {
  try {
    await installAsterisk({ folder: path.resolve('.switchhook/asterisk'), progress: (step) => console.log(step) })
  } catch (error) {
    if (!(error instanceof PlatformUnsupportedError)) throw error
  }
}
