import path from 'node:path'
import { PlatformUnsupportedError } from '../infra/asterisk/errors.ts'
import { installAsterisk } from '../infra/asterisk/install.ts'
import { buildAll } from '../infra/start/build.ts'

/**
 * Builds functions, bridge and page, so that no test file builds them while another one reads them. What is up to date is
 * not built again.
 */
export default async function prepare(): Promise<void> {
  await buildAll(process.cwd())
}

/** Unpacks Asterisk for the suites that make calls. On a platform that has none, the tests themselves say so. */
export async function prepareAsterisk(): Promise<void> {
  try {
    await installAsterisk({ folder: path.resolve('.switchhook/asterisk'), progress: (step) => console.log(step) })
  } catch (error) {
    if (!(error instanceof PlatformUnsupportedError)) throw error
  }
}
