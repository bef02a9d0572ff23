import { build } from 'esbuild'
import { httpEvents } from './http-events.ts'

/** Functions that serve no route of the HTTP API: folder in dist/functions/ and the module that is bundled into it. */
const otherEntries: Record<string, string> = {
  'authorize-http': 'functions/authorize/http/handler.ts',
  'authorize-socket': 'functions/authorize/socket/handler.ts',
  connect: 'functions/websocket/connect/handler.ts',
  disconnect: 'functions/websocket/disconnect/handler.ts',
  message: 'functions/websocket/message/handler.ts',
  'persist-records': 'functions/queues/persist-records/handler.ts',
  'push-presence': 'functions/queues/push-presence/handler.ts',
  'fan-out': 'functions/queues/fan-out/handler.ts',
  'remove-data': 'functions/queues/remove-data/handler.ts',
  'write-exports': 'functions/queues/write-exports/handler.ts',
  'verify-days': 'functions/queues/verify-days/handler.ts',
  watch: 'functions/queues/watch/handler.ts',
}

/** `gradeLookups` becomes `grade-lookups`: the folder of a function in functions/http/ and in dist/functions/. */
export function folderOf(functionName: string): string {
  return functionName.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}

/** Each Lambda function's folder in dist/functions/, and the module that is bundled into it. */
export const functionEntries: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    Object.keys(httpEvents())
      .map(folderOf)
      .map((folder) => [folder, `functions/http/${folder}/handler.ts`]),
  ),
  ...otherEntries,
}

// Parts of the AWS SDK are CommonJS and call `require`, which an ES module does not have. The name is long so that it is
// unique in the bundle.
export const requireBanner =
  "import{createRequire as switchhookCreateRequire}from'node:module';const require=switchhookCreateRequire(import.meta.url);"

/** Bundles every function as one minified ES module, with the AWS SDK in it, which starts faster than Lambda's own copy. */
export async function buildFunctions(root: string, outdir = 'dist/functions'): Promise<void> {
  const entryPoints = Object.entries(functionEntries).map(([name, entry]) => ({ in: entry, out: `${name}/index` }))
  await build({
    absWorkingDir: root,
    entryPoints,
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    mainFields: ['module', 'main'],
    banner: { js: requireBanner },
    logLevel: 'error',
    legalComments: 'none',
  })
}
