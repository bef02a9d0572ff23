// Plain JavaScript that any Node can parse: it says what is wrong where a `.ts` entry would only show a syntax error.
// `npm run` puts node_modules/.bin first on PATH, so on Linux this already is the Node 24 of the optional dependency.
import path from 'node:path'
import { pathToFileURL } from 'node:url'

const nodeMajorMin = 24
const [, , entry, ...args] = process.argv
if (Number(process.versions.node.split('.')[0]) < nodeMajorMin) {
  console.error(
    `Switchhook runs on Node ${nodeMajorMin} or later; this is ${process.version}. ` +
      'Run `npm ci` (on Linux it brings Node 24 along) and start with `npm start`, or install Node 24.',
  )
  process.exit(1)
}

const { main } = await import(pathToFileURL(path.resolve(entry)).href)
try {
  await main(args)
} catch (error) {
  // What we foresaw has an id and says what to do in a sentence; for anything else the stack is what helps.
  console.error(error?.errorId ? `\n${error.message}` : error)
  process.exit(error?.exitStatus ?? 1)
}
