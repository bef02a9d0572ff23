// serverless.yml can take its HTTP events from a CommonJS file alone. Node 24, which the package brings along, loads the
// TypeScript module below without a build.
module.exports = require('./http-events.ts').httpEvents()
