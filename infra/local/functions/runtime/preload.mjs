// Runs in a function's process before AWS's runtime interface client and replaces the client's native module by the JavaScript
// in rapid-client.cjs: `npm ci` without install scripts does not build the native one. Plain JavaScript starts faster than
// TypeScript whose types Node has to strip.
import { registerHooks } from 'node:module'

const client = new URL('./rapid-client.cjs', import.meta.url).href

registerHooks({
  resolve(specifier, context, nextResolve) {
    if (specifier === './rapid-client.node') return { url: client, format: 'commonjs', shortCircuit: true }
    return nextResolve(specifier, context)
  },
})
// The function must not see the options of this preload.
delete process.env.NODE_OPTIONS
delete process.env.NODE_COMPILE_CACHE
