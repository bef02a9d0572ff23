// serverless.yml can import its HTTP events only from a CommonJS file. Node 24, which `npm ci` installs, loads the TypeScript
// module below without a build.
module.exports = require('./http-events.ts').httpEvents()
