// Plain JavaScript that any Node can parse: it says what is wrong where a `.ts` entry would only show a syntax error.
// `npm run` puts node_modules/.bin first on PATH, so on Linux this already is the Node 24 of the optional dependency.
import { pathToFileURL } from 'node:url'

const nodeMajorMin = 24
const [, , entry, ...rest] = process.argv
const major = Number(process.versions.node.split('.')[0])
if (major < nodeMajorMin) {
  console.error(
    `Switchhook runs on Node ${nodeMajorMin} or later; this is ${process.version}. ` +
      'Run `npm ci` (on Linux it brings Node 24 along) and start with `npm start`, or install Node 24.',
  )
  process.exit(1)
}
const { main } = await import(pathToFileURL(entry).href)
await main(rest)
