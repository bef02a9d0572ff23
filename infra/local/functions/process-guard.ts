import { access, constants } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf } from '../errors.ts'

/**
 * The path of `setpriv` (util-linux, part of every Debian), by which the kernel itself kills a function's process when the runner ends,
 * however it ends. A frozen process could not notice on its own. Undefined where there is none: then nothing is frozen.
 */
export async function findGuard(): Promise<string | undefined> {
  if (process.platform !== 'linux') return undefined
  for (const folder of ['/usr/bin', '/bin', '/usr/sbin']) {
    const path = join(folder, 'setpriv')
    try {
      await access(path, constants.X_OK)
      return path
    } catch (error) {
      if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'EACCES') throw error
    }
  }
  return undefined
}
