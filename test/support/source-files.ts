import { readdirSync } from 'node:fs'
import path from 'node:path'

/** TypeScript files of the given top-level folders, as paths from the repository's root. A folder that does not exist has none. */
export function sourceFiles(folders: string[]): string[] {
  return folders.flatMap((folder) => {
    try {
      return readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
        .map((entry) => path.posix.join(entry.parentPath, entry.name))
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
      throw error
    }
  })
}
