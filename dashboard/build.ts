import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

const folder = import.meta.dirname

export interface BuiltFile {
  name: string
  bytes: number
  gzipBytes: number
}

/**
 * Empties `outFolder` and builds the page into it: `index.html`, `icon.svg`, and a script and a style whose names contain a
 * hash of their content, so that browsers may cache them for ever. Rejects with esbuild's own error.
 */
export async function buildDashboard(outFolder: string): Promise<BuiltFile[]> {
  await rm(outFolder, { recursive: true, force: true })
  await mkdir(outFolder, { recursive: true })
  const { outputFiles } = await build({
    entryPoints: { main: join(folder, 'main.tsx'), style: join(folder, 'style.css') },
    outdir: outFolder,
    entryNames: '[name]-[hash]',
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
  for (const { path } of outputFiles) page = page.replace(basename(path).replace(/-\w+\./, '.'), basename(path))
  await writeFile(join(outFolder, 'index.html'), page)
  await cp(join(folder, 'icon.svg'), join(outFolder, 'icon.svg'))
  for (const { path, contents } of outputFiles) await writeFile(path, contents)
  return outputFiles.map(({ path, contents }) => {
    return { name: basename(path), bytes: contents.length, gzipBytes: gzipSync(contents).length }
  })
}

if (import.meta.main) {
  for (const { name, bytes, gzipBytes } of await buildDashboard(join(folder, '../dist/dashboard'))) {
    console.log(`${name}  ${bytes} bytes, ${gzipBytes} gzipped`)
  }
}
