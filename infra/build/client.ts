import { build } from 'esbuild'

/**
 * Names that the parts of the client call one another by. They are no one else's business, so the bundle shortens them:
 * 80 bytes of 4 KB. What the cloud or a user of the client names is never among them; the client's own tests run over the
 * bundle to see to it.
 */
const inner = [
  'expectSnapshot',
  'hasHole',
  'isWhole',
  'doubts',
  'agrees',
  'accept',
  'onOpen',
  'onFrame',
  'onLost',
  'pingIn',
]

/** The client as a module for browsers and Node: one file a way in, nothing imported. */
export async function bundleClient(root: string, entry: 'index' | 'changes' | 'call-log'): Promise<Uint8Array> {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [`client/${entry}.ts`],
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'neutral',
    target: 'es2022',
    mangleProps: new RegExp(`^(${inner.join('|')})$`),
    write: false,
  })
  const [file] = outputFiles
  if (!file) throw new Error(`esbuild made nothing of client/${entry}.ts`)
  return file.contents
}
