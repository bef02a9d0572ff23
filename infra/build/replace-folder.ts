import { chmod, rename, rm } from 'node:fs/promises'

/** Replaces the folder `target`, which may be absent, by `fresh`. Both must be on the same file system. */
export async function replaceFolder(target: string, fresh: string): Promise<void> {
  const old = `${fresh}.old`
  try {
    await rename(target, old)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
  }
  // `mkdtemp` makes folders that their owner alone may read; what is built may be read by the user who runs it.
  await chmod(fresh, 0o755)
  await rename(fresh, target)
  await rm(old, { recursive: true, force: true })
}
