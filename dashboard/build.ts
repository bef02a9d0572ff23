import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { contentPolicy } from './serving.ts'

const folder = import.meta.dirname

export interface BuiltFile {
  name: string
  bytes: number
  gzipBytes: number
}

/**
 * Empties `outFolder` and builds the page into it: `index.html`, `icon.svg`, and scripts and a style whose names contain a hash
 * of their content, so that browsers may cache them for ever. `main` has the board; each other page is a script of its own. Rejects with esbuild's own error.
 */
export async function buildDashboard(outFolder: string): Promise<BuiltFile[]> {
  await rm(outFolder, { recursive: true, force: true })
  await mkdir(outFolder, { recursive: true })
  const { outputFiles } = await build({
    entryPoints: { main: join(folder, 'main.tsx'), style: join(folder, 'style.css') },
    outdir: outFolder,
    entryNames: '[name]-[hash]',
    chunkNames: 'page-[hash]',
    splitting: true,
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    legalComments: 'none',
  })
  let page = await readFile(join(folder, 'index.html'), 'utf8')
  page = page.replace('{{policy}}', contentPolicy)
  for (const { path } of outputFiles) page = page.replace(basename(path).replace(/-\w+\./, '.'), basename(path))
  await writeFile(join(outFolder, 'index.html'), page)
  await cp(join(folder, 'icon.svg'), join(outFolder, 'icon.svg'))
  for (const { path, contents } of outputFiles) await writeFile(path, contents)
  return outputFiles.map(({ path, contents }) => {
    return { name: basename(path), bytes: contents.length, gzipBytes: gzipSync(contents).length }
  })
}

/** Builds into `dist/dashboard` and says how large each file is. */
export async function main(): Promise<void> {
  for (const { name, bytes, gzipBytes } of await buildDashboard(join(folder, '../dist/dashboard'))) {
    console.log(`${name}  ${bytes} bytes, ${gzipBytes} gzipped`)
  }
}
