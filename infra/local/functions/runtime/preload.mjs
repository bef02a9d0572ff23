// Loaded into a function's process before AWS's runtime interface client: hands it the pure JavaScript client of the Runtime API
// in place of its native one, which `npm ci` without install scripts does not build. Plain JavaScript, so that no function's
// start pays for stripping types.
import { registerHooks } from 'node:module'

const client = new URL('./rapid-client.cjs', import.meta.url).href

registerHooks({
  resolve(specifier, context, nextResolve) {
    if (specifier === './rapid-client.node') return { url: client, format: 'commonjs', shortCircuit: true }
    return nextResolve(specifier, context)
  },
})
// What the preload needs must not be seen by the function.
delete process.env.NODE_OPTIONS
